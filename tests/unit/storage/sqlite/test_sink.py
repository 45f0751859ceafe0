"""What the embedded sink asks SQLite to compile: the driver keeps each text that it has seen, a hundred of them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sidecar.storage.dsn import SqliteDsn
from sidecar.storage.sqlite import sink as sinks
from sidecar.storage.sqlite.sink import SqliteSink
from tests.batches import batch
from tests.events import succeeded

SIZES = (1, 2, 7, 99, 100, 101, 250)


def test_batches_of_any_size_are_inserted_by_two_statements_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: set[str] = set()
    execute = sinks._Transaction.execute

    def listening(self: Any, sql: str, parameters: Any = ()) -> int:
        texts.add(sql)
        return execute(self, sql, parameters)

    monkeypatch.setattr(sinks._Transaction, "execute", listening)
    sink = SqliteSink(SqliteDsn(path=str(tmp_path / "sidecar.db")))
    sink.migrate()
    for size in SIZES:
        sink.commit(batch(sink, *(succeeded(f"{size}, {number}") for number in range(size))))
    sink.close()
    with closing(sqlite3.connect(tmp_path / "sidecar.db")) as connection:
        for table in ("tts_events", "tts_records"):
            assert len([text for text in texts if text.startswith(f"INSERT INTO {table} ")]) == 2
            assert connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (sum(SIZES),)
