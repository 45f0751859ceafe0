"""Delivery: from an event file's publication to its row, one event at a time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pymysql.connections import Connection
from pymysql.cursors import Cursor

from sidecar.event.event import Event
from tests.benchmarks import dataset, peers, process
from tests.benchmarks.context import Context
from tests.benchmarks.measure import Row, percentile, resident_bytes
from tests.servers.instance import free_port

PER_SECOND = 20
_MEDIAN_EXTRA_MS = 3.0
_WORST_EXTRA_MS = 20.0
_DEADLINE_SECONDS = 30.0
_GLANCE_SECONDS = 0.0003
_BURST = 1000
"""Files at once, after which a shipper is looked at that has nothing to do."""
_REST_SECONDS = 3.0
_REST_MEGABYTES = 45.0


def latency(context: Context) -> list[Row]:
    count = context.scale(400, 40)
    ours: list[list[float]] = []
    bare: list[list[float]] = []
    rest = []
    for number in range(context.rounds):
        context.progress(f"latency of {count} events, {PER_SECOND} a second, round {number + 1} of {context.rounds}")
        folder = context.folder / f"latency-{number}"
        folder.mkdir()
        with context.database() as database:
            url = context.server.url(database)
            process.migrate(url)
            with (
                process.shipping(url, folder, free_port()) as shipper,
                context.server.connect(database, context.server.owner) as connection,
            ):
                shipper.wait_until_ready()
                delivered, inserted = _measure(folder, connection, count)
                rest.append(at_rest(shipper.pid, folder, count))
        ours.append(delivered)
        bare.append(inserted)
    what = f"delivery of {count} events, {PER_SECOND} a second, file published to row visible"
    return [
        Row(
            what=f"{what}, {name}",
            unit="ms",
            ours=[percentile(values, share) for values in ours],
            against=f"a bare INSERT and COMMIT on the same server, {name}",
            theirs=[percentile(values, share) for values in bare],
            at_most=most,
            difference=True,
        )
        for name, share, most in (("p50", 0.5, _MEDIAN_EXTRA_MS), ("p99", 0.99, _WORST_EXTRA_MS))
    ] + [rest_row(rest, context.server.kind)]


def _measure(folder: Path, connection: Connection[Cursor], count: int) -> tuple[list[float], list[float]]:
    with connection.cursor() as cursor:
        cursor.execute(peers.ARTICLE_TABLE)
        connection.autocommit(True)
        return measure(folder, seen_by(cursor), partial(peers.insert, cursor), count)


def measure(
    folder: Path, seen: Callable[[str], bool], insert: Callable[[Event], None], count: int
) -> tuple[list[float], list[float]]:
    """Milliseconds of each delivery, and of each bare INSERT and COMMIT between them."""
    delivered, inserted = [], []
    for number in range(count):
        tick = time.monotonic()
        raw = dataset.small(number)
        delivered.append(deliver(folder, seen, number, raw) * 1000)
        event = Event.decode(raw)
        started = time.monotonic()
        insert(event)
        inserted.append((time.monotonic() - started) * 1000)
        time.sleep(max(0.0, tick + 1 / PER_SECOND - time.monotonic()))
    return delivered, inserted


def at_rest(pid: int, folder: Path, count: int) -> float:
    """Megabytes that a shipper holds after a burst of files, when it has nothing to do.

    Args:
        count: files that it has shipped already.
    """
    for number in range(count, count + _BURST):
        publish(folder, number, dataset.small(number))
    time.sleep(_REST_SECONDS)
    return resident_bytes(pid) / 1e6


def rest_row(ours: list[float], kind: str) -> Row:
    what = f"a shipper at rest after a burst of {_BURST:,} files, resident memory, {kind}"
    return Row(what=what, unit="MB", ours=ours, against="", at_most=_REST_MEGABYTES)


def seen_by(cursor: Cursor) -> Callable[[str], bool]:
    """Whether a server has a record of an event."""
    return lambda event_id: bool(cursor.execute("SELECT 1 FROM tts_records WHERE event_id = %s", (event_id,)))


def deliver(folder: Path, seen: Callable[[str], bool], number: int, raw: bytes) -> float:
    """Seconds from the publication of the dataset's event of that number until its row is seen."""
    event_id = dataset.event_id(number)
    started = publish(folder, number, raw)
    while time.monotonic() < started + _DEADLINE_SECONDS:
        if seen(event_id):
            return time.monotonic() - started
        time.sleep(_GLANCE_SECONDS)
    raise TimeoutError(f"event {number} did not arrive")


def publish(folder: Path, number: int, raw: bytes) -> float:
    """Let an event file appear as the recorder does. Returns the moment, of the monotonic clock, just before it did."""
    hidden = folder / f".{number}.tmp"
    with hidden.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    moment = time.monotonic()
    os.link(hidden, folder / f"spk_{number}.wav.json")
    hidden.unlink()
    return moment
