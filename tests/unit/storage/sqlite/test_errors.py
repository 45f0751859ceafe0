"""Errors of SQLite, each from a database that really gives it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sidecar.errors import PermanentSinkError, TablesNotReady, TemporarySinkError
from sidecar.storage.sqlite.errors import classify


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "a.db", timeout=0)) as database:
        database.execute("CREATE TABLE events (id TEXT PRIMARY KEY, event TEXT CHECK (json_valid(event)))")
        database.execute("INSERT INTO events VALUES ('1', '{}')")
        database.commit()
        yield database


def refused(database: sqlite3.Connection, sql: str) -> Exception:
    with pytest.raises(sqlite3.Error) as caught:
        database.execute(sql)
    return classify(caught.value, "a.db")


@pytest.mark.parametrize("sql", ["INSERT INTO events VALUES ('1', '{}')", "INSERT INTO events VALUES ('2', '{')"])
def test_what_it_has_against_the_data_is_permanent(database: sqlite3.Connection, sql: str) -> None:
    assert isinstance(refused(database, sql), PermanentSinkError)


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM records", "SELECT name FROM events", "INSERT INTO events (x) VALUES (1)"]
)
def test_missing_tables_and_columns_name_the_command_that_makes_them(database: sqlite3.Connection, sql: str) -> None:
    error = refused(database, sql)
    assert isinstance(error, TablesNotReady)
    assert "sidecar migrate" in error.hint


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT ?"])
def test_wrong_sql_is_a_bug_and_comes_back_as_it_is(database: sqlite3.Connection, sql: str) -> None:
    assert isinstance(refused(database, sql), sqlite3.Error)


def test_a_locked_database_is_temporary(database: sqlite3.Connection, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        error = refused(database, "INSERT INTO events VALUES ('2', '{}')")
    assert isinstance(error, TemporarySinkError)
    assert "a.db" in str(error)
