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
    try:
        descriptor = os.open(path, READ_FLAGS)
    except (OSError, ValueError):  # the latter: a name with a null character
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb")
