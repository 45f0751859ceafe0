"""Reads a folder as the event log that it is: which files are there, when they came, and what one of them says.

Order is by ctime: every write, rename and link sets it, and no program can forge it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
from array import array
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from heapq import merge
from pathlib import Path
from typing import NewType

from sidecar.directory import Directory, unavailable
from sidecar.errors import EventError, Reason, SidecarError

EVENT_SUFFIX = ".json"
# Short of descriptors or memory, or a network file system whose server is away. A soft-mounted NFS may also say EIO,
# which elsewhere means a bad disk: that goes to quarantine, so that one bad file does not hold up the position.
_TEMPORARY_ERRNOS = {
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EINTR, errno.EBUSY, errno.ESTALE, errno.ENODEV),
    *(errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.ECONNREFUSED),
    *(errno.ECONNRESET, errno.ECONNABORTED, errno.ENOLCK),
}
_TICK_ENTRIES = 10_000
_CTIME_BYTES = 8
_CTIMES_AT_ONCE = 10_000
_MAX_PRINTABLE_NAME = 255  # with a folder's path it fits the path columns

Found = NewType("Found", bytes)
"""A file of the backlog, packed as 8 bytes of ctime in nanoseconds and the name.

One small object a file keeps a million of them in 80 MB, and sorting the bytes sorts by ctime.
"""


class FileBusy(SidecarError):
    """The file cannot be opened now for a reason that passes, such as too many open files."""


def pack(ctime_ns: int, name: str) -> Found:
    return Found(max(ctime_ns, 0).to_bytes(_CTIME_BYTES, "big") + os.fsencode(name))


def unpack(found: Found) -> tuple[int, str]:
    """Ctime in nanoseconds and name."""
    return int.from_bytes(found[:_CTIME_BYTES], "big"), os.fsdecode(found[_CTIME_BYTES:])


def is_event_name(name: str) -> bool:
    """Whether a file of that name may hold an event. Hidden files are somebody's work in progress."""
    return name.endswith(EVENT_SUFFIX) and not name.startswith(".")


def printable(path: str) -> str:
    """The path as valid Unicode: bytes of a name that are not UTF-8 become \\xNN."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


def printable_name(name: str) -> str:
    """The same for a file's name, which grows by that: at most 255 characters, the end of a longer one as its hash."""
    text = printable(name)
    if len(text) <= _MAX_PRINTABLE_NAME:
        return text
    return f"{text[:190]}...{hashlib.sha256(os.fsencode(name)).hexdigest()[:32]}{EVENT_SUFFIX}"


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


def scan(
    folder: Path,
    *,
    since: int,
    count_to: int,
    done: Callable[[str, os.stat_result], bool],
    tick: Callable[[], None] = lambda: None,
) -> Listing:
    """List the folder's event files.

    Args:
        since: only files with a ctime after it, nanoseconds, are returned as found.
        count_to: the position; files at or before it are counted, not kept.
        done: whether the file of that name and state needs no second look.
        tick: called every 10,000 entries.

    Raises:
        FolderUnavailable: the folder cannot be listed.
    """
    found: list[Found] = []
    passed: list[int] = []
    older = 0
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries, 1):
                if not number % _TICK_ENTRIES:
                    tick()
                name = entry.name
                if not (name.endswith(EVENT_SUFFIX) and name[0] != "."):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # gone since it was listed
                except PermissionError:
                    raise  # the folder may not be searched
                except OSError:  # one damaged entry must not hide the others
                    found.append(pack(0, name))
                    continue
                ctime_ns = status.st_ctime_ns
                if ctime_ns <= count_to:
                    older += 1
                if ctime_ns > since and not done(name, status):
                    found.append(pack(ctime_ns, name))
                elif ctime_ns > count_to:
                    passed.append(ctime_ns)
    except OSError as error:
        raise unavailable(folder, error.strerror or str(error)) from error
    found.sort(reverse=True)
    newer = _ctimes(found)
    del newer[: bisect_right(newer, count_to)]
    if passed:
        newer = array("q", merge(newer, sorted(passed)))
    return Listing(found=found, older=older, counted_to=count_to, newer=newer)


def _ctimes(found: list[Found]) -> array[int]:
    """The ctimes of a backlog, ascending. Of the million that may be in it no second list is made."""
    ctimes = array("q")
    for end in range(len(found), 0, -_CTIMES_AT_ONCE):
        part = reversed(found[max(0, end - _CTIMES_AT_ONCE) : end])
        ctimes.frombytes(b"".join([each[:_CTIME_BYTES] for each in part]))
    if sys.byteorder == "little":
        ctimes.byteswap()
    return ctimes


def stat_file(directory: Directory, name: str) -> os.stat_result:
    """The state of the folder's entry itself, links not followed.

    Raises:
        FileNotFoundError: it is gone.
        PermissionError: the folder may not be searched.
        FileBusy: it cannot be told for a reason that passes.
        EventError: it cannot be told.
    """
    try:
        return directory.stat(name)
    except (FileNotFoundError, PermissionError):
        raise
    except OSError as error:
        raise _unreadable(name, error) from error


def read_file(directory: Directory, name: str, found: os.stat_result, *, max_bytes: int, keep_bytes: int) -> bytes:
    """Read one event file without ever blocking on it.

    Args:
        found: its state before, by stat_file. A file that changes after it is known by another state the next time.
        max_bytes: a larger file is refused.
        keep_bytes: how many bytes of a refused file the error keeps.

    Raises:
        FileNotFoundError: it is gone.
        FileBusy: it cannot be opened for a reason that passes.
        EventError: too large, or not a readable regular file.
    """
    # Only regular files are opened: the open of a link may leave the folder, of a FIFO wait, of a device do anything.
    if stat.S_ISLNK(found.st_mode):
        raise EventError(Reason.UNREADABLE, "a symbolic link; links are not followed", b"")
    if not stat.S_ISREG(found.st_mode):
        raise EventError(Reason.UNREADABLE, "not a regular file", b"")
    size = found.st_size
    try:
        descriptor = directory.open(name)
        try:
            raw = os.read(descriptor, min(size, max_bytes) + 1)
            while len(raw) < size <= max_bytes and (more := os.read(descriptor, size - len(raw))):
                raw += more
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unreadable(name, error) from error
    if size > max_bytes or len(raw) > max_bytes:
        raise EventError(
            Reason.TOO_LARGE,
            f"{max(size, len(raw))} bytes; SIDECAR_EVENT_MAX_BYTES is {max_bytes}",
            raw[:keep_bytes],
        )
    return raw


def _unreadable(name: str, error: OSError) -> SidecarError:
    if error.errno in _TEMPORARY_ERRNOS:
        return FileBusy(f"{name}: {error.strerror}")
    return EventError(Reason.UNREADABLE, f"{error.strerror} (errno {error.errno})", b"")
