"""Removes a file where it is still what it is taken for, and nothing else that has its name by now."""

from __future__ import annotations

import hashlib
import os
import stat
from enum import Enum
from pathlib import Path

from sidecar.event.opening import READ_FLAGS, open_regular

_SMALL_BYTES = 2**20  # read at once, which is quicker than making room for pieces
_COARSEST_SECONDS = 3.0  # file systems tell times apart by 2 s at worst

State = tuple[int, int, int, int, int]
"""What changes with a file: which one it is, its size, when it was written, and when anything about it was changed,
which nobody can forge."""


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
        try:
            regular = stat.S_ISREG(os.lstat(path).st_mode)
        except FileNotFoundError:
            return Removal.GONE
        if regular:
            os.close(os.open(path, READ_FLAGS))  # tells what is in the way
        return Removal.OTHER
    with file:
        state = os.fstat(file.fileno())
        if before is not None and state.st_mtime >= before:
            return Removal.OTHER
        small = state.st_size < _SMALL_BYTES
        digest = hashlib.sha256(file.read()) if small else hashlib.file_digest(file, "sha256")
    return state if digest.hexdigest() == sha256 else Removal.OTHER


def state_of(state: os.stat_result, now: float) -> State | None:
    """What a file is known by once it was read.

    Args:
        now: seconds since 1970.

    Returns:
        None where it is so young that a change might not show.
    """
    return None if now - state.st_ctime < _COARSEST_SECONDS else _state(state)


def remove_read(path: Path, state: State | None, sha256: str) -> Removal:
    """Remove a file that was read before; it is read again only where something has touched it since.

    Raises:
        OSError: it cannot be read or removed.
    """
    try:
        if state is not None and _state(os.lstat(path)) == state:
            os.unlink(path)
            return Removal.REMOVED
    except FileNotFoundError:
        return Removal.GONE
    return remove(path, identify(path, sha256))


def _state(state: os.stat_result) -> State:
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


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
