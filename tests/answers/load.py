"""Puts a generated studio into a database, through the shipper's own sink: the rows are the rows it would write."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from itertools import islice
from typing import Any

from sidecar.dsn import MysqlDsn, SqliteDsn
from sidecar.mysql import MysqlLimits, MysqlSink
from sidecar.sink import Batch, Delivery
from sidecar.sqlite import SqliteSink
from tests.answers.generate import FOLDER, decoded, file_name


def open_sink(dsn: MysqlDsn | SqliteDsn) -> MysqlSink | SqliteSink:
    if isinstance(dsn, SqliteDsn):
        return SqliteSink(dsn)
    return MysqlSink(dsn, MysqlLimits(read_timeout=120.0, statement_bytes=1024 * 1024))


def load(dsn: MysqlDsn | SqliteDsn, documents: Iterable[dict[str, Any]], *, folder: str = FOLDER) -> int:
    """Migrate, then commit the events in batches. Returns how many there were."""
    sink = open_sink(dsn)
    sink.migrate()
    position = sink.open_position("studio", folder)
    rest = iter(documents)
    total = 0
    while part := list(islice(rest, 2000)):
        batch = Batch(
            shipper="studio",
            folder=folder,
            deliveries=[Delivery(event=decoded(item), path=f"{folder}/{file_name(item)}") for item in part],
            quarantined=(),
            position=position,
            recorded_at=datetime.now(timezone.utc),
        )
        sink.commit(batch)
        total += len(part)
    sink.close()
    return total
