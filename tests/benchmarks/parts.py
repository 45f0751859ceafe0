"""Where the reading thread's microseconds go, part by part, on one core with nothing else to do."""

from __future__ import annotations

import gc
import hashlib
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import orjson

from sidecar.event.event import Event
from sidecar.service.metrics.catalogue import Metrics
from sidecar.shipping.courier import Receipt
from sidecar.shipping.folder import Folder
from sidecar.shipping.limits import FolderLimits
from sidecar.storage.mysql.rows import render
from sidecar.storage.projection import project
from sidecar.storage.sink import Delivery, Position
from tests.benchmarks import dataset
from tests.benchmarks.context import Context
from tests.benchmarks.measure import Row

T = TypeVar("T")
_REPEATS = 5
_BATCH = 1000
_START = Position(identity="", ctime_ns=0, files=0, revision=0)


def parts(context: Context) -> list[Row]:
    count = context.scale(10_000, 2_000)
    return [row for make in (dataset.small, dataset.large) for row in _parts(context, make, count)]


def _parts(context: Context, make: dataset.Maker, count: int) -> list[Row]:
    path = context.folder / f"parts-{make.__name__}"
    size = dataset.write(path, make, count)
    raws = [make(number) for number in range(count)]
    events = [Event.decode(raw) for raw in raws]
    deliveries = [Delivery(event=event, path=f"/outputs/{event.id}.wav.json") for event in events]
    gc.freeze()

    def listed() -> Folder:
        folder = Folder(path, limits=FolderLimits())
        folder.open(_START, set())
        folder.reconcile()
        return folder

    def take_all(folder: Folder) -> None:
        while folder.take() is not None:
            pass

    def render_all() -> None:
        for first in range(0, count, _BATCH):
            render(deliveries[first : first + _BATCH])

    def count_all(metrics: Metrics) -> None:
        for first in range(0, count, _BATCH):
            receipt = Receipt(position=_START)
            receipt.committed.extend(deliveries[first : first + _BATCH])
            metrics.committed(receipt, (), 0.01)

    costs = {
        "list: scandir, stat, sort": _best(lambda: None, lambda _: listed(), count),
        "take: open, read, decode, settle": _best(listed, take_all, count),
        "  of it, decode: parse, validate, hash": _each(Event.decode, raws),
        "    of it, parse": _each(orjson.loads, raws),
        "    of it, SHA-256": _each(lambda raw: hashlib.sha256(raw).hexdigest(), raws),
        "render: project, serialize": _best(lambda: None, lambda _: render_all(), count),
        "  of it, project": _each(lambda event: list(project(event)), events),
        "count: the metrics of committed events": _best(Metrics, count_all, count),
    }
    return [
        Row(what=f"{size} bytes: {name}", unit="us an event", ours=[cost], against="") for name, cost in costs.items()
    ]


def _each(function: Callable[[T], object], items: Sequence[T]) -> float:
    def run(_: None) -> None:
        for item in items:
            function(item)

    return _best(lambda: None, run, len(items))


def _best(prepare: Callable[[], T], run: Callable[[T], object], count: int) -> float:
    """Microseconds an item, of the best of a few repeats: the others met somebody else's work."""
    best = float("inf")
    threshold = gc.get_threshold()
    gc.set_threshold(100_000)  # as `sidecar run` does
    for _ in range(_REPEATS):
        prepared = prepare()
        started = time.perf_counter()
        run(prepared)
        best = min(best, time.perf_counter() - started)
    gc.set_threshold(*threshold)
    return best / count * 1e6
