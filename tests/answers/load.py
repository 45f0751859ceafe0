"""Puts a generated studio into a database, through the shipper's own sink: the rows are the rows it would write."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any

from sidecar.storage.dsn import MysqlDsn, SqliteDsn
from sidecar.storage.mysql.connection import MysqlLimits
from sidecar.storage.mysql.sink import MysqlSink
from sidecar.storage.sink import Batch, Delivery
from sidecar.storage.sqlite.sink import SqliteSink
from tests.answers.generate import FOLDER, Studio, decoded, file_name

_BATCH = 2000


def open_sink(dsn: MysqlDsn | SqliteDsn) -> MysqlSink | SqliteSink:
    if isinstance(dsn, SqliteDsn):
        return SqliteSink(dsn)
    return MysqlSink(dsn, MysqlLimits(read_timeout=120.0, statement_bytes=1024 * 1024))


def load(
    dsn: MysqlDsn | SqliteDsn, documents: Iterable[dict[str, Any]], *, folder: str = FOLDER, migrate: bool = True
) -> int:
    """Commit the events in batches. Returns how many there were.

    Args:
        migrate: make the tables first; the account may.
    """
    return _commit(dsn, ((part, None) for part in _deliveries(documents, folder)), folder, migrate=migrate)


def load_studio(dsn: MysqlDsn | SqliteDsn, count: int) -> int:
    """As load, of a new studio with so many syntheses; another process makes and renders the events meanwhile."""
    here, there = multiprocessing.Pipe(duplex=False)
    maker = multiprocessing.get_context("spawn").Process(target=_make, args=(there, dsn, count), daemon=True)
    maker.start()
    there.close()
    try:
        return _commit(dsn, _received(here), FOLDER, migrate=True)
    finally:
        maker.kill()
        maker.join()


def _make(pipe: Connection, dsn: MysqlDsn | SqliteDsn, count: int) -> None:
    sink = open_sink(dsn)
    for part in _deliveries(Studio(count).events(), FOLDER):
        pipe.send((part, sink.render(part)))
    pipe.close()


def _received(pipe: Connection) -> Iterator[tuple[list[Delivery], object]]:
    with contextlib.suppress(EOFError):
        while True:
            yield pipe.recv()


def _deliveries(documents: Iterable[dict[str, Any]], folder: str) -> Iterator[list[Delivery]]:
    rest = iter(documents)
    while part := list(islice(rest, _BATCH)):
        yield [Delivery(event=decoded(item), path=f"{folder}/{file_name(item)}") for item in part]


def _commit(
    dsn: MysqlDsn | SqliteDsn, parts: Iterable[tuple[list[Delivery], object]], folder: str, *, migrate: bool
) -> int:
    sink = open_sink(dsn)
    if migrate:
        sink.migrate()
    position = sink.open_position("studio", folder)
    total = 0
    for part, rendered in parts:
        sink.commit(
            Batch(
                shipper="studio",
                folder=folder,
                deliveries=part,
                quarantined=(),
                position=position,
                recorded_at=datetime.now(timezone.utc),
                rendered=rendered,
            )
        )
        total += len(part)
    sink.close()
    return total
