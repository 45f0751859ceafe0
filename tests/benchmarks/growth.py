"""What an event costs the server as the tables grow."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection

from sidecar.cli.support.databases import open_sink
from sidecar.event.event import Event
from sidecar.service.settings import Settings
from sidecar.storage.mysql.rows import render
from sidecar.storage.sink import Batch, Delivery, Position
from tests.benchmarks import dataset
from tests.benchmarks.context import Context
from tests.benchmarks.measure import Row

_BATCH = 1000
MOST = 1.5
COSTS = "us_an_event_by_part"
_NO_POSITION = Position(identity="", ctime_ns=0, files=0, revision=0)


def growth(context: Context) -> list[Row]:
    """Rows go through the shipper's own sink, rendered beforehand by another process; only the commits count."""
    rows = context.count("GROWTH_ROWS", full=5_000_000, small=6_000)
    part = context.scale(100_000, 2_000)
    costs: list[float] = []
    with context.database() as database, _batches(rows) as batches:
        settings = Settings(database_url=context.server.url(database), name="growth", read_timeout=60)
        sink = open_sink(settings)
        sink.migrate()
        sink.open_position("growth", "/outputs")
        for first in range(0, rows, part):
            seconds = 0.0
            for _ in range(first, first + part, _BATCH):
                batch = batches.recv()
                started = time.monotonic()
                sink.commit(batch)
                seconds += time.monotonic() - started
            costs.append(seconds / part * 1e6)
            context.progress(f"growth: {first + part:,} rows, {costs[-1]:.0f} us an event")
        sink.close()
    last = sorted(costs[-3:])[len(costs[-3:]) // 2]  # of the last three, the middle one
    return [
        Row(
            what=f"an event's cost after {rows:,} rows",
            unit="us",
            ours=[last],
            against=f"the first {part:,}",
            theirs=[costs[0]],
            at_most=MOST if not context.small else None,
            details={"rows_a_part": part, COSTS: [round(cost, 1) for cost in costs]},
        )
    ]


@contextmanager
def _batches(rows: int) -> Iterator[Connection]:
    """A pipe of batches to commit."""
    here, there = multiprocessing.Pipe(duplex=False)
    maker = multiprocessing.get_context("spawn").Process(target=_make, args=(there, rows), daemon=True)
    maker.start()
    there.close()
    try:
        yield here
    finally:
        maker.kill()
        maker.join()


def _make(pipe: Connection, rows: int) -> None:
    for first in range(0, rows, _BATCH):
        pipe.send(_batch(first))


def _batch(first: int) -> Batch:
    deliveries = []
    for number in range(first, first + _BATCH):
        event = Event.decode(dataset.small(number))
        deliveries.append(Delivery(event=event, path=f"/outputs/spk_{number:08}.wav.json"))
    return Batch(
        shipper="growth",
        folder="/outputs",
        deliveries=deliveries,
        quarantined=(),
        position=_NO_POSITION,
        recorded_at=dataset.BEGIN + timedelta(milliseconds=first),
        rendered=render(deliveries),
    )
