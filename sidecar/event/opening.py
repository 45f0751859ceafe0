"""Opens files for reading in folders that others write to: never through a link, never waiting."""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path

# O_NOFOLLOW: a link may point outside the folder. O_NONBLOCK: opening a FIFO would wait for a writer.
READ_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
"""For os.open."""


def open_regular(path: Path) -> BufferedReader | None:
    """Open a regular file; None where there is none, or it cannot be opened."""
    opened = _open(path)
    return os.fdopen(opened[0], "rb") if opened is not None else None


def read_regular(path: Path, most: int) -> tuple[bytes, os.stat_result] | None:
    """The content of a regular file, and its state before it was read; None where there is none, or it cannot be
    opened. Quicker than a file object for a file of which all is wanted at once.

    Args:
        most: how many bytes at most.

    Raises:
        OSError: it cannot be read.
    """
    opened = _open(path)
    if opened is None:
        return None
    descriptor, state = opened
    try:
        raw = os.read(descriptor, min(state.st_size, most))
        parts = [raw]
        while raw and sum(map(len, parts)) < min(state.st_size, most):
            raw = os.read(descriptor, most)
            parts.append(raw)
        return b"".join(parts) if len(parts) > 1 else raw, state
    finally:
        os.close(descriptor)


def _open(path: Path) -> tuple[int, os.stat_result] | None:
    try:
        descriptor = os.open(path, READ_FLAGS)
    except (OSError, ValueError):  # the latter: a name with a null character
        return None
    state = os.fstat(descriptor)
    if not stat.S_ISREG(state.st_mode):
        os.close(descriptor)
        return None
    return descriptor, state
