"""The atomic publish: a file appears complete or not at all, and never in the place of another.

Hidden tmp in the same folder, write, flush to disk, publish exclusively, flush the folder. Exclusively means:
- POSIX: a hard link to the tmp, which fails where the name is taken.
- Windows: a rename, which fails where the name is taken.
- POSIX file systems without hard links (FAT, exFAT, some FUSE and SMB mounts): a claim file for the name,
  created exclusively, then a look whether the name is free, then a rename. The claim keeps out everybody who
  publishes in this way, and at no moment is there an empty event file. A claim that a killed process left
  behind only means that the next event takes the next number.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time

TMP_SUFFIX = ".tmp"
_CLAIM_SUFFIX = ".claim"
# What link(2) says where the file system has no hard links, or allows none here.
_NO_LINKS = {
    errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK, errno.EACCES, errno.EINVAL,
}  # fmt: skip
_BINARY = getattr(os, "O_BINARY", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY | getattr(os, "O_NOFOLLOW", 0)
_WINDOWS_TRIES = 5
_WINDOWS_PAUSE_SECONDS = 0.02


def tmp_name(identity: str) -> str:
    """Name of the hidden file that an event is written to first; no reader of events accepts it."""
    return f".indextts-{identity}{TMP_SUFFIX}"


def publish(folder: str, tmp: str, final: str, content: bytes, *, fsync: bool) -> None:
    """Put a new file into a folder in one step.

    Args:
        folder: an existing folder.
        tmp: name to write under first, unique to the caller.
        final: name to publish under.
        content: all of the file.
        fsync: whether to flush file and folder to disk.

    Raises:
        FileExistsError: the final name is taken. Nothing is left behind.
        OSError: it could not be written. Nothing is left behind, as far as the file system allows.
    """
    tmp_path = os.path.join(folder, tmp)
    final_path = os.path.join(folder, final)
    try:
        create(tmp_path, content, fsync=fsync)
        _publish(tmp_path, final_path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(tmp_path)
        raise
    if fsync:
        _flush_folder(folder)


def create(path: str, content: bytes, *, fsync: bool) -> None:
    """Write a new file.

    Raises:
        OSError: it could not be created or written; a part may be there.
    """
    descriptor = os.open(path, _CREATE, 0o644)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if fsync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _publish(tmp: str, final: str) -> None:
    if sys.platform == "win32":
        _rename_patiently(tmp, final)
        return
    try:
        os.link(tmp, final)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _claim_and_rename(tmp, final)
        return
    with contextlib.suppress(OSError):
        # The event is published; a tmp that stays is hidden, and harmless.
        os.unlink(tmp)


def _claim_and_rename(tmp: str, final: str) -> None:
    folder, name = os.path.split(final)
    claim = os.path.join(folder, f".{name}{_CLAIM_SUFFIX}")
    os.close(os.open(claim, _CREATE, 0o644))
    try:
        if os.path.lexists(final):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), final)
        os.rename(tmp, final)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(claim)


def _rename_patiently(tmp: str, final: str) -> None:
    # A virus scanner or indexer opens new files for a moment, and the rename is refused meanwhile.
    for _ in range(_WINDOWS_TRIES - 1):
        with contextlib.suppress(PermissionError):
            os.rename(tmp, final)
            return
        time.sleep(_WINDOWS_PAUSE_SECONDS)
    os.rename(tmp, final)


def _flush_folder(folder: str) -> None:
    if sys.platform == "win32":
        return  # Windows cannot open a folder for this; NTFS journals its names by itself.
    # The event is published already: where the folder cannot be flushed, only a power cut could undo it.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
