"""Removes a file where it is still what it is taken for, and nothing else that has its name by now."""

from __future__ import annotations

import hashlib
import os
from enum import Enum
from pathlib import Path

from sidecar.event.opening import open_regular


class Removal(Enum):
    """What became of a file that was to go."""

    REMOVED = "removed"
    GONE = "gone"
    """It was not there."""
    OTHER = "other"
    """Under its name lies something else, which stays."""


def remove(path: Path, sha256: str, *, before: float | None = None) -> Removal:
    """Remove a file with that content. Its state is compared once more after it was read, so that a file which is
    written anew meanwhile stays; what is left in between is one system call.

    Args:
        sha256: of its content.
        before: seconds since 1970; a file that was written later stays.

    Raises:
        OSError: it cannot be read or removed.
    """
    file = open_regular(path)
    if file is None:
        return Removal.OTHER if os.path.lexists(path) else Removal.GONE
    with file:
        read = os.fstat(file.fileno())
        if before is not None and read.st_mtime >= before:
            return Removal.OTHER
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            return Removal.OTHER
    try:
        now = os.lstat(path)
        if any(getattr(now, name) != getattr(read, name) for name in ("st_dev", "st_ino", "st_size", "st_mtime_ns")):
            return Removal.OTHER
        path.unlink()
    except FileNotFoundError:
        return Removal.GONE
    return Removal.REMOVED
