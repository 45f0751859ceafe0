"""Reading and maintaining the tables of the embedded database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from typing import Any, Literal, TypeVar

from sidecar.storage.columns import COLUMNS, PROCESS_COLUMNS, Kind
from sidecar.storage.database import Parameter, Row
from sidecar.storage.dsn import SqliteDsn
from sidecar.storage.said import PREFERENCE_COLUMNS, TAG_COLUMNS
from sidecar.storage.scores import SCORE_COLUMNS
from sidecar.storage.sqlite.opening import connect, explained

T = TypeVar("T")

_TIME_LENGTH = len("2026-11-22 10:15:42.318207")
_TABLES = (COLUMNS, PROCESS_COLUMNS, SCORE_COLUMNS, TAG_COLUMNS, PREFERENCE_COLUMNS)
_TIME_COLUMNS = frozenset(
    [
        *(column.name for table in _TABLES for column in table if column.kind is Kind.TIME),
        *("time", "recorded_at", "updated_at", "first_seen_at", "last_seen_at"),  # of the other tables
    ]
)


class SqliteDatabase:
    """
    Args:
        dsn: where the file is; it must exist.
        only_read: whether statements that would change something are refused.

    Raises:
        TablesNotReady: there is no such file.
        TemporarySinkError: this user may not open it.
    """

    dialect: Literal["mysql", "sqlite"] = "sqlite"

    def __init__(self, dsn: SqliteDsn, *, busy_timeout: float = 5.0, only_read: bool = False) -> None:
        self._dsn = dsn
        self._connection = connect(dsn, busy_timeout=busy_timeout)
        if only_read:
            self.query("PRAGMA query_only = 1")

    def query(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[Row]:
        return list(self.stream(sql, parameters))

    def columns(self, sql: str, parameters: Sequence[Parameter] = ()) -> tuple[list[str], list[Row]]:
        cursor = self._execute(sql, parameters)
        names = [column[0] for column in cursor.description or ()]
        return names, list(_read(cursor))

    def stream(self, sql: str, parameters: Sequence[Parameter] = ()) -> Iterator[Row]:
        return _read(self._execute(sql, parameters))

    def execute(self, sql: str, parameters: Sequence[Parameter] = ()) -> int:
        return self._execute(sql, parameters).rowcount

    def alone(self, work: Callable[[], T]) -> T:
        self._execute("BEGIN IMMEDIATE", ())
        try:
            result = work()
            self._execute("COMMIT", ())
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return result

    def close(self) -> None:
        self._connection.close()

    def _execute(self, sql: str, parameters: Sequence[Parameter]) -> sqlite3.Cursor:
        try:
            texts = [time_text(value) if isinstance(value, datetime) else value for value in parameters]
            return self._connection.execute(sql, texts)
        except sqlite3.Error as error:
            raise explained(error, self._dsn) from error


def _read(cursor: sqlite3.Cursor) -> Iterator[Row]:
    names = [column[0] for column in cursor.description or ()]
    times = [index for index, name in enumerate(names) if name in _TIME_COLUMNS]
    for row in cursor:
        if times:
            values = list(row)
            for index in times:
                if values[index] is not None:
                    values[index] = _time(values[index])
            yield tuple(values)
        else:
            yield row


def _time(value: Any) -> Any:
    if isinstance(value, str) and len(value) == _TIME_LENGTH:
        return datetime.fromisoformat(f"{value}+00:00")
    return value


def time_text(value: datetime) -> str:
    """SQLite has no time type: text that sorts, and that its own time functions read."""
    return value.astimezone(timezone.utc).replace(tzinfo=None).isoformat(" ", "microseconds")
