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


def identify(path: Path, sha256: str, *, before: float | None = None) -> os.stat_result | Removal:
    """The state of a file, if it has that content.

    Args:
        before: seconds since 1970; a file that was written at that time or later is another one.

    Raises:
        OSError: it cannot be read.
    """
    file = open_regular(path)
    if file is None:
        return Removal.OTHER if os.path.lexists(path) else Removal.GONE
    with file:
        state = os.fstat(file.fileno())
        if before is not None and state.st_mtime >= before:
            return Removal.OTHER
        same = hashlib.file_digest(file, "sha256").hexdigest() == sha256
    return state if same else Removal.OTHER


def remove(path: Path, found: os.stat_result | Removal) -> Removal:
    """Remove a file that was identified, unless it was written anew since; what is left in between is one system call.

    Raises:
        OSError: it cannot be removed.
    """
    if isinstance(found, Removal):
        return found
    try:
        now = os.lstat(path)
        if any(getattr(now, name) != getattr(found, name) for name in ("st_dev", "st_ino", "st_size", "st_mtime_ns")):
            return Removal.OTHER
        path.unlink()
    except FileNotFoundError:
        return Removal.GONE
    return Removal.REMOVED
