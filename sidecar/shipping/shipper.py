"""The shipper's story: reconcile, wait, take, decode, upsert, acknowledge.

It is handed everything that touches the world (sink, clock, watcher, telemetry), so that this module shows the order of
things and nothing else. Reading and decoding of one batch go on while the courier's thread brings the previous one
to the database; a batch grows only in that time, so an event that meets an idle shipper is committed at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TypeVar

from sidecar.errors import PositionLost, TemporarySinkError
from sidecar.shipping.clock import Clock
from sidecar.shipping.courier import Courier, Receipt
from sidecar.shipping.folder import Folder, Taken
from sidecar.shipping.limits import ShipperLimits
from sidecar.shipping.notices import Notices
from sidecar.shipping.ports import Telemetry, Watcher
from sidecar.shipping.reading import FolderUnavailable
from sidecar.storage.sink import Batch, Position

T = TypeVar("T")

_TICK_SECONDS = 1.0


@dataclass
class _Flight:
    """A batch on its way to the sink."""

    folder: Folder
    taken: Taken
    started: float
    future: Future[Receipt]
    receipt: Receipt | None = None
    """Once it has landed; None also where the position was lost, and nothing was committed."""
    seconds: float = 0.0
    """From handing it over to its receipt."""


class Shipper:
    """
    Args:
        name: tells shippers of one database apart.
        folders: what to ship; each keeps its own position.
        courier: brings batches to the sink.
        watcher: announces new files into `notices`.
        give_up: set by the shipper when the drain time is over, to end the courier's retries.
        include: asked once about each folder that lies in one of them; returns it where it is to be shipped too.
    """

    def __init__(
        self,
        name: str,
        folders: Sequence[Folder],
        *,
        courier: Courier,
        watcher: Watcher,
        notices: Notices,
        telemetry: Telemetry,
        clock: Clock,
        limits: ShipperLimits,
        give_up: threading.Event,
        include: Callable[[Path], Folder | None] = lambda path: None,
    ) -> None:
        self._name = name
        self._folders = list(folders)
        self._include = include
        self._seen_below = {folder.path for folder in folders}
        self._included: set[str] = set()
        self._courier = courier
        self._watcher = watcher
        self._notices = notices
        self._telemetry = telemetry
        self._clock = clock
        self._limits = limits
        self._give_up = give_up
        self._stop = threading.Event()
        self._in_flight: _Flight | None = None
        self._held: Taken | None = None
        self._unavailable: set[str] = set()
        self._next_probe = 0.0
        self._drain_until: float | None = None
        self._dropped_before = 0
        self._discovered_before = 0
        self._once = False

    def stop(self) -> None:
        """Ask for the end: what is known is shipped, then run() returns. May be called by a signal handler's thread."""
        self._stop.set()
        self._notices.wake()

    def run(self, *, once: bool = False) -> None:
        """Ship until stopped.

        Args:
            once: return when everything that is there is shipped or quarantined.

        Raises:
            FolderUnavailable: with `once` only, where a folder is not there.
        """
        self._once = once
        try:
            self._until(self._courier.call(lambda sink: sink.check()))
            while not self._drain_is_over():
                self._telemetry.alive()
                busy = self._advance() or self._collect_receipt()
                self._report_backlog()
                if busy:
                    continue
                if self._stop.is_set() or (once and self._nothing_left()):
                    return
                self._probe()
                self._notices.wait(self._idle_seconds())
            self._collect_receipt()
        except _DrainTimeOver:
            return

    # -- one round

    def _advance(self) -> bool:
        """Give every folder its turn. Returns whether something was handed over."""
        handed_over = [self._advance_folder(folder) for folder in [*self._folders]]  # each, not only the first
        return any(handed_over)

    def _advance_folder(self, folder: Folder) -> bool:
        if not self._reach(folder):
            return False
        folder.receive(self._notices.collect(folder.key))
        if folder.scan_due() and not self._stop.is_set() and not self._reconcile(folder):
            return False
        self._mark_available(folder)
        taken = self._take(folder)
        if not taken:
            # The position that is under way counts, before an empty batch moves it.
            if self._in_flight is not None and self._in_flight.folder is folder:
                return self._collect_receipt()
            if not folder.position_moved:
                return taken.looked_at > 0
        self._hand_over(folder, taken)
        return True

    def _reach(self, folder: Folder) -> bool:
        """Make sure that the folder is there, is watched, and its position is known."""
        try:
            replaced = folder.poll()
        except FolderUnavailable as error:
            if folder.key in self._included and folder.removed:
                self._leave_out(folder)
            else:
                self._mark_unavailable(folder, error)
            return False
        if folder.committed is None:
            self._collect_receipt()
            self._watch(folder)  # before the scan, so that nothing falls in between
            self._open(folder)
        elif replaced:
            self._watch(folder)
        return True

    def _watch(self, folder: Folder, *, unannounced: bool = False) -> None:
        watching = self._watcher.watch(folder.path, folder.key, unannounced=unannounced)
        folder.follow(watched=watching.announced, limits=watching.limits)

    def _reconcile(self, folder: Folder) -> bool:
        """Scan the folder. Returns whether it could be done."""
        self._collect_receipt()  # a rewind must not race with a batch under way
        if folder.committed is None:
            return False
        try:
            scanned = folder.reconcile(self._telemetry.alive)
        except FolderUnavailable as error:
            self._mark_unavailable(folder, error)
            return False
        self._telemetry.scanned(folder.key, scanned)
        for path in scanned.below:
            self._look_below(path)
        if scanned.recovered:  # the watch may have died with an unmounted or replaced folder
            self._watch(folder, unannounced=scanned.unannounced)
        if all(each.scanned for each in self._folders):
            self._telemetry.ready()
        return True

    def _look_below(self, path: Path) -> None:
        if path in self._seen_below:
            return
        self._seen_below.add(path)
        folder = self._include(path)
        if folder is not None:
            self._folders.append(folder)
            self._included.add(folder.key)

    def _leave_out(self, folder: Folder) -> None:
        """A folder below a watched one was removed: nothing is missing. It is found again when it comes back."""
        self._collect_receipt()
        folder.forget_listing()
        self._discovered_before += folder.known.discovered
        self._dropped_before -= folder.known.dropped + folder.known.pending
        self._folders.remove(folder)
        self._included.discard(folder.key)
        self._seen_below.discard(folder.path)
        self._watcher.leave(folder.key)

    def _open(self, folder: Folder) -> None:
        position = self._stored_position(folder)
        quarantined = self._courier.call(lambda sink: sink.quarantined_paths(self._name, folder.key))
        folder.open(position, self._until(quarantined))

    def _stored_position(self, folder: Folder) -> Position:
        return self._until(self._courier.call(lambda sink: sink.open_position(self._name, folder.key)))

    def _forget_position(self, folder: Folder) -> None:
        """A backup was restored: start over from the position that is there now."""
        self._telemetry.position_lost(folder.key)
        folder.close_position()

    def _mark_unavailable(self, folder: Folder, error: FolderUnavailable) -> None:
        if folder.key not in self._unavailable:
            self._unavailable.add(folder.key)
            self._telemetry.folder_unavailable(folder.key, error)
        if self._once:
            raise error

    def _mark_available(self, folder: Folder) -> None:
        if folder.key in self._unavailable:
            self._unavailable.discard(folder.key)
            self._telemetry.folder_available(folder.key)

    def _take(self, folder: Folder) -> Taken:
        limits = self._limits
        taken = folder.take_batch(limits.batch_max_events, limits.batch_max_bytes, self._telemetry.alive)
        for why, count in taken.skipped.items():
            self._telemetry.skipped(why, count)
        taken.rendered = self._courier.render(taken.deliveries)
        return taken

    def _hand_over(self, folder: Folder, taken: Taken) -> None:
        self._held = taken
        landed = self._await_receipt()
        self._held = None
        if folder.committed is None:  # the position was lost meanwhile; the scan finds these files again
            self._telemetry.skipped("dropped", len(taken))
        else:
            self._deliver(folder, taken, folder.committed)
        self._count(landed)  # while the database is busy again
        if not any(each.known.pending for each in self._folders):  # nothing to read meanwhile: leave the courier alone
            self._collect_receipt()

    def _deliver(self, folder: Folder, taken: Taken, held: Position) -> None:
        batch = Batch(
            shipper=self._name,
            folder=folder.key,
            deliveries=taken.deliveries,
            quarantined=taken.quarantined,
            position=folder.next_position(),
            recorded_at=datetime.fromtimestamp(self._clock.wall_ns() // 1000 / 1e6, timezone.utc),
            mended=taken.mended,
            rendered=taken.rendered,
        )
        self._in_flight = _Flight(folder, taken, self._clock.monotonic(), self._courier.deliver(batch, held))

    def _collect_receipt(self) -> bool:
        """Wait for the batch under way, if there is one. Returns whether there was."""
        landed = self._await_receipt()
        self._count(landed)
        return landed is not None

    def _await_receipt(self) -> _Flight | None:
        """Wait for the batch under way, if there is one, and let its folder know. It is still to be counted."""
        flight = self._in_flight
        if flight is None:
            return None
        folder = flight.folder
        try:
            flight.receipt = receipt = self._until(flight.future)
        except PositionLost:
            self._in_flight = None
            self._forget_position(folder)
            return flight
        self._in_flight = None
        flight.seconds = self._clock.monotonic() - flight.started
        folder.acknowledge(receipt.position)
        quarantined = folder.known.quarantined
        quarantined.difference_update(flight.taken.mended)
        quarantined.update(entry.path for entry in (*flight.taken.quarantined, *receipt.refused))
        return flight

    def _count(self, landed: _Flight | None) -> None:
        if landed is None:
            return
        if landed.receipt is None:
            self._telemetry.skipped("dropped", len(landed.taken))
            return
        if landed.receipt.forgotten:
            self._telemetry.skipped("forgotten", landed.receipt.forgotten)
        self._telemetry.committed(landed.receipt, landed.taken.quarantined, landed.seconds)
        self._report_backlog()
        self._next_probe = self._clock.monotonic() + self._limits.probe_seconds

    # -- waiting

    def _until(self, future: Future[T]) -> T:
        """The future's result. Goes on listening meanwhile, and gives up when the drain time is over.

        Raises:
            _DrainTimeOver: the retries were ended.
        """
        while not future.done():
            wait_for([future], timeout=_TICK_SECONDS)
            self._telemetry.alive()
            for folder in self._folders:
                folder.receive(self._notices.collect(folder.key))
            self._report_backlog()
            if self._drain_is_over():
                self._give_up.set()
        try:
            return future.result()
        except TemporarySinkError as error:
            if self._drain_is_over() and not isinstance(error, PositionLost):
                raise _DrainTimeOver from error
            raise

    def _report_backlog(self) -> None:
        dropped = sum(folder.known.dropped for folder in self._folders)
        self._telemetry.skipped("dropped", dropped - self._dropped_before)
        self._dropped_before = dropped
        pending = sum(folder.known.pending for folder in self._folders)
        oldest = [folder.known.oldest_pending_ns for folder in self._folders]
        for taken in (self._held, self._in_flight.taken if self._in_flight else None):
            if taken is not None:
                pending += len(taken)
                oldest.append(taken.oldest_ns)
        self._telemetry.backlog(
            discovered=self._discovered_before + sum(folder.known.discovered for folder in self._folders),
            pending=pending,
            oldest_ns=min((each for each in oldest if each is not None), default=None),
        )

    def _drain_is_over(self) -> bool:
        """Whether a stop was asked for and nothing that is known is left to ship, or its time is over."""
        if not self._stop.is_set():
            return False
        pending = sum(folder.known.pending for folder in self._folders)
        now = self._clock.monotonic()
        if self._drain_until is None:
            self._drain_until = now + self._limits.drain_seconds
            self._telemetry.draining(pending)
        return now >= self._drain_until or not (pending or self._in_flight)

    def _nothing_left(self) -> bool:
        return all(folder.scanned and not folder.known.pending for folder in self._folders)

    def _probe(self) -> None:
        """Ask the idle database for the positions: it may be gone, or be another one than it was."""
        if self._clock.monotonic() < self._next_probe:
            return
        self._next_probe = self._clock.monotonic() + self._limits.probe_seconds
        for folder in self._folders:
            if folder.committed is None:
                continue
            stored = self._stored_position(folder)
            if stored.revision < folder.committed.revision:
                self._forget_position(folder)
            else:
                folder.follow_revision(stored.revision)

    def _idle_seconds(self) -> float:
        now = self._clock.monotonic()
        moments = [max(0.0, self._next_probe - now)]
        for folder in self._folders:
            unopened = folder.committed is None and folder.key not in self._unavailable
            moments.append(0.0 if unopened else folder.seconds_until_due())
        return min(moments)


class _DrainTimeOver(Exception):
    """The retries were ended because the drain time is over. What is not committed is still on disk."""
