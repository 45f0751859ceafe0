"""Opens the embedded database's file. Only whoever makes the tables makes the file too."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from sidecar.errors import TablesNotReady, TemporarySinkError
from sidecar.rights import as_its_owner, how_to_read, may
from sidecar.storage.dsn import SqliteDsn
from sidecar.storage.sqlite.errors import classify


def connect(dsn: SqliteDsn, *, busy_timeout: float, make: bool = False) -> sqlite3.Connection:
    """
    Args:
        busy_timeout: seconds to wait for another process that writes.
        make: the file too, where there is none.

    Raises:
        TablesNotReady: there is no such file.
        TemporarySinkError: this user may not open it.
    """
    _require_file(dsn, missing_ok=make)
    address = f"file:{quote(os.path.abspath(dsn.path))}?mode={'rwc' if make else 'rw'}"
    try:
        return sqlite3.connect(address, uri=True, timeout=busy_timeout, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise explained(error, dsn) from error


def _require_file(dsn: SqliteDsn, *, missing_ok: bool) -> None:
    """
    Raises:
        TablesNotReady: there is no such file.
        TemporarySinkError: this user may not read it.
    """
    path = Path(dsn.path)
    try:
        path.stat()  # not open: closing it again would end the locks that this process has on it
    except (FileNotFoundError, NotADirectoryError):
        if missing_ok:
            return
        raise _missing(path, dsn) from None
    except OSError as error:
        raise TemporarySinkError(f"{dsn}: {error.strerror}", hint=how_to_read(path)) from error
    if not may(path, os.R_OK):
        raise TemporarySinkError(f"{dsn}: {os.strerror(errno.EACCES)}", hint=how_to_read(path))


def _missing(path: Path, dsn: SqliteDsn) -> TablesNotReady:
    if path.is_absolute():
        return TablesNotReady(
            f"there is no database {path}",
            hint="Make it (`sidecar init`, or `sidecar migrate` alone), or correct SIDECAR_DATABASE_URL.",
        )
    return TablesNotReady(
        f"no database here: {Path.cwd()} has no {path} (SIDECAR_DATABASE_URL={dsn})",
        hint="cd to the folder that has it, set SIDECAR_DATABASE_URL, or make one here (`sidecar init`).",
    )


def explained(error: sqlite3.Error, dsn: SqliteDsn) -> Exception:
    """Our error for the driver's; a bug comes back as it is. Tells a user who may only read what that needs."""
    translated = classify(error, str(dsn))
    path = Path(dsn.path)
    if not isinstance(translated, TemporarySinkError) or "readonly" not in str(error):
        return translated
    # In WAL mode a reader needs the two files beside it, which only whoever may write can make.
    if not path.with_name(f"{path.name}-wal").exists():
        return TemporarySinkError(
            f"{dsn}: this user may read it while the shipper runs, and it does not run",
            hint=f"Start it (sudo systemctl start indextts-sidecar), or do it {as_its_owner(path)}.",
        )
    return TemporarySinkError(f"{dsn}: this user may read it, not change it", hint=f"Do it {as_its_owner(path)}.")
