"""One watched folder: what is still to be shipped, what is done, and how far the position may move.

The scan is the truth. A scan lists what came after the position; its files form the backlog, oldest ctime first. The
position moves only along that backlog, up to the oldest file that is still open, and stays an overlap behind the moment
at which the scan began: a file system may show a file a little later than its ctime says. Files that a notice brings
in are shipped at once, and are known to be done when the next scan lists them; the position passes them then.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from sidecar.errors import EventError, NotAnEvent, Reason
from sidecar.event.event import Event
from sidecar.event.names import printable, printable_name
from sidecar.shipping.deferred import Deferred
from sidecar.shipping.listing import Found, Listing, scan, unpack
from sidecar.shipping.notices import Heard
from sidecar.shipping.pathset import PathSet
from sidecar.shipping.reading import Directory, FileBusy, FolderUnavailable, read_file, stat_file, stat_folder
from sidecar.shipping.settled import Done
from sidecar.storage.sink import Delivery, Position, Quarantined

_UNSETTLED_REASONS = (Reason.INVALID_JSON, Reason.UNREADABLE)
_BEFORE_EVERYTHING = -1
_NOTICE_GRACE_NS = 1_000_000_000
_DEAF_AFTER = 2  # scans that found what should have been announced, while nothing was
_MAX_NOTICED = 100_000  # names kept; what else is announced is left to a scan


class Clock(Protocol):
    """Where the time comes from; tests bring their own."""

    def wall_ns(self) -> int:
        """Nanoseconds since 1970, UTC: comparable with a file's ctime."""

    def monotonic(self) -> float:
        """Seconds; never goes back."""


class SystemClock:
    def wall_ns(self) -> int:
        return time.time_ns()

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderLimits:
    """Seconds, bytes and shares; each is a setting."""

    event_max_bytes: int = 1024 * 1024
    quarantine_max_bytes: int = 64 * 1024
    settle_seconds: float = 5.0
    """A file younger than this that cannot be read as an event may still be being written."""
    overlap_seconds: float = 2.0
    """Files whose ctime is within this of the position are looked at again."""
    poll_seconds: float = 1.0
    """How often the folder's own mtime is looked at."""
    scan_seconds: float = 60.0
    """A changed folder is scanned this long after its last scan, whatever the watcher said. Where that scan found what
    the watcher should have announced, the next one comes after poll_seconds."""
    scan_share: float = 0.05
    """Scans take at most this share of the time: a folder that takes long to list is listed less often."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """A file that needs no row: gone, another program's, or done already."""

    why: str
    """vanished, foreign or repeated."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waits:
    """A file that cannot be judged yet and is looked at again later."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanned:
    """What a reconcile did, for telemetry."""

    found: int
    """Files that came into the backlog."""
    recovered: int
    """Those of them that the watcher should have announced and did not."""
    deaf: bool
    """Whether that happened twice in a row, the watch made anew in between, and nothing else was announced either."""
    rewound: str
    """Why everything is read again; empty where it is not."""
    seconds: float


Outcome = Delivery | Quarantined | Skipped | Waits


