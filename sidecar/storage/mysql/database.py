"""Reading and maintaining the tables on a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from typing import Any, Literal, TypeVar

import pymysql
from pymysql.cursors import Cursor, SSCursor

from sidecar.errors import TemporarySinkError
from sidecar.storage.database import Parameter, Row
from sidecar.storage.dsn import MysqlDsn
from sidecar.storage.mysql.connection import Link, MysqlLimits
from sidecar.storage.mysql.errors import classify, was_undone
from sidecar.storage.mysql.holders import LOCK_WAIT_TIMEOUT, held

T = TypeVar("T")

_ATTEMPTS = 10  # of a transaction that loses against another one's


class MysqlDatabase:
    """
    Args:
        dsn: where the database is.
        limits: timeouts; a long query wants a longer read_timeout than the shipper's.
    """

    dialect: Literal["mysql", "sqlite"] = "mysql"

    def __init__(self, dsn: MysqlDsn, limits: MysqlLimits | None = None) -> None:
        self._dsn = dsn
        self._link = Link(dsn, limits or MysqlLimits())
        self._alone = False

    def query(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[Row]:
        return self.columns(sql, parameters)[1]

    def columns(self, sql: str, parameters: Sequence[Parameter] = ()) -> tuple[list[str], list[Row]]:
        try:
            connection = self._link.connected()
            with connection.cursor() as cursor:
                execute(cursor, sql, parameters)
                names = [column[0] for column in cursor.description or ()]
                rows = [utc(row) for row in cursor.fetchall()]
            self._commit()  # the next query sees what was committed meanwhile
            return names, rows
        except (pymysql.Error, OSError) as error:
            raise self._undone(error) from error

    def stream(self, sql: str, parameters: Sequence[Parameter] = ()) -> Iterator[Row]:
        try:
            connection = self._link.connected()
            with connection.cursor(SSCursor) as cursor:
                execute(cursor, sql, parameters)
                while row := cursor.fetchone():
                    yield utc(row)
            connection.commit()
        except (pymysql.Error, OSError) as error:
            raise self._undone(error) from error

    def execute(self, sql: str, parameters: Sequence[Parameter] = ()) -> int:
        try:
            connection = self._link.connected()
            with connection.cursor() as cursor:
                changed = execute(cursor, sql, parameters)
            self._commit()
            return changed
        except (pymysql.Error, OSError) as error:
            raise self._undone(error) from error

    def alone(self, work: Callable[[], T]) -> T:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._alone_once(work)
            except TemporarySinkError as error:  # noqa: PERF203 - an attempt is a transaction
                if attempt == _ATTEMPTS or not was_undone(error.__cause__):
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _alone_once(self, work: Callable[[], T]) -> T:
        self._alone = True
        try:
            # Every commit of a shipper begins with its position. Written, not only locked: of a cluster's nodes, the
            # one that is asked knows of no other's locks, and a write of the same row by two of them undoes one.
            # Not the revision: one that rises without a commit would hide from the shipper that a backup was restored.
            self.execute("UPDATE sidecar_positions SET updated_at = TIMESTAMPADD(MICROSECOND, 1, updated_at)")
            result = work()
            self._link.connected().commit()
        except (pymysql.Error, OSError) as error:
            raise self._undone(error) from error
        except BaseException:
            self._link.roll_back()
            raise
        finally:
            self._alone = False
        return result

    def _undone(self, error: BaseException) -> BaseException:
        """Our error for the driver's, once what is open has been undone."""
        self._link.roll_back()
        translated = classify(error, str(self._dsn))
        return held(str(translated), self.query) if error.args[:1] == (LOCK_WAIT_TIMEOUT,) else translated

    def _commit(self) -> None:
        if not self._alone:
            self._link.connected().commit()

    def close(self) -> None:
        self._link.give_up()


def execute(cursor: Cursor, sql: str, parameters: Sequence[Parameter]) -> int:
    """Have a statement with ? for each parameter executed. Returns the number of rows changed, or found."""
    marked = sql.replace("%", "%%").replace("?", "%s") if parameters else sql
    return cursor.execute(marked, [_parameter(value) for value in parameters] if parameters else None)


def _parameter(value: Parameter) -> Any:
    return value.astimezone(timezone.utc).replace(tzinfo=None) if isinstance(value, datetime) else value


def utc(row: Sequence[Any]) -> Row:
    return tuple(value.replace(tzinfo=timezone.utc) if isinstance(value, datetime) else value for value in row)
