"""Catching up: a folder full of event files, and how many a second become rows."""

from __future__ import annotations

import statistics
from pathlib import Path

from tests.benchmarks import dataset, peers, process
from tests.benchmarks.context import Context
from tests.benchmarks.measure import Row, cpu_seconds

_ARTICLE_ROWS = 4_000
_CEILING_RATIO = 0.9
_ARTICLE_RATIO = 8.0


def backlog(context: Context) -> list[Row]:
    rows = _backlog(context, "small", dataset.small, context.scale(100_000, 10_000), everything=True)
    return rows + _backlog(context, "large", dataset.large, context.scale(30_000, 4_000), everything=False)


def _backlog(context: Context, size_name: str, make: dataset.Maker, count: int, *, everything: bool) -> list[Row]:
    folder = context.folder / f"backlog-{size_name}"
    size = dataset.write(folder, make, count)
    raws = [make(number) for number in range(count)]
    article = raws[: context.scale(_ARTICLE_ROWS, 1_000)]
    ours: list[float] = []
    ceiling: list[float] = []
    one_by_one: list[float] = []
    details: dict[str, list[float]] = {"shipper_cpu_us_per_event": [], "server_cpu_us_per_event": [], "max_rss_mb": []}
    for number in range(context.rounds):
        context.progress(f"backlog of {count:,} {size_name} events, round {number + 1} of {context.rounds}")
        # Who goes first changes from round to round: the server's later rounds find warmer or dirtier caches.
        for turn in (_ceiling, _shipper) if number % 2 else (_shipper, _ceiling):
            turn(context, folder, raws, ours, ceiling, details)
        if everything:
            with context.database() as database, context.server.connect(database, context.server.owner) as connection:
                one_by_one.append(len(article) / peers.one_insert_a_row(connection, article))
    what = f"backlog of {count:,} files of {size} bytes"
    medians = {name: round(statistics.median(values), 1) for name, values in details.items()}
    rows = [
        Row(
            what=what,
            unit="events/s",
            ours=ours,
            against="ceiling: the same rows rendered beforehand, multi-row upserts, one connection",
            theirs=ceiling,
            at_least=_CEILING_RATIO,
            details=medians,
        )
    ]
    if everything:
        rows.append(
            Row(
                what=what,
                unit="events/s",
                ours=ours,
                against="one INSERT and COMMIT a row",
                theirs=one_by_one,
                at_least=_ARTICLE_RATIO,
                steady=False,  # its rate is the disk's flushes: 350 a second on a busy disk, 3,000 on a quiet one
            )
        )
    return rows


def _ceiling(
    context: Context,
    _folder: Path,
    raws: list[bytes],
    _ours: list[float],
    ceiling: list[float],
    _details: dict[str, list[float]],
) -> None:
    with context.database() as database:
        process.migrate(context.server.url(database))
        with context.server.connect(database, context.server.owner) as connection:
            ceiling.append(len(raws) / peers.ceiling(connection, raws))
            assert peers.count(connection, "tts_records") == len(raws)


def _shipper(
    context: Context,
    folder: Path,
    raws: list[bytes],
    ours: list[float],
    _ceiling: list[float],
    details: dict[str, list[float]],
) -> None:
    with context.database() as database:
        url = context.server.url(database)
        process.migrate(url)
        idle = process.ship_once(url, context.empty_folder, {"NAME": "idle"})
        server_before = cpu_seconds(context.server.pid)
        run = process.ship_once(url, folder)
        server_cpu = cpu_seconds(context.server.pid) - server_before
        with context.server.connect(database) as connection:
            assert peers.count(connection, "tts_events") == len(raws)
            assert peers.count(connection, "tts_records") == len(raws)
    ours.append(len(raws) / (run.seconds - idle.seconds))
    details["shipper_cpu_us_per_event"].append((run.cpu_seconds - idle.cpu_seconds) / len(raws) * 1e6)
    details["server_cpu_us_per_event"].append(server_cpu / len(raws) * 1e6)
    details["max_rss_mb"].append(run.max_resident_bytes / 1e6)
