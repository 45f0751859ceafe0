"""Reads a folder as the event log that it is: which files are there, when they came, and what one of them says.

Order is by ctime: every write, rename and link sets it, and no program can forge it.
"""

from __future__ import annotations

import errno
import os
import stat
from array import array
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NewType

from sidecar.errors import EventError, Reason, SidecarError

EVENT_SUFFIX = ".json"
_TEMPORARY_ERRNOS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EINTR, errno.ESTALE}

Signature = tuple[int, int, int]
"""Inode, size in bytes and mtime in nanoseconds: equal signatures, equal content."""

Found = NewType("Found", bytes)
"""A file of the backlog, packed as 8 bytes of ctime in nanoseconds and the name.

One small object a file keeps a million of them in 80 MB, and sorting the bytes sorts by ctime.
"""


class FolderUnavailable(SidecarError):
    """The folder cannot be listed: it does not exist, is not mounted, or its rights forbid it."""


class FileBusy(SidecarError):
    """The file cannot be opened now for a reason that passes, such as too many open files."""


def pack(ctime_ns: int, name: str) -> Found:
    return Found(max(ctime_ns, 0).to_bytes(8, "big") + os.fsencode(name))


def unpack(found: Found) -> tuple[int, str]:
    """Ctime in nanoseconds and name."""
    return int.from_bytes(found[:8], "big"), os.fsdecode(found[8:])


def is_event_name(name: str) -> bool:
    """Whether a file of that name may hold an event. Hidden files are somebody's work in progress."""
    return name.endswith(EVENT_SUFFIX) and not name.startswith(".")


def printable(path: str) -> str:
    """The path as valid Unicode: bytes of a name that are not UTF-8 become \\xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderState:
    """What one stat of the folder tells."""

    identity: str
    """device:inode. Another one under the same path is another folder."""
    mtime_ns: int
    """Changes with every entry that comes, goes or is renamed."""


def stat_folder(folder: Path) -> FolderState:
    """
    Raises:
        FolderUnavailable: it is not there, or not a folder.
    """
    try:
        found = folder.stat()
    except OSError as error:
        raise FolderUnavailable(f"{folder}: {error.strerror}", hint=_FOLDER_HINT) from error
    if not stat.S_ISDIR(found.st_mode):
        raise FolderUnavailable(f"{folder}: not a folder", hint=_FOLDER_HINT)
    return FolderState(identity=f"{found.st_dev}:{found.st_ino}", mtime_ns=found.st_mtime_ns)


_FOLDER_HINT = "Check SIDECAR_WATCH_DIR, that the folder is mounted, and that this user may list it."


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What one scan of a folder found."""

    found: list[Found]
    """Event files with a ctime after `since`, the newest first: take from the end."""
    older: int
    """How many event files have a ctime at or before `counted_to`."""
    counted_to: int
    """The ctime, nanoseconds, that `older` was counted to."""
    newer: array[int]
    """The ctimes after `counted_to`, ascending."""

    @property
    def last_ctime_ns(self) -> int:
        """The largest ctime seen, or `counted_to` where none is larger."""
        return self.newer[-1] if self.newer else self.counted_to

    def files_until(self, ctime_ns: int) -> int:
        """How many event files have a ctime at or before `ctime_ns` (not below `counted_to`)."""
        return self.older + bisect_right(self.newer, ctime_ns)


def scan(folder: Path, *, since: int, count_to: int, done: Callable[[str, os.stat_result], bool]) -> Listing:
    """List the folder's event files.

    Args:
        since: only files with a ctime after it, nanoseconds, are returned as found.
        count_to: the position; files at or before it are counted, not kept.
        done: whether the file of that name and state needs no second look.

    Raises:
        FolderUnavailable: the folder cannot be listed.
    """
    found: list[Found] = []
    newer = array("q")
    older = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if not (name.endswith(EVENT_SUFFIX) and name[0] != "."):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # gone since it was listed
                ctime_ns = status.st_ctime_ns
                if ctime_ns <= count_to:
                    older += 1
                else:
                    newer.append(ctime_ns)
                if ctime_ns > since and not done(name, status):
                    found.append(pack(ctime_ns, name))
    except OSError as error:
        raise FolderUnavailable(f"{folder}: {error.strerror}", hint=_FOLDER_HINT) from error
    found.sort(reverse=True)
    return Listing(found=found, older=older, counted_to=count_to, newer=array("q", sorted(newer)))


@dataclass(frozen=True, kw_only=True, slots=True)
class FileContent:
    """The bytes of one file and what identifies them."""

    raw: bytes
    size: int
    """Bytes on disk; more than len(raw) where only the first bytes were read."""
    ctime_ns: int
    mtime_ns: int
    signature: Signature


def read_file(path: str, *, max_bytes: int, keep_bytes: int) -> FileContent:
    """Read one event file without ever blocking on it.

    Args:
        max_bytes: a larger file is refused.
        keep_bytes: how many bytes of a refused file the error keeps.

    Raises:
        FileNotFoundError: it is gone.
        FileBusy: it cannot be opened for a reason that passes.
        EventError: too large, or not a readable regular file.
    """
    # O_NOFOLLOW: a link may point outside the folder. O_NONBLOCK: the open of a FIFO would wait for a writer.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise EventError(Reason.UNREADABLE, "not a regular file", b"")
        size = found.st_size
        raw = os.read(descriptor, min(size, max_bytes) + 1)
        while len(raw) < size <= max_bytes:
            more = os.read(descriptor, size - len(raw))
            if not more:
                break
            raw += more
    except OSError as error:
        raise _unreadable(path, error) from error
    finally:
        os.close(descriptor)
    if size > max_bytes or len(raw) > max_bytes:
        raise EventError(
            Reason.TOO_LARGE,
            f"{max(size, len(raw))} bytes; SIDECAR_EVENT_MAX_BYTES is {max_bytes}",
            raw[:keep_bytes],
        )
    return FileContent(
        raw=raw,
        size=size,
        ctime_ns=found.st_ctime_ns,
        mtime_ns=found.st_mtime_ns,
        signature=(found.st_ino, found.st_size, found.st_mtime_ns),
    )


def _unreadable(path: str, error: OSError) -> SidecarError:
    if error.errno in _TEMPORARY_ERRNOS:
        return FileBusy(f"{path}: {error.strerror}")
    if error.errno == errno.ELOOP:
        return EventError(Reason.UNREADABLE, "a symbolic link; links are not followed", b"")
    return EventError(Reason.UNREADABLE, f"{error.strerror} (errno {error.errno})", b"")
