"""By which index records are walked through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sidecar.answers.filters import parse
from sidecar.answers.search import find
from sidecar.answers.walk import parts
from sidecar.storage.dsn import SqliteDsn
from sidecar.storage.sqlite.database import SqliteDatabase
from sidecar.storage.sqlite.opening import connect
from sidecar.storage.sqlite.sink import SqliteSink
from tests.batches import batch
from tests.events import succeeded


@pytest.fixture
def dsn(tmp_path: Path) -> SqliteDsn:
    made = SqliteDsn(path=str(tmp_path / "sidecar.db"))
    with closing(SqliteSink(made)) as sink:
        sink.migrate()
        sink.commit(batch(sink, *(succeeded(emotion=each) for each in ("sad", "happy", "sad"))))
    return made


@pytest.fixture
def database(dsn: SqliteDsn) -> Iterator[SqliteDatabase]:
    with closing(SqliteDatabase(dsn)) as opened:
        yield opened


def found(database: SqliteDatabase) -> int:
    return len(find(database, parse({"emotion": "sad"}), patience=1.0).records)


def test_sqlite_goes_by_time_whatever_index_the_filter_has(database: SqliteDatabase) -> None:
    [part] = parts(database, None, 1.0)
    sql = f"SELECT id FROM tts_records {part.by_time} WHERE emotion = ? AND {part.where[0][0]} ORDER BY created_at DESC"
    plan = database.query(f"EXPLAIN QUERY PLAN {sql}", ["sad", *part.where[1]])
    assert ["idx_created" in str(step[-1]) for step in plan] == [True]
    assert found(database) == 2


def test_where_the_name_is_another_table_s_index_rows_are_found_all_the_same(
    database: SqliteDatabase, dsn: SqliteDsn
) -> None:
    with closing(connect(dsn, busy_timeout=5.0)) as owner:
        owner.execute("DROP INDEX idx_created")
        owner.execute("CREATE TABLE orders (created_at TEXT)")
        owner.execute("CREATE INDEX idx_created ON orders (created_at)")
    assert found(database) == 2
