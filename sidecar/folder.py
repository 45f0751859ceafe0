"""One watched folder: what is still to be shipped, what is done, and how far the position may move.

The scan is the truth. A scan lists what came after the position; its files form the backlog, oldest ctime first. The
position moves only along that backlog, up to the oldest file that is still open, and never past the moment at which
the scan began. Files that a notice brings in are shipped at once, and are known to be done when the next scan
lists them; the position passes them then.
"""

from __future__ import annotations

import heapq
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from sidecar.errors import EventError, NotAnEvent, Reason
from sidecar.event import Event
from sidecar.notices import Heard
from sidecar.scan import (
    FileBusy,
    Found,
    Listing,
    is_event_name,
    printable,
    read_file,
    scan,
    stat_folder,
    unpack,
)
from sidecar.sink import Delivery, Position, Quarantined

_UNSETTLED_REASONS = (Reason.INVALID_JSON, Reason.UNREADABLE)
_BEFORE_EVERYTHING = -1
_NOTICE_GRACE_NS = 1_000_000_000


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
    """A changed folder is scanned this long after its last scan, whatever the watcher said."""
    scan_share: float = 0.05
    """Scans take at most this share of the time: a folder that takes long to list is listed less often."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """A file that needs no row: gone, another program's, or done already."""

    why: str
    """vanished, foreign or repeated."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanned:
    """What a reconcile did, for telemetry."""

    found: int
    """Files that came into the backlog."""
    recovered: int
    """Those of them that the watcher should have announced and did not."""
    rewound: str
    """Why everything is read again; empty where it is not."""
    seconds: float


_Done = tuple[int, tuple[int, ...]]


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
        self.watched = False
        """Whether a watcher announces new files; without one the scans alone find them."""
        self.committed: Position | None = None
        """The position as the sink holds it; None before it was opened."""
        self.discovered = 0
        """Files that became known, ever; each is taken, pending or dropped."""
        self.dropped = 0
        """Files that were known and not taken when the position was lost; the next scan finds them again."""
        self._clock = clock or SystemClock()
        self._prefix = os.path.join(path, "")
        self._backlog: list[Found] = []
        self._noticed: dict[str, int] = {}
        self._deferred: dict[str, tuple[float, float, int, tuple[int, ...]]] = {}
        self._done: dict[str, _Done] = {}
        self._done_by_age: list[tuple[int, str]] = []
        self._listing: Listing | None = None
        self._horizon_ns = 0
        self._identity = ""
        self._scanned_mtime_ns: int | None = None
        self._next_scan = 0.0
        self._next_poll = 0.0
        self._scan_wanted = True
        self._scanned_before = False
        self._quarantined: set[str] = set()
        self._overlap_ns = int(limits.overlap_seconds * 1e9)

    # -- what the sink knows

    def open(self, position: Position, quarantined: set[str]) -> None:
        """Start over from the position that the sink holds."""
        self.dropped += self.pending
        self.committed = position
        self._quarantined = quarantined
        self._backlog.clear()
        self._noticed.clear()
        self._deferred.clear()
        self._done.clear()
        self._done_by_age.clear()
        self._listing = None
        self._scan_wanted = True
        self._next_scan = self._next_poll = 0.0
        self._scanned_before = False

    def next_position(self) -> Position:
        """The position to commit together with everything that was taken so far."""
        committed = self._opened
        if self._listing is None:
            return committed
        oldest_open = min(
            [unpack(self._backlog[-1])[0] if self._backlog else self._horizon_ns + 1]
            + [ctime_ns for _, _, ctime_ns, _ in self._deferred.values()]
        )
        ctime_ns = min(self._horizon_ns, oldest_open - 1)
        if ctime_ns <= committed.ctime_ns:
            return committed
        return replace(committed, identity=self._identity, ctime_ns=ctime_ns, files=self._listing.files_until(ctime_ns))

    def acknowledge(self, position: Position) -> None:
        """The sink holds that position now, and has committed everything that was taken before it was computed."""
        self.committed = position
        settled_ns = position.ctime_ns - self._overlap_ns
        while self._done_by_age and self._done_by_age[0][0] <= settled_ns:
            ctime_ns, name = heapq.heappop(self._done_by_age)
            if self._done.get(name, (None,))[0] == ctime_ns:
                del self._done[name]
        if not self._backlog and not self._deferred:
            self._listing = None

    @property
    def _opened(self) -> Position:
        assert self.committed is not None, "open() comes first"
        return self.committed

    # -- when to look

    def hear(self, heard: Heard) -> None:
        """Take over what the watcher said."""
        if heard.names:
            now, now_ns = self._clock.monotonic(), self._clock.wall_ns()
            for name in filter(is_event_name, heard.names):
                deferred = self._deferred.get(name)
                if deferred is not None:  # perhaps its writer is done
                    self._deferred[name] = (now, *deferred[1:])
                elif name not in self._noticed:
                    self._noticed[name] = now_ns
                    self.discovered += 1
        if heard.missed:
            self._scan_wanted = True
            self._next_scan = 0.0

    def poll(self) -> bool:
        """Look at the folder itself, if it is time to.

        Returns:
            Whether the folder under this path is another one than before: whoever watches it must watch anew.

        Raises:
            FolderUnavailable: it is not there.
        """
        now = self._clock.monotonic()
        if now < self._next_poll:
            return False
        self._next_poll = now + self.limits.poll_seconds
        state = stat_folder(self.path)
        if state.mtime_ns != self._scanned_mtime_ns:
            self._scan_wanted = True
        replaced = bool(self._identity) and state.identity != self._identity
        if replaced:
            self._scan_wanted = True
            self._next_scan = 0.0
        return replaced

    @property
    def scanned(self) -> bool:
        """Whether the folder was scanned since its position was opened."""
        return self._scanned_before

    def scan_due(self) -> bool:
        """Not before the backlog of the last scan is through: its position would be lost."""
        return self._scan_wanted and not self._backlog and self._clock.monotonic() >= self._next_scan

    def seconds_until_due(self) -> float:
        """How long nothing happens by itself."""
        now = self._clock.monotonic()
        moments = [self._next_poll] + [retry_at for retry_at, _, _, _ in self._deferred.values()]
        if self._scan_wanted:
            moments.append(self._next_scan)
        return max(0.0, min(moments) - now)

    # -- reconcile

    def reconcile(self) -> Scanned:
        """Compare the folder with the position and fill the backlog.

        Raises:
            FolderUnavailable: it cannot be listed.
        """
        started = self._clock.monotonic()
        started_ns = self._clock.wall_ns()
        state = stat_folder(self.path)
        committed = self._opened
        rewound = ""
        if state.identity != committed.identity:
            rewound = "another folder under the same path" if committed.ctime_ns else ""
            self._rewind(state.identity)
        elif committed.ctime_ns > started_ns + self._overlap_ns:
            rewound = "the clock is behind the position"
            self._rewind(state.identity)
        listing = self._scan()
        if not rewound and listing.older > self._opened.files:
            rewound = "more old files than were shipped"
            self._rewind(state.identity)
            listing = self._scan()
        self._identity = state.identity
        self._listing = listing
        self._horizon_ns = min(listing.last_ctime_ns, started_ns)
        self._backlog = listing.found
        self.discovered += len(listing.found)
        expected = self.watched and self._scanned_before and not rewound
        recovered = self._count_unannounced(started_ns - _NOTICE_GRACE_NS) if expected else 0
        ended = self._clock.monotonic()
        # A change within the overlap of the scan may carry the same mtime: look once more when it has passed.
        racy = started_ns - state.mtime_ns < self._overlap_ns
        self._scan_wanted = racy
        self._scanned_mtime_ns = state.mtime_ns
        self._scanned_before = True
        pause = max(self.limits.scan_seconds, (ended - started) / self.limits.scan_share)
        self._next_scan = ended + (max(self.limits.overlap_seconds, pause) if racy else pause)
        return Scanned(found=len(self._backlog), recovered=recovered, rewound=rewound, seconds=ended - started)

    def _scan(self) -> Listing:
        since = self._opened.ctime_ns - self._overlap_ns if self._opened.ctime_ns else _BEFORE_EVERYTHING
        return scan(self.path, since=since, count_to=self._opened.ctime_ns, done=self._is_done)

    def _rewind(self, identity: str) -> None:
        """Read everything again: identity is in the events, so what is there already stays as it is."""
        self.committed = replace(self._opened, identity=identity, ctime_ns=0, files=0)
        if identity != self._identity:
            self.dropped += len(self._deferred)
            self._done.clear()
            self._done_by_age.clear()
            self._deferred.clear()

    def _count_unannounced(self, before_ns: int) -> int:
        files = map(unpack, self._backlog)
        return sum(1 for ctime_ns, name in files if ctime_ns < before_ns and name not in self._noticed)

    def _is_done(self, name: str, found: os.stat_result) -> bool:
        """Whether a listed file is known already: done, or deferred and looked at again in its own time."""
        done = self._done.get(name)
        if done is None:
            return name in self._deferred
        signature = (found.st_ino, found.st_size, found.st_mtime_ns)
        return done[1] in (signature, (*signature, found.st_ctime_ns))

    # -- take

    @property
    def pending(self) -> int:
        """Files known and not yet taken."""
        return len(self._backlog) + len(self._noticed) + len(self._deferred)

    @property
    def oldest_pending_ns(self) -> int | None:
        """Since when the oldest of them waits, nanoseconds since 1970; None where none does."""
        ctimes = [ctime_ns for _, _, ctime_ns, _ in self._deferred.values()]
        if self._noticed:
            ctimes.append(next(iter(self._noticed.values())))
        if self._backlog:
            ctimes.append(unpack(self._backlog[-1])[0])
        return min(ctimes, default=None)

    def take(self) -> Delivery | Quarantined | Skipped | None:
        """The next file's outcome: notices before the backlog, so that a new event does not wait for an old million.

        Returns:
            None where nothing can be taken now.
        """
        while True:
            name = self._next_name()
            if name is None:
                return None
            outcome = self._judge(name)
            if outcome is not None:
                return outcome

    def _next_name(self) -> str | None:
        if self._noticed:
            name = next(iter(self._noticed))
            del self._noticed[name]
            return name
        now = self._clock.monotonic()
        for name, (retry_at, _, _, _) in self._deferred.items():
            if now >= retry_at:
                return name
        return unpack(self._backlog.pop())[1] if self._backlog else None

    def _judge(self, name: str) -> Delivery | Quarantined | Skipped | None:
        """Read one file; None defers it."""
        path = self._prefix + name
        printable_path = f"{self.key}/{printable(name)}"
        try:
            content = read_file(
                path, max_bytes=self.limits.event_max_bytes, keep_bytes=self.limits.quarantine_max_bytes
            )
        except FileNotFoundError:
            self._deferred.pop(name, None)
            return Skipped(why="vanished")
        except FileBusy:
            return self._wait_for(name)
        except EventError as error:
            return self._refuse(name, printable_path, error)
        if self._done.get(name, (0, ()))[1] == content.signature:
            self._deferred.pop(name, None)
            return Skipped(why="repeated")
        try:
            event = Event.decode(content.raw)
        except NotAnEvent:
            self._settle(name, content.ctime_ns, content.signature)
            return Skipped(why="foreign")
        except EventError as error:
            return self._refuse(name, printable_path, error)
        self._settle(name, content.ctime_ns, content.signature)
        return Delivery(event=event, path=printable_path)

    def _wait_for(self, name: str) -> Skipped | None:
        """A busy file: look again later, and keep the position before it."""
        try:
            ctime_ns = os.lstat(self._prefix + name).st_ctime_ns
        except FileNotFoundError:
            self._deferred.pop(name, None)
            return Skipped(why="vanished")
        self._defer(name, ctime_ns, ())
        return None

    def _refuse(self, name: str, path: str, error: EventError) -> Quarantined | Skipped | None:
        try:
            found = os.lstat(self._prefix + name)
        except FileNotFoundError:
            self._deferred.pop(name, None)
            return Skipped(why="vanished")
        signature = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        if self._done.get(name, (0, ()))[1] == signature:
            self._deferred.pop(name, None)
            return Skipped(why="repeated")
        if error.reason in _UNSETTLED_REASONS and self._may_be_unfinished(name, found.st_mtime_ns, signature):
            self._defer(name, found.st_ctime_ns, signature)
            return None
        self._settle(name, found.st_ctime_ns, signature)
        return Quarantined(
            path=path,
            reason=error.reason,
            message=str(error),
            size=found.st_size,
            content=error.raw[: self.limits.quarantine_max_bytes],
        )

    def _may_be_unfinished(self, name: str, mtime_ns: int, signature: tuple[int, ...]) -> bool:
        age = (self._clock.wall_ns() - mtime_ns) / 1e9
        if age >= self.limits.settle_seconds:
            return False
        deferred = self._deferred.get(name)
        if deferred is None or deferred[3] != signature:
            return True
        return self._clock.monotonic() - deferred[1] < self.limits.settle_seconds

    def _defer(self, name: str, ctime_ns: int, signature: tuple[int, ...]) -> None:
        """Look again later. Until then the position stays before it."""
        now = self._clock.monotonic()
        known = self._deferred.pop(name, None)
        since = known[1] if known is not None and known[3] == signature else now
        retry_at = now + min(1.0, self.limits.settle_seconds)
        self._deferred[name] = (retry_at, since, ctime_ns, signature)

    def _settle(self, name: str, ctime_ns: int, signature: tuple[int, ...]) -> None:
        self._deferred.pop(name, None)
        self._done[name] = (ctime_ns, signature)
        heapq.heappush(self._done_by_age, (ctime_ns, name))

    def was_quarantined(self, path: str) -> bool:
        """Whether that file is in quarantine now; asked when it is shipped after all."""
        return path in self._quarantined

    def note_quarantined(self, path: str) -> None:
        self._quarantined.add(path)

    def note_mended(self, path: str) -> None:
        self._quarantined.discard(path)
