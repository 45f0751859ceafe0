"""The same as backlog and latency, into one SQLite file, as who has no server has it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sidecar.event.event import Event
from sidecar.storage.projection import BASE, project
from tests.benchmarks import dataset, peers, process
from tests.benchmarks.context import Context
from tests.benchmarks.latency import PER_SECOND, at_rest, measure, rest_row
from tests.benchmarks.measure import Row, percentile
from tests.servers import sqlite_url
from tests.servers.instance import free_port

_BARE_RATIO = 0.8
_MEDIAN_EXTRA_MS = 2.0
_ARTICLE_TABLE = "CREATE TABLE article_records (text_input TEXT, emotion TEXT, audio_path TEXT, duration REAL)"
_ROWS_A_STATEMENT = 500  # SQLite takes 32,766 parameters
_STATEMENTS_A_TRANSACTION = 2


def sqlite(context: Context) -> list[Row]:
    count = context.count("SQLITE_FILES", full=100_000, small=5_000)
    return [*_backlog(context, count), *_latency(context)]


def _backlog(context: Context, count: int) -> Iterator[Row]:
    folder = context.folder / "sqlite-backlog"
    size = dataset.write(folder, dataset.small, count)
    raws = [dataset.small(number) for number in range(count)]
    ours: list[float] = []
    bare: list[float] = []
    resident: list[float] = []
    for number in range(context.rounds):
        context.progress(f"SQLite, backlog of {count:,} events, round {number + 1} of {context.rounds}")
        file = context.folder / f"round-{number}.db"
        run = process.catch_up(sqlite_url(file), folder, context.empty_folder)
        with closing(sqlite3.connect(file)) as connection:
            ((there,),) = connection.execute("SELECT COUNT(*) FROM tts_records")
        assert there == count
        ours.append(count / run.seconds)
        resident.append(round(run.max_resident_bytes / 1e6, 1))
        other = context.folder / f"bare-{number}.db"
        process.migrate(sqlite_url(other))
        with closing(_opened(other)) as connection:
            bare.append(count / _inserted(connection, raws))
        for path in (*context.folder.glob(f"{file.name}*"), *context.folder.glob(f"{other.name}*")):
            path.unlink()
    yield Row(
        what=f"backlog of {count:,} files of {size} bytes into one SQLite file",
        unit="events/s",
        ours=ours,
        against=f"the same rows of both tables rendered beforehand, INSERTs of {_ROWS_A_STATEMENT} rows",
        theirs=bare,
        at_least=_BARE_RATIO,
        steady=False,  # it is missed by more than half, which README.md says, and is no news
        details={"max_rss_mb": resident},
    )


def _opened(file: Path) -> sqlite3.Connection:
    """As durable as the shipper's own."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _inserted(connection: sqlite3.Connection, raws: Sequence[bytes]) -> float:
    """Seconds that the statements and commits took."""
    statements = list(_rendered(raws))
    began = time.monotonic()
    for first in range(0, len(statements), _STATEMENTS_A_TRANSACTION):
        connection.execute("BEGIN IMMEDIATE")
        for events, records in statements[first : first + _STATEMENTS_A_TRANSACTION]:
            connection.execute(*events)
            connection.execute(*records)
        connection.execute("COMMIT")
    return time.monotonic() - began


_Statement = tuple[str, list[Any]]


def _rendered(raws: Sequence[bytes]) -> Iterator[tuple[_Statement, _Statement]]:
    for first in range(0, len(raws), _ROWS_A_STATEMENT):
        events = [Event.decode(raw) for raw in raws[first : first + _ROWS_A_STATEMENT]]
        records = [row for event in events for fold, row in project(event) if fold is BASE]
        yield (
            _multi_row("tts_events", peers.EVENT_COLUMNS, [peers.event_row(event) for event in events]),
            _multi_row("tts_records", ", ".join(BASE.columns), records),
        )


def _multi_row(table: str, columns: str, rows: Sequence[Sequence[Any]]) -> _Statement:
    marks = ", ".join("?" * len(rows[0]))
    sql = f"INSERT INTO {table} ({columns}) VALUES {', '.join([f'({marks})'] * len(rows))}"
    return sql, [_text(value) if isinstance(value, datetime) else value for row in rows for value in row]


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def _latency(context: Context) -> Iterator[Row]:
    count = context.scale(400, 40)
    ours, bare, rest = [], [], []
    for number in range(context.rounds):
        context.progress(f"SQLite, latency of {count} events, round {number + 1} of {context.rounds}")
        folder = context.folder / f"sqlite-latency-{number}"
        folder.mkdir()
        file = context.folder / f"latency-{number}.db"
        process.migrate(sqlite_url(file))
        other = context.folder / f"article-{number}.db"
        with (
            process.shipping(sqlite_url(file), folder, free_port()) as shipper,
            closing(sqlite3.connect(file, isolation_level=None)) as seen,
            closing(_opened(other)) as article,
        ):
            shipper.wait_until_ready()
            article.execute(_ARTICLE_TABLE)
            delivered, inserted = measure(folder, partial(_is_there, seen), partial(_insert, article), count)
            rest.append(at_rest(shipper.pid, folder, count))
        ours.append(percentile(delivered, 0.5))
        bare.append(percentile(inserted, 0.5))
    yield Row(
        what=f"delivery of {count} events into SQLite, {PER_SECOND} a second, file published to row visible, p50",
        unit="ms",
        ours=ours,
        against="a bare INSERT and COMMIT into a file of its own, p50",
        theirs=bare,
        at_most=_MEDIAN_EXTRA_MS,
        difference=True,
    )
    yield rest_row(rest, "sqlite")


def _is_there(connection: sqlite3.Connection, event_id: str) -> bool:
    return connection.execute("SELECT 1 FROM tts_records WHERE event_id = ?", (event_id,)).fetchone() is not None


def _insert(connection: sqlite3.Connection, event: Event) -> None:
    data = event.data
    connection.execute(
        "INSERT INTO article_records VALUES (?, ?, ?, ?)",
        (data["text"], data["emotion"]["label"], data["audio"]["path"], data["audio"]["duration"]),
    )
