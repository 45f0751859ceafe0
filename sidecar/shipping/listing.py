"""Lists a folder as the event log that it is: which files are there, and when they came.

Order is by ctime: every write, rename and link sets it, and no program can forge it.
"""

from __future__ import annotations

import os
import sys
from array import array
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from heapq import merge
from pathlib import Path
from typing import NewType

from sidecar.event.names import EVENT_SUFFIX
from sidecar.shipping.reading import unavailable
from sidecar.shipping.tree import is_folder

_TICK_ENTRIES = 256  # an entry of a slow network file system takes a tenth of a second
_CTIME_BYTES = 8
_CTIMES_AT_ONCE = 10_000

PackedEntry = NewType("PackedEntry", bytes)
"""A file of the backlog, packed as 8 bytes of ctime in nanoseconds and the name.

One small object a file keeps a million of them in 80 MB, and sorting the bytes sorts by ctime.
"""


def pack(ctime_ns: int, name: str) -> PackedEntry:
    return PackedEntry(max(ctime_ns, 0).to_bytes(_CTIME_BYTES, "big") + os.fsencode(name))


def unpack(entry: PackedEntry) -> tuple[int, str]:
    """Ctime in nanoseconds and name."""
    return int.from_bytes(entry[:_CTIME_BYTES], "big"), os.fsdecode(entry[_CTIME_BYTES:])


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What one scan of a folder found."""

    entries: list[PackedEntry]
    """Event files with a ctime after `since`, the newest first: take from the end."""
    older: int
    """How many event files have a ctime at or before `counted_to`."""
    counted_to: int
    """The ctime, nanoseconds, that `older` was counted to."""
    newer: array[int]
    """The ctimes after `counted_to`, ascending."""
    below: list[str]
    """Names of the folders in it."""

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
    is_known: Callable[[str, os.stat_result], bool],
    tick: Callable[[], None] = lambda: None,
) -> Listing:
    """List the folder's event files.

    Args:
        since: only files with a ctime after it, nanoseconds, become entries.
        count_to: the position; files at or before it are counted, not kept.
        is_known: whether the file of that name and state needs no second look.
        tick: called every 256 entries.

    Raises:
        FolderUnavailable: the folder cannot be listed.
    """
    listed: list[PackedEntry] = []
    passed: list[int] = []
    below: list[str] = []
    older = 0
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries, 1):
                if not number % _TICK_ENTRIES:
                    tick()
                name = entry.name
                if not (name.endswith(EVENT_SUFFIX) and name[0] != "."):
                    if is_folder(entry):
                        below.append(name)
                    continue
                try:
                    status = _status(entry)
                except FileNotFoundError:
                    continue  # gone since it was listed
                except PermissionError:
                    raise  # the folder may not be searched
                except OSError:  # one damaged entry must not hide the others
                    listed.append(pack(0, name))
                    continue
                ctime_ns = status.st_ctime_ns
                if ctime_ns <= count_to:
                    older += 1
                if ctime_ns > since and not is_known(name, status):
                    listed.append(pack(ctime_ns, name))
                elif ctime_ns > count_to:
                    passed.append(ctime_ns)
    except OSError as error:
        raise unavailable(folder, error.strerror or str(error)) from error
    listed.sort(reverse=True)
    newer = _ctimes(listed)
    del newer[: bisect_right(newer, count_to)]
    if passed:
        newer = array("q", merge(newer, sorted(passed)))
    return Listing(entries=listed, older=older, counted_to=count_to, newer=newer, below=below)


def _status(entry: os.DirEntry[str]) -> os.stat_result:
    if sys.platform == "win32":  # what the listing brings there has no file number, which later looks compare
        return os.lstat(entry.path)
    return entry.stat(follow_symlinks=False)


def _ctimes(entries: list[PackedEntry]) -> array[int]:
    """The ctimes of a backlog, ascending, without a second list: there may be a million of them."""
    ctimes = array("q")
    for end in range(len(entries), 0, -_CTIMES_AT_ONCE):
        part = reversed(entries[max(0, end - _CTIMES_AT_ONCE) : end])
        ctimes.frombytes(b"".join([each[:_CTIME_BYTES] for each in part]))
    if sys.byteorder == "little":
        ctimes.byteswap()
    return ctimes
