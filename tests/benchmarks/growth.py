"""What an event costs the server as the tables grow."""

from __future__ import annotations

import time
from datetime import timedelta

from pydantic import SecretStr

from sidecar.cli.databases import open_sink
from sidecar.config import Settings
from sidecar.event import Event
from sidecar.sink import Batch, Delivery, Position, Sink
from tests.benchmarks import dataset
from tests.benchmarks.context import Context
from tests.benchmarks.measure import Row

_BATCH = 1000
MOST = 1.5
COSTS = "us_an_event_by_part"
_NO_POSITION = Position(identity="", ctime_ns=0, files=0, revision=0)


def growth(context: Context) -> list[Row]:
    """Rows go through the shipper's own sink, rendered beforehand; only the commits count."""
    rows = context.count("GROWTH_ROWS", full=1_000_000, small=6_000)
    part = context.scale(100_000, 2_000)
    costs: list[float] = []
    with context.database() as database:
        settings = Settings(database_url=SecretStr(context.server.url(database)), name="growth", read_timeout=60)
        sink = open_sink(settings)
        sink.migrate()
        sink.open_position("growth", "/outputs")
        for first in range(0, rows, part):
            seconds = 0.0
            for number in range(first, first + part, _BATCH):
                seconds += _commit(sink, number)
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


def _commit(sink: Sink, first: int) -> float:
    deliveries = []
    for number in range(first, first + _BATCH):
        event = Event.decode(dataset.small(number))
        deliveries.append(Delivery(event=event, path=f"/outputs/spk_{number:08}.wav.json"))
    batch = Batch(
        shipper="growth",
        folder="/outputs",
        deliveries=deliveries,
        quarantined=(),
        position=_NO_POSITION,
        recorded_at=dataset.BEGIN + timedelta(milliseconds=first),
        rendered=sink.render(deliveries),
    )
    started = time.monotonic()
    sink.commit(batch)
    return time.monotonic() - started
