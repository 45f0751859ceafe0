"""The shipper in this process, one step at a time: its time, its failures and its death are the test's to choose."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from sidecar.errors import SidecarError, TemporarySinkError
from sidecar.service.retry import Retry, RetryPolicy
from sidecar.shipping.courier import Courier, Receipt
from sidecar.shipping.folder import Folder, Scanned
from sidecar.shipping.limits import FolderLimits, ShipperLimits
from sidecar.shipping.notices import Notices
from sidecar.shipping.ports import Watching
from sidecar.shipping.shipper import Shipper
from sidecar.storage.dsn import SqliteDsn
from sidecar.storage.sink import Acknowledgement, Batch, Delivery, Position, Quarantined, Sink
from sidecar.storage.sqlite.sink import SqliteSink


class Idle(Exception):
    """The shipper has nothing to do and would wait now."""


class Died(BaseException):
    """The process ends here, as if killed."""


class ManualClock:
    """Stands still unless moved. `skew` is what the wall clock is wrong by, against the file system's."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.skew_ns = 0

    def wall_ns(self) -> int:
        return time.time_ns() + self.skew_ns

    def monotonic(self) -> float:
        return self.seconds

    def passes(self, seconds: float) -> None:
        """Time goes on, for both clocks."""
        self.seconds += seconds
        self.skew_ns += int(seconds * 1e9)


class StepNotices(Notices):
    """Ends the run where the shipper would wait."""

    def wait(self, seconds: float) -> None:
        if not self._woken:
            raise Idle
        self._woken = False


class FaultySink:
    """A real sink whose next commits fail in a chosen way.

    `plan` holds, for the commits to come: "" for none, "before" and "after" for an error instead of the commit and
    instead of its answer, "die before" and "die after" for the process's death there.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.plan: list[str] = []

    def check(self) -> None:
        self._sink.check()

    def open_position(self, shipper: str, folder: str) -> Position:
        return self._sink.open_position(shipper, folder)

    def quarantined_paths(self, shipper: str, folder: str) -> set[str]:
        return self._sink.quarantined_paths(shipper, folder)

    def render(self, deliveries: Sequence[Delivery]) -> object:
        return self._sink.render(deliveries)

    def commit(self, batch: Batch) -> Acknowledgement:
        fault = self.plan.pop(0) if self.plan else ""
        if fault == "before":
            raise TemporarySinkError("the connection was lost before the commit")
        if fault == "die before":
            raise Died
        acknowledgement = self._sink.commit(batch)
        if fault == "after":
            raise TemporarySinkError("the connection was lost after the commit")
        if fault == "die after":
            raise Died
        return acknowledgement

    def close(self) -> None:
        self._sink.close()


class Tally:
    """Telemetry that counts."""

    def __init__(self) -> None:
        self.shipped = self.quarantined = self.lost = self.discovered = self.pending = self.unavailable = 0
        self.skipped_files: Counter[str] = Counter()
        self.rewinds: Counter[str] = Counter()
        self.scans = 0

    def scanned(self, folder: str, scanned: Scanned) -> None:
        self.scans += 1
        if scanned.rewound:
            self.rewinds[scanned.rewound] += 1

    def folder_unavailable(self, folder: str, error: SidecarError) -> None:
        self.unavailable += 1

    def folder_available(self, folder: str) -> None:
        self.unavailable -= 1

    def skipped(self, why: str, count: int) -> None:
        self.skipped_files[why] += count

    def committed(self, receipt: Receipt, quarantined: Sequence[Quarantined], seconds: float) -> None:
        self.shipped += len(receipt.committed)
        self.quarantined += len(quarantined) + len(receipt.refused)

    def position_lost(self, folder: str) -> None:
        self.lost += 1

    def backlog(self, *, discovered: int, pending: int, oldest_ns: int | None) -> None:
        self.discovered, self.pending = discovered, pending

    def ready(self) -> None: ...
    def alive(self) -> None: ...
    def draining(self, pending: int) -> None: ...

    @property
    def conserved(self) -> bool:
        accounted = self.shipped + self.quarantined + sum(self.skipped_files.values()) + self.pending
        return self.discovered == accounted


class _Watcher:
    def __init__(self, watching: Watching) -> None:
        self._watching = watching
        self.times = 0
        self.just_before: Callable[[], object] = lambda: None
        """Done while nothing is watched yet."""

    def watch(self, path: Path, key: str, *, unannounced: bool = False) -> Watching:
        self.times += 1
        self.just_before()
        return self._watching

    def leave(self, key: str) -> None: ...


class Process:
    """One life of a shipper over one folder and one SQLite file, or another sink."""

    def __init__(
        self,
        folder: Path,
        database: Path | Sink,
        clock: ManualClock,
        *,
        name: str = "shipper",
        batch_max_events: int = 1000,
        event_max_bytes: int = 64 * 1024,
        overlap_seconds: float = 2.0,
        scan_seconds: float = 60.0,
        watched: bool = True,
    ) -> None:
        sink = SqliteSink(SqliteDsn(path=str(database))) if isinstance(database, Path) else database
        self.sink = FaultySink(sink)
        self.notices = StepNotices()
        self.tally = Tally()
        limits = FolderLimits(
            event_max_bytes=event_max_bytes, overlap_seconds=overlap_seconds, scan_seconds=scan_seconds
        )
        self.folder = Folder(folder, limits=limits, clock=clock)
        self._clock = clock
        self._give_up = threading.Event()
        retry = Retry(
            RetryPolicy(),
            stop=self._give_up,
            on_failure=lambda attempt: None,
            on_success=lambda: None,
            sleep=lambda seconds: None,
        )
        self._courier = Courier(self.sink, retry, quarantine_max_bytes=1024)
        self.watcher = _Watcher(Watching(announced=watched, limits=limits))
        self.shipper = Shipper(
            name,
            [self.folder],
            courier=self._courier,
            watcher=self.watcher,
            notices=self.notices,
            telemetry=self.tally,
            clock=clock,
            limits=ShipperLimits(batch_max_events=batch_max_events),
            give_up=self._give_up,
        )

    def step(self) -> bool:
        """Let it go on until it would wait. Returns False where it died; it is of no use then."""
        try:
            self.shipper.run()
        except Idle:
            return True
        except Died:
            return False
        return False

    def end(self) -> None:
        self._give_up.set()
        self._courier.close()
        self.folder.let_go()

    def settle(self, rounds: int = 4) -> None:
        """Calm: enough time for every pause, scan and probe."""
        for _ in range(rounds):
            self._clock.passes(120)
            assert self.step()


def make_database(path: Path) -> None:
    sink = SqliteSink(SqliteDsn(path=str(path)))
    sink.migrate()
    sink.close()


def back_up(database: Path, backup: Path) -> None:
    """A consistent copy, as a server's backup is."""
    with sqlite3.connect(database) as source, sqlite3.connect(backup) as copy:
        source.backup(copy)
    source.close()
    copy.close()


def restore(backup: Path, database: Path) -> None:
    """The copy's content in the place of the present one; connections that are open see it."""
    with sqlite3.connect(backup) as source, sqlite3.connect(database) as present:
        source.backup(present)
    source.close()
    present.close()


def rows(database: Path, sql: str, *parameters: object) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(sql, parameters).fetchall()
    finally:
        connection.close()


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
