"""One watched folder: what to look at, what comes next, and how far the position may move. It knows no database.

The scan is the truth. A scan lists what came after the position; its files form the backlog, oldest ctime first. Files
that a notice brings in are shipped at once, and are known to be settled when the next scan lists them; the position
passes them then. What is known of the files is in `known`, what one of them is in `judging`, how far the position may
move in `position`, and when to look in `schedule`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sidecar.event.names import printable
from sidecar.shipping.clock import Clock, SystemClock
from sidecar.shipping.judging import Judge, Outcome, Skipped
from sidecar.shipping.known import KnownFiles
from sidecar.shipping.limits import FolderLimits
from sidecar.shipping.listing import Listing, scan
from sidecar.shipping.notices import FolderNotices
from sidecar.shipping.position import Progress
from sidecar.shipping.reading import Directory, FolderUnavailable, stat_folder
from sidecar.shipping.schedule import Schedule
from sidecar.storage.sink import Delivery, Position, Quarantined

_NOTICE_GRACE_NS = 1_000_000_000
_TICK_FILES = 64  # opening, examining and reading one of a slow network file system takes tenths of a second


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanned:
    """What a reconcile did, for telemetry."""

    found: int
    """Files that came into the backlog."""
    recovered: int
    """Those of them that the watcher should have announced and did not."""
    unannounced: bool
    """Whether that happened twice in a row, the watch made anew in between, and nothing else was announced either."""
    rewound: str
    """Why everything is read again; empty where it is not."""
    seconds: float
    below: list[Path]
    """The folders in it."""


@dataclass(slots=True)
class Taken:
    """What was taken for one batch."""

    oldest_ns: int | None
    """Since when the oldest of them waited."""
    deliveries: list[Delivery] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    """Paths that were in quarantine and are delivered now."""
    skipped: Counter[str] = field(default_factory=Counter)
    """Files that need no row, by the reason."""
    looked_at: int = 0
    """Files, those included that need no row."""
    rendered: object = None
    """What the sink made of the deliveries."""

    def __len__(self) -> int:
        return len(self.deliveries) + len(self.quarantined)


class Folder:
    """
    Args:
        path: the folder.
        limits: see FolderLimits.
        clock: where the time comes from.
    """

    def __init__(self, path: Path, *, limits: FolderLimits, clock: Clock | None = None) -> None:
        self.path = path
        self.key = printable(str(path))
        self.watched = False
        """Whether a watcher announces new files; without one the scans alone find them."""
        self.known = KnownFiles()
        self._clock = clock or SystemClock()
        self._schedule = Schedule(limits, self._clock)
        self._progress = Progress()
        self._judge = Judge(self.key, self.known, self._clock)
        self._directory: Directory | None = None
        self._gone: FolderUnavailable | None = None

    # -- what the sink knows

    @property
    def committed(self) -> Position | None:
        """The position to go on from; None where it is not opened."""
        return self._progress.committed

    def open(self, position: Position, quarantined: set[str]) -> None:
        """Start over from the position that the sink holds.

        Args:
            quarantined: paths of files that are in quarantine.
        """
        self._progress.open(position)
        self.known.reopen(quarantined)
        self._schedule.reopen()

    def close_position(self) -> None:
        """The sink's position is not the one it was: it must be opened anew."""
        self._progress.committed = None

    def next_position(self) -> Position:
        """The position to commit together with everything that was taken so far."""
        return self._progress.next(self.known.oldest_open_ns)

    @property
    def position_moved(self) -> bool:
        """Whether the sink holds another position than the one to be committed."""
        return self._progress.moved(self.known.oldest_open_ns)

    def acknowledge(self, position: Position) -> None:
        """The sink holds that position now, and has committed everything that was taken before it was computed."""
        self._progress.acknowledge(position, self.known.oldest_open_ns)
        self.known.settled.forget_before(position.ctime_ns - self.limits.overlap_ns)

    def follow_revision(self, revision: int) -> None:
        """The sink's position has that revision, because somebody else moved it: a repair, a second shipper."""
        self._progress.follow_revision(revision)

    # -- when to look

    @property
    def limits(self) -> FolderLimits:
        return self._schedule.limits

    def follow(self, *, watched: bool, limits: FolderLimits) -> None:
        """The folder is watched, or polled, from now on, within these limits."""
        self.watched = watched
        self._schedule.limits = limits

    def receive(self, notices: FolderNotices) -> None:
        """Take over what the watcher said."""
        if not notices:
            return
        kept = self.known.notice(notices.names, self._clock.wall_ns())
        if notices.missed or not kept:
            self._schedule.scan_now()
        self._schedule.announced()

    def poll(self) -> bool:
        """Look at the folder itself, if that is due.

        Returns:
            Whether it is a different folder, or was away: it must be watched anew.

        Raises:
            FolderUnavailable: it is not there.
        """
        if not self._schedule.poll_due():
            if self._gone is not None:
                raise self._gone
            return False
        try:
            state = stat_folder(self.path)
        except FolderUnavailable as error:
            self._gone = error
            raise
        returned = self._gone is not None
        self._gone = None
        replaced = self._progress.identity not in ("", state.identity)
        if replaced:  # the backlog speaks of the other folder's files
            self.forget_listing()
        if returned or replaced:
            self._schedule.scan_now()
            self._schedule.announced()
        else:
            self._schedule.seen(state.mtime_ns)
        return returned or replaced

    def forget_listing(self) -> None:
        """What was listed is another folder's, or gone."""
        self._progress.forget_listing()
        self.known.forget()

    @property
    def removed(self) -> bool:
        """Whether there is nothing at its path while the folder above is there."""
        return not os.path.lexists(self.path) and self.path.parent.is_dir()

    @property
    def scanned(self) -> bool:
        """Whether the folder was scanned since its position was opened."""
        return self._schedule.scanned

    def scan_due(self) -> bool:
        """Not before the backlog of the last scan is through: its position would be lost."""
        return not self.known.has_backlog and self._schedule.scan_due()

    def seconds_until_due(self) -> float:
        """How long there is nothing to do unless something is announced."""
        return self._schedule.seconds_until_due(self.known.deferred.next_at, available=self._gone is None)

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
        overlap_ns = self.limits.overlap_ns
        progress = self._progress
        try:
            state = stat_folder(self.path)
            rewound = progress.reason_to_rewind(state.identity, started, started_ns, overlap_ns)
            if rewound is not None:
                self._rewind(state.identity)
            listing = self._scan(tick)
            if rewound is None and listing.older > progress.opened.files:
                rewound = "more old files than were shipped"
                self._rewind(state.identity)
                listing = self._scan(tick)
        except FolderUnavailable as error:
            self._gone = error
            raise
        progress.listed(listing, state.identity, started=started, started_ns=started_ns, overlap_ns=overlap_ns)
        self.known.list(listing.entries)
        expected = self.watched and self.scanned and rewound is None
        recovered = self.known.count_unannounced(started_ns - _NOTICE_GRACE_NS) if expected else 0
        seconds = self._clock.monotonic() - started
        unannounced = self._schedule.scan_ended(
            seconds=seconds, started_ns=started_ns, mtime_ns=state.mtime_ns, recovered=recovered
        )
        return Scanned(
            found=len(listing.entries),
            recovered=recovered,
            unannounced=unannounced,
            rewound=rewound or "",
            seconds=seconds,
            below=[self.path / name for name in listing.below],
        )

    def _scan(self, tick: Callable[[], None]) -> Listing:
        since = self._progress.since_ns(self.limits.overlap_ns)
        count_to = self._progress.opened.ctime_ns
        return scan(self.path, since=since, count_to=count_to, is_known=self.known.is_known, tick=tick)

    def _rewind(self, identity: str) -> None:
        self._progress.rewind(identity)
        if identity != self._progress.identity:
            self.known.forget()

    # -- take

    def take_batch(self, max_events: int, max_bytes: int, tick: Callable[[], None] = lambda: None) -> Taken:
        """Judge files until a batch is full. Files that need no row count too, so that a round has an end.

        Args:
            max_bytes: of event files; the last one may exceed it.
            tick: called now and then while it goes on.
        """
        taken = Taken(self.known.oldest_pending_ns)
        quarantined = self.known.quarantined
        size = 0
        try:
            while taken.looked_at < max_events and size < max_bytes:
                outcome = self.take()
                if outcome is None:
                    break
                taken.looked_at += 1
                if not taken.looked_at % _TICK_FILES:
                    tick()
                if isinstance(outcome, Delivery):
                    taken.deliveries.append(outcome)
                    size += len(outcome.event.raw)
                    if outcome.path in quarantined:
                        taken.mended.append(outcome.path)
                elif isinstance(outcome, Quarantined):
                    taken.quarantined.append(outcome)
                    size += len(outcome.content)
                elif isinstance(outcome, Skipped):
                    taken.skipped[outcome.why] += 1
        finally:
            self.let_go()
        return taken

    def take(self) -> Outcome | None:
        """The next file's outcome.

        Returns:
            None where nothing can be taken now.
        """
        known = self.known
        directory = self._directory or (self._opened_directory() if known.pending else None)
        if directory is None:
            return None
        name = known.due_again(self._clock.monotonic)
        if name is None:
            name = known.next()
            if name is None:
                self.let_go()
                return None
            if name in known.deferred:  # known by two ways: looked at once
                known.deferred.retry_now(name)
                return Skipped(why="repeated")
        try:
            return self._judge.judge(directory, name, self.limits)
        except PermissionError:
            self._judge.defer(name, self.limits)
            self._look_again()
            return None

    def let_go(self) -> None:
        """Close the folder, which take() has opened: while it is open, it cannot be unmounted."""
        if self._directory is not None:
            self._directory.close()
            self._directory = None

    def _opened_directory(self) -> Directory | None:
        """The folder that was scanned; None where the path leads elsewhere by now, or nowhere."""
        try:
            directory = Directory(self.path)
        except FolderUnavailable:
            self._look_again()
            return None
        if self._progress.identity not in ("", directory.state.identity):
            directory.close()
            self._look_again()
            return None
        self._directory = directory
        return directory

    def _look_again(self) -> None:
        self._schedule.poll_now()
        self.let_go()
