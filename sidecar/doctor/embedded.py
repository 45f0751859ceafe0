"""The embedded database: its file, its folder and their rights."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from sidecar.doctor.findings import Finding, failure, ok, warning
from sidecar.errors import SidecarError
from sidecar.rights import as_its_owner, how_to_read, may, this_user
from sidecar.storage.dsn import SqliteDsn

_MIGRATE = "Run `sidecar migrate` as the user that ships."
_MAKE = (
    "`sidecar init` makes it, or `sidecar migrate` alone. If there is one elsewhere: cd to its folder, or correct "
    "SIDECAR_DATABASE_URL."
)
_REFUSALS = {
    "full": "Free room on the disk of the database file.",
    "not a database": "Another program's file has that name: correct SIDECAR_DATABASE_URL.",
    "locked": "Another program holds it: end its transaction.",
    "readonly": "Give the file and its folder to the user that ships: chown.",
}
"""What SQLite says, and what to do about it."""


def check_file(dsn: SqliteDsn, *, announced: bool) -> Iterator[Finding]:
    """
    Args:
        announced: whether it is on a local file system, which announces changes.
    """
    path = Path(dsn.path).absolute()
    try:
        yield _file(path)
    except OSError as error:
        yield failure("database", f"{path}: {error.strerror}", how_to_read(path) or _MIGRATE)
        return
    if not announced and path.parent.is_dir():
        yield warning(
            "database",
            f"{path} is on a network file system, and SQLite's locks may not hold there",
            "Put it on a local disk.",
        )


def _file(path: Path) -> Finding:
    """
    Raises:
        OSError: a folder above it is shut.
    """
    if not path.parent.is_dir():
        return failure("database", f"there is no folder {path.parent}", "Make it, or correct SIDECAR_DATABASE_URL.")
    if path.is_dir():
        return failure(
            "database", f"{path} is a folder", "Name a file in SIDECAR_DATABASE_URL: sqlite:////folder/sidecar.db"
        )
    if not path.exists():
        return failure("tables", f"there is no file {path} yet", _MAKE)
    if not may(path, os.R_OK):
        return failure("database", f"{path}: {os.strerror(errno.EACCES)}", how_to_read(path))
    if not may(path, os.R_OK | os.W_OK) or not may(path.parent, os.R_OK | os.W_OK):
        return failure(
            "database",
            f"{this_user()} may not write {path} and its folder",
            f"Ask {as_its_owner(path)}. If this user is to ship: chown both, for SQLite writes beside the file too.",
        )
    return ok("database", f"{path}, {path.stat().st_size / 1e6:,.1f} MB")


def sample_refused(error: SidecarError) -> Finding:
    """Why the database refused the sample event."""
    cures = (cure for words, cure in _REFUSALS.items() if words in str(error))
    return failure("sample event", str(error), next(cures, error.hint or _MIGRATE))
