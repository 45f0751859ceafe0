"""Who may use the proxy: keys with names, rights and limits, in one private file.

A file and not the database: the proxy works while the database is away. It holds the SHA-256 of each key; a key is 256
bits of chance, which no dictionary holds, so a slower hash would add nothing but time to each request.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
import sys
from collections.abc import Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import orjson

from sidecar.errors import SettingsError, UsageError
from sidecar.rights import how_to_read

RIGHTS = ("speech", "other", "metrics")
"""speech: POST to the paths of paths.SPEECH. other: every other path. metrics: GET of the upstream's /metrics alone."""
_PREFIX = "sk-sidecar-"  # clients and scanners for leaked keys know sk-
_SECRET_BYTES = 32
_MAX_KEYS = 10_000
_MAX_NAME = 255


@dataclass(frozen=True, kw_only=True)
class Key:
    name: str
    """Who it belongs to; the user of its records."""
    sha256: str
    """Of the key itself, in hexadecimal."""
    rights: tuple[str, ...] = ("speech",)
    per_minute: int | None = None
    """Requests in any sixty seconds at most."""
    max_characters: int | None = None
    """Of one request's text."""
    created_at: str = ""


class Keyring:
    """The keys of a file, read again when it changes.

    Args:
        path: it need not be there: then there are no keys, and nobody needs one. Once it was, it has to stay: without
            it nobody gets in.

    Raises:
        SettingsError: it cannot be read, holds something else, or others may write it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, ...] = ()
        self._keys: list[Key] = []
        self.needed = False
        """Whether nobody gets in without a key."""
        self.reason = ""
        """Why the file cannot be used now; nobody gets in then."""
        self._look()
        if self.reason:
            raise SettingsError(
                self.reason, hint=how_to_read(path) or "Correct it, or write it anew by `sidecar keys`."
            )

    def find(self, secret: bytes) -> Key | None:
        """The key that somebody shows; None where there is none such. All are compared, and each in full."""
        digest = hashlib.sha256(secret).hexdigest()
        found = None
        for key in self._keys:
            if hmac.compare_digest(key.sha256, digest):
                found = key
        return found

    def refresh(self) -> None:
        """Read the file again if it has changed."""
        if self._stamp() != self._seen:
            self._look()

    def _stamp(self) -> tuple[int, ...]:
        try:
            state = os.stat(self._path)
        except OSError:
            return ()
        return state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns

    def _look(self) -> None:
        self._seen = self._stamp()
        self.reason = ""
        try:
            self._keys = read(self._path)
            self.needed = True
        except FileNotFoundError:
            self._keys = []
            self.reason = f"{self._path} is gone: nobody gets in" if self.needed else ""
        except SettingsError as error:
            self._keys, self.needed, self.reason = [], True, str(error)


def read(path: Path) -> list[Key]:
    """
    Raises:
        FileNotFoundError: there is none.
        SettingsError: it cannot be read, holds something else, or others may write it.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            raw = file.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}", hint=how_to_read(path)) from error
    if sys.platform != "win32" and mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise SettingsError(f"others may write {path}, and so make keys", hint=f"chmod 600 {path}")
    try:
        entries = orjson.loads(raw)["keys"]
        keys = [Key(**{**entry, "rights": tuple(entry["rights"])}) for entry in entries]
        whole = all(_is_sound(key) for key in keys)
    except (orjson.JSONDecodeError, TypeError, KeyError):
        whole, keys = False, []
    if not whole:
        raise SettingsError(f"{path} holds no keys", hint="Write it by `sidecar keys add` alone.")
    return keys


def add(path: Path, name: str, *, rights: Sequence[str], per_minute: int | None, max_characters: int | None) -> str:
    """Make a key.

    Returns:
        The key itself, which nobody can tell again.

    Raises:
        UsageError: the name is taken, or none.
        SettingsError: the file cannot be used.
    """
    secret = _PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    key = Key(
        name=name,
        sha256=hashlib.sha256(secret.encode()).hexdigest(),
        rights=tuple(right for right in RIGHTS if right in rights),
        per_minute=per_minute,
        max_characters=max_characters,
        created_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    if not _is_sound(key):
        raise UsageError(
            f"{name!r} cannot be a key's name", hint=f"Write 1 to {_MAX_NAME} characters, none of control."
        )
    with _changing(path) as keys:
        if any(each.name == name for each in keys):
            raise UsageError(f"there is a key of that name: {name}", hint="Revoke it first, or choose another name.")
        if len(keys) >= _MAX_KEYS:
            raise UsageError(f"there are {_MAX_KEYS:,} keys, as many as there may be", hint="Revoke some.")
        keys.append(key)
    return secret


def revoke(path: Path, name: str) -> None:
    """Take a key back; it opens nothing from the next request on.

    Raises:
        UsageError: there is none of that name.
        SettingsError: the file cannot be used.
    """
    with _changing(path) as keys:
        kept = [key for key in keys if key.name != name]
        if len(kept) == len(keys):
            raise UsageError(f"there is no key of that name: {name}", hint="`sidecar keys list` shows all.")
        keys[:] = kept


@contextmanager
def _changing(path: Path) -> Any:
    """The keys, to be changed; they are written when the block ends. One process at a time."""
    lock = path.with_name(f".{path.name}.lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SettingsError(
            f"{path.parent} cannot be written: {error.strerror}", hint="Name another file: SIDECAR_KEYS_FILE."
        ) from error
    try:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX)
        owner = None
        try:
            keys = read(path)
            owner = path.stat()
        except FileNotFoundError:
            keys = []
        yield keys
        _write(path, keys, owner)
    finally:
        os.close(descriptor)


def _write(path: Path, keys: Sequence[Key], owner: os.stat_result | None) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps({"keys": [asdict(key) for key in keys]}, option=orjson.OPT_INDENT_2) + b"\n")
            if owner is not None and sys.platform != "win32":
                os.fchmod(file.fileno(), owner.st_mode & 0o7755)
                if os.geteuid() == 0:  # root changes the service's file, and leaves it to the service
                    os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}", hint=how_to_read(path.parent)) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _is_sound(key: Key) -> bool:
    digest = isinstance(key.sha256, str) and len(key.sha256) == 64 and key.sha256.isascii()
    name = isinstance(key.name, str) and 0 < len(key.name) <= _MAX_NAME and key.name.isprintable()
    limits = all(
        each is None or (isinstance(each, int) and not isinstance(each, bool) and each > 0)
        for each in (key.per_minute, key.max_characters)
    )
    return digest and name and limits and bool(key.rights) and set(key.rights) <= set(RIGHTS)