class Folder:
    """Bookkeeping of one folder. Reads files, knows no database.

    Args:
        path: the folder.
        limits: see FolderLimits.
        clock: where the time comes from.
    """

    def __init__(self, path: Path, *, limits: FolderLimits, clock: Clock | None = None) -> None:
        self.path = path
        self.key = printable(str(path))
        self.limits = limits
        """May be replaced when the folder is watched anew: another file system may be mounted there by then."""
        self.watched = False
        """Whether a watcher announces new files; without one the scans alone find them."""
        self.committed: Position | None = None
        """The position to go on from: the sink's, or one before it where everything is read again. None: not opened."""
        self.discovered = 0
        """Files that became known, ever; each is taken, pending or dropped."""
        self.dropped = 0
        """Files that were known and not taken when their folder or position was lost; a scan finds them again."""
        self._clock = clock or SystemClock()
        self._stored: Position | None = None
        self._backlog: list[Found] = []
        self._noticed: OrderedDict[str, int] = OrderedDict()  # a dict looks through all it has lost, to find its first
        self._deferred = Deferred()
        self._done = Done()
        self._quarantined = PathSet()
        self._directory: Directory | None = None
        self._listing: Listing | None = None
        self._horizon_ns = 0
        self._identity = ""
        self._gone: FolderUnavailable | None = None
        self._scanned_mtime_ns: int | None = None
        self._next_scan = 0.0
        self._next_poll = 0.0
        self._last_scan: float | None = None
        self._racy_until: float | None = None
        self._scan_wanted = True
        self._scanned_before = False
        self._unannounced_scans = 0
        self._clock_offset_ns: int | None = None

    # -- what the sink knows

    def open(self, position: Position, quarantined: set[str]) -> None:
        """Start over from the position that the sink holds."""
        self.committed = self._stored = position
        self._quarantined = PathSet(quarantined)
        self.dropped += len(self._noticed)
        self._noticed.clear()
        self._forget_files()
        self._scan_wanted = True
        self._scanned_before = False
        self._next_poll = 0.0
        # A position that is lost again and again must not become a loop of scans.
        self._next_scan = 0.0 if self._last_scan is None else self._last_scan + self.limits.poll_seconds

    def next_position(self) -> Position:
        """The position to commit together with everything that was taken so far."""
        committed = self._opened
        if self._listing is None:
            return committed
        ctime_ns = self._horizon_ns
        if self._backlog:
            ctime_ns = min(ctime_ns, unpack(self._backlog[-1])[0] - 1)
        if (deferred_ns := self._deferred.oldest_ctime_ns) is not None:
            ctime_ns = min(ctime_ns, deferred_ns - 1)
        if ctime_ns <= committed.ctime_ns:
            # The count follows deletions, so that later surplus files do not hide among what was deleted.
            return replace(committed, files=min(committed.files, self._listing.files_until(committed.ctime_ns)))
        return replace(committed, identity=self._identity, ctime_ns=ctime_ns, files=self._listing.files_until(ctime_ns))

    @property
    def position_moved(self) -> bool:
        """Whether the sink holds another position than the one to be committed."""
        return self.next_position() != self._stored

    def acknowledge(self, position: Position) -> None:
        """The sink holds that position now, and has committed everything that was taken before it was computed."""
        self.committed = self._stored = position
        self._done.forget_before(position.ctime_ns - self._overlap_ns)
        if not self._backlog and not self._deferred and position.ctime_ns >= self._horizon_ns:
            self._listing = None  # nothing more to gain from it

    def follow_revision(self, revision: int) -> None:
        """The sink's position has that revision, because somebody else moved it: a repair, a second shipper."""
        self.committed = replace(self._opened, revision=revision)
        if self._stored is not None:
            self._stored = replace(self._stored, revision=revision)

    @property
    def _opened(self) -> Position:
        assert self.committed is not None, "open() comes first"
        return self.committed

    @property
    def _overlap_ns(self) -> int:
        return int(self.limits.overlap_seconds * 1e9)

    # -- when to look

    def hear(self, heard: Heard) -> None:
        """Take over what the watcher said."""
        missed = heard.missed
        now_ns = self._clock.wall_ns() if heard.names else 0
        for name in heard.names:
            if name in self._deferred:
                self._deferred.hurry(name)
            elif name not in self._noticed:
                if len(self._noticed) >= _MAX_NOTICED:
                    missed = True
                    break
                self._noticed[name] = now_ns
                self.discovered += 1
        if missed:
            self._scan_wanted = True
            self._next_scan = 0.0
        if missed or heard.names:
            self._unannounced_scans = 0

    def poll(self) -> bool:
        """Look at the folder itself, if it is time to.

        Returns:
            Whether it is another one than before, or was away: whoever watches it must watch anew.

        Raises:
            FolderUnavailable: it is not there.
        """
        now = self._clock.monotonic()
        if now < self._next_poll:
            if self._gone is not None:
                raise self._gone
            return False
        self._next_poll = now + self.limits.poll_seconds
        try:
            state = stat_folder(self.path)
        except FolderUnavailable as error:
            self._gone = error
            raise
        returned = self._gone is not None
        self._gone = None
        replaced = bool(self._identity) and state.identity != self._identity
        if replaced:  # the backlog speaks of the other folder's files
            self._forget_files()
        if returned or replaced:
            self._scan_wanted = True
            self._next_scan = 0.0
            self._unannounced_scans = 0
        elif state.mtime_ns != self._scanned_mtime_ns or (self._racy_until is not None and now >= self._racy_until):
            self._scan_wanted = True
        return returned or replaced

    @property
    def scanned(self) -> bool:
        """Whether the folder was scanned since its position was opened."""
        return self._scanned_before

    def scan_due(self) -> bool:
        """Not before the backlog of the last scan is through: its position would be lost."""
        return self._scan_wanted and not self._backlog and self._clock.monotonic() >= self._next_scan

    def seconds_until_due(self) -> float:
        """How long nothing happens by itself."""
        moments = [self._next_poll]
        if self._gone is None:
            if (deferred_at := self._deferred.next_at) is not None:
                moments.append(deferred_at)
            if self._scan_wanted:
                moments.append(self._next_scan)
        return max(0.0, min(moments) - self._clock.monotonic())

    # -- reconcile

    def reconcile(self, tick: Callable[[], None] = lambda: None) -> Scanned:
        """Compare the folder with the position and fill the backlog.

        Args:
            tick: called now and then while it goes on.

        Raises:
            FolderUnavailable: it cannot be listed.
        """
        started = self._clock.monotonic()
        started_ns = self._clock.wall_ns()
        try:
            state = stat_folder(self.path)
            rewound = self._reason_to_rewind(state.identity, started, started_ns)
            if rewound is not None:
                self._rewind(state.identity)
            listing = self._scan(tick)
            if rewound is None and listing.older > self._opened.files:
                rewound = "more old files than were shipped"
                self._rewind(state.identity)
                listing = self._scan(tick)
        except FolderUnavailable as error:
            self._gone = error
            raise
        self._clock_offset_ns = started_ns - int(started * 1e9)
        self._identity = state.identity
        self._listing = listing
        self._horizon_ns = min(listing.last_ctime_ns, started_ns - self._overlap_ns)
        self._backlog = listing.found
        self.discovered += len(listing.found)
        expected = self.watched and self._scanned_before and rewound is None
        recovered = self._count_unannounced(started_ns - _NOTICE_GRACE_NS) if expected else 0
        self._unannounced_scans += bool(recovered)
        # A change within the overlap of the scan may carry the same mtime, and its files are not covered by the
        # position yet: look once more when it has passed.
        racy = started_ns - state.mtime_ns < self._overlap_ns
        ended = self._clock.monotonic()
        self._racy_until = ended + self.limits.overlap_seconds if racy else None
        self._scan_wanted = False
        self._scanned_mtime_ns = state.mtime_ns
        self._scanned_before = True
        self._last_scan = ended
        pause = self.limits.poll_seconds if recovered else self.limits.scan_seconds
        pause = max(pause, (ended - started) / self.limits.scan_share)
        self._next_scan = ended + pause
        return Scanned(
            found=len(self._backlog),
            recovered=recovered,
            deaf=self._unannounced_scans >= _DEAF_AFTER,
            rewound=rewound or "",
            seconds=ended - started,
        )

    def _reason_to_rewind(self, identity: str, now: float, now_ns: int) -> str | None:
        """Why what is at or before the position must be read again; "" at the very first time."""
        committed = self._opened
        if identity != committed.identity:
            return "another folder under the same path" if committed.ctime_ns else ""
        if committed.ctime_ns > now_ns + self._overlap_ns:
            return "the clock is behind the position"
        offset_ns = now_ns - int(now * 1e9)
        if self._clock_offset_ns is not None and offset_ns < self._clock_offset_ns - self._overlap_ns:
            return "the clock was set back"
        return None

    def _scan(self, tick: Callable[[], None]) -> Listing:
        since = self._opened.ctime_ns - self._overlap_ns if self._opened.ctime_ns else _BEFORE_EVERYTHING
        return scan(self.path, since=since, count_to=self._opened.ctime_ns, done=self._is_done, tick=tick)

    def _rewind(self, identity: str) -> None:
        """Read everything again: identity is in the events, so what is there already stays as it is."""
        self.committed = replace(self._opened, identity=identity, ctime_ns=0, files=0)
        self._listing = None
        if identity != self._identity:
            self._forget_files()

    def _forget_files(self) -> None:
        """What is known of files that may be others by now; a scan finds them again."""
        self.dropped += len(self._backlog) + len(self._deferred)
        self._listing = None
        self._backlog = []
        self._deferred.clear()
        self._done.clear()

    def _count_unannounced(self, before_ns: int) -> int:
        files = map(unpack, self._backlog)
        return sum(1 for ctime_ns, name in files if ctime_ns < before_ns and name not in self._noticed)

    def _is_done(self, name: str, found: os.stat_result) -> bool:
        """Whether a listed file is known already: done, or deferred and looked at again in its own time."""
        return name in self._deferred or self._is_settled(name, found)

    def _is_settled(self, name: str, found: os.stat_result) -> bool:
        done = self._done.signature(name)
        return done is not None and done in (_content(found), _state(found))

    # -- take

    @property
    def pending(self) -> int:
        """Files known and not yet taken."""
        return len(self._backlog) + len(self._noticed) + len(self._deferred)

    @property
    def oldest_pending_ns(self) -> int | None:
        """Since when the oldest of them waits, nanoseconds since 1970; None where none does."""
        moments = [self._deferred.oldest_ctime_ns]
        if self._noticed:
            moments.append(next(iter(self._noticed.values())))
        if self._backlog:
            moments.append(unpack(self._backlog[-1])[0])
        return min((moment for moment in moments if moment is not None), default=None)

    def take(self) -> Outcome | None:
        """The next file's outcome: notices before the backlog, so that a new event does not wait for an old million.

        Returns:
            None where nothing can be taken now.
        """
        directory = self._directory or (self._opened_directory() if self.pending else None)
        if directory is None:
            return None
        name = self._deferred.due(self._clock.monotonic()) if self._deferred and not self._noticed else None
        if name is None:
            name = self._next_name()
            if name is None:
                self.let_go()
                return None
            if name in self._deferred:  # known by two ways: looked at once
                self._deferred.hurry(name)
                return Skipped(why="repeated")
        try:
            return self._judge(directory, name)
        except PermissionError:  # the folder may not be searched any more
            self._defer(name, 0, ())
            self._look_again()
            return None

    def let_go(self) -> None:
        """Close the folder, which take() has opened: while it is open, it cannot be unmounted."""
        if self._directory is not None:
            self._directory.close()
            self._directory = None

    def _opened_directory(self) -> Directory | None:
        """The folder that was scanned; None where the path leads elsewhere by now, or nowhere."""
        if self._directory is not None:
            return self._directory
        try:
            directory = Directory(self.path)
        except FolderUnavailable:
            self._look_again()
            return None
        if self._identity and directory.state.identity != self._identity:
            directory.close()
            self._look_again()
            return None
        self._directory = directory
        return directory

    def _look_again(self) -> None:
        """Something is wrong with the folder: the next poll says what."""
        self._next_poll = 0.0
        self.let_go()

    def _next_name(self) -> str | None:
        if self._noticed:
            return self._noticed.popitem(last=False)[0]
        return unpack(self._backlog.pop())[1] if self._backlog else None

    def _judge(self, directory: Directory, name: str) -> Outcome:
        """Read one file. Its state is looked at first, so that one that changes meanwhile counts as unseen."""
        found = None
        try:
            found = stat_file(directory, name)
            if self._is_settled(name, found):
                self._deferred.remove(name)
                return Skipped(why="repeated")
            limits = self.limits
            raw = read_file(
                directory, name, found, max_bytes=limits.event_max_bytes, keep_bytes=limits.quarantine_max_bytes
            )
            event = Event.decode(raw)
        except FileNotFoundError:
            self._deferred.remove(name)
            return Skipped(why="vanished")
        except FileBusy:
            return self._defer(name, found.st_ctime_ns if found is not None else 0, ())
        except NotAnEvent:
            assert found is not None, "it was read"
            self._settle(name, found.st_ctime_ns, _content(found))
            return Skipped(why="foreign")
        except EventError as error:
            return self._refuse(name, found, error)
        self._settle(name, found.st_ctime_ns, _content(found))
        return Delivery(event=event, path=self._path_of(name))

    def _path_of(self, name: str) -> str:
        return f"{self.key}/{printable_name(name)}"

    def _refuse(self, name: str, found: os.stat_result | None, error: EventError) -> Quarantined | Waits:
        # With the ctime: a file that could not be read may be readable after a chmod.
        signature = _state(found) if found is not None else ()
        ctime_ns = found.st_ctime_ns if found is not None else 0
        if error.reason in _UNSETTLED_REASONS and self._may_be_unfinished(name, ctime_ns, signature):
            return self._defer(name, ctime_ns, signature)
        self._settle(name, ctime_ns, signature)
        return Quarantined(
            path=self._path_of(name),
            reason=error.reason,
            message=str(error),
            size=found.st_size if found is not None else 0,
            content=error.raw[: self.limits.quarantine_max_bytes],
        )

    def _may_be_unfinished(self, name: str, ctime_ns: int, signature: tuple[int, ...]) -> bool:
        """By its ctime, which every write sets: an mtime may be copied from elsewhere."""
        if (self._clock.wall_ns() - ctime_ns) / 1e9 >= self.limits.settle_seconds:
            return False
        since = self._deferred.since(name, signature)
        return since is None or self._clock.monotonic() - since < self.limits.settle_seconds

    def _defer(self, name: str, ctime_ns: int, signature: tuple[int, ...]) -> Waits:
        """Look again later. Until then the position stays before it."""
        pause = min(1.0, self.limits.settle_seconds)
        self._deferred.add(name, ctime_ns, signature, now=self._clock.monotonic(), pause=pause)
        return Waits()

    def _settle(self, name: str, ctime_ns: int, signature: tuple[int, ...]) -> None:
        self._deferred.remove(name)
        self._done.add(name, ctime_ns, signature)

    def was_quarantined(self, path: str) -> bool:
        """Whether that file is in quarantine now; asked when it is shipped after all. A yes too many costs nothing."""
        return path in self._quarantined

    def note_quarantined(self, path: str) -> None:
        self._quarantined.add(path)

    def note_mended(self, path: str) -> None:
        self._quarantined.discard(path)


def _content(found: os.stat_result) -> tuple[int, ...]:
    """What tells whether a file says the same as before."""
    return found.st_ino, found.st_size, found.st_mtime_ns


def _state(found: os.stat_result) -> tuple[int, ...]:
    """The same, and what tells its rights too."""
    return *_content(found), found.st_ctime_ns
