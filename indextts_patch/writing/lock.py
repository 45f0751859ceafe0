"""A file lock that the operating system drops with the process that holds it."""

from __future__ import annotations

import contextlib
import os
import sys


def locked(path: str) -> int | None:
    """Open and lock a file; None where another process holds the lock.

    Raises:
        OSError: the file cannot be made, or its file system has no locks.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if not _lock(descriptor):
                os.close(descriptor)
                return None
            # Whoever held the lock before may have removed the file, and a lock on a removed file keeps nobody out.
            held, there = os.fstat(descriptor), os.stat(path)
            if (held.st_dev, held.st_ino) == (there.st_dev, there.st_ino):
                return descriptor
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def release(descriptor: int, path: str) -> None:
        os.close(descriptor)
        with contextlib.suppress(OSError):
            os.unlink(path)

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(descriptor: int, path: str) -> None:
        # Removed before it is unlocked: in the other order a newcomer could lock it and see it vanish.
        with contextlib.suppress(OSError):
            os.unlink(path)
        os.close(descriptor)
