"""The database that the settings name, as the shipper and as people use it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from sidecar.service.settings import Settings
from sidecar.storage.database import Database
from sidecar.storage.dsn import SqliteDsn

if TYPE_CHECKING:
    from sidecar.storage.mysql.sink import MysqlSink
    from sidecar.storage.sqlite.sink import SqliteSink

_PATIENCE_SECONDS = 600.0  # a person's query over millions of rows
_VISITOR_SECONDS = 20  # a query for somebody who waits before a page


def open_sink(settings: Settings) -> MysqlSink | SqliteSink:
    dsn = settings.dsn
    if isinstance(dsn, SqliteDsn):
        from sidecar.storage.sqlite.sink import SqliteSink

        return SqliteSink(dsn)
    from sidecar.storage.mysql.connection import MysqlLimits
    from sidecar.storage.mysql.sink import MysqlSink

    limits = MysqlLimits(
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        statement_bytes=settings.statement_bytes,
    )
    return MysqlSink(dsn, limits)


def open_database(settings: Settings) -> Database:
    """
    Raises:
        TablesNotReady: the embedded database's file does not exist.
    """
    return _opened(settings, for_visitors=False)


def open_for_visitors(settings: Settings) -> Database:
    """Whatever the account may do, this connection changes nothing, and on a server none of its queries runs for long.

    Raises:
        TablesNotReady: the embedded database's file does not exist.
    """
    return _opened(settings, for_visitors=True)


def _opened(settings: Settings, *, for_visitors: bool) -> Database:
    dsn = settings.dsn
    if isinstance(dsn, SqliteDsn):
        from sidecar.storage.sqlite.database import SqliteDatabase

        return SqliteDatabase(dsn, busy_timeout=settings.lock_wait_seconds, only_read=for_visitors)
    from sidecar.storage.mysql.connection import MysqlLimits
    from sidecar.storage.mysql.database import MysqlDatabase

    limits = MysqlLimits(
        connect_timeout=settings.connect_timeout,
        read_timeout=_PATIENCE_SECONDS,
        lock_wait=settings.lock_wait_seconds,
    )
    return MysqlDatabase(dsn, replace(limits, only_read_for=_VISITOR_SECONDS) if for_visitors else limits)


@contextmanager
def connected(settings: Settings) -> Iterator[Database]:
    """The same for a `with`, at whose end it is closed."""
    with closing(open_database(settings)) as database:
        yield database
