"""The database that the settings name, as the shipper and as people use it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from sidecar.service.settings import Settings
from sidecar.storage.database import Database
from sidecar.storage.dsn import SqliteDsn
from sidecar.storage.mysql import MysqlDatabase, MysqlLimits, MysqlSink
from sidecar.storage.sqlite import SqliteDatabase, SqliteSink

_PATIENCE_SECONDS = 600.0  # a person's query over millions of rows
_VISITOR_SECONDS = 20  # a query for somebody who waits before a page


def open_sink(settings: Settings) -> MysqlSink | SqliteSink:
    dsn = settings.dsn
    if isinstance(dsn, SqliteDsn):
        return SqliteSink(dsn)
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
    dsn = settings.dsn
    if isinstance(dsn, SqliteDsn):
        return SqliteDatabase(dsn)
    return MysqlDatabase(dsn, MysqlLimits(connect_timeout=settings.connect_timeout, read_timeout=_PATIENCE_SECONDS))


def open_for_visitors(settings: Settings) -> Database:
    """Whatever the account may do, this connection changes nothing, and on a server none of its queries runs for long.

    Raises:
        TablesNotReady: the embedded database's file does not exist.
    """
    dsn = settings.dsn
    if isinstance(dsn, SqliteDsn):
        return SqliteDatabase(dsn, only_read=True)
    limits = MysqlLimits(
        connect_timeout=settings.connect_timeout, read_timeout=_PATIENCE_SECONDS, only_read_for=_VISITOR_SECONDS
    )
    return MysqlDatabase(dsn, limits)


@contextmanager
def connected(settings: Settings) -> Iterator[Database]:
    """The same for a `with`, at whose end it is closed."""
    with closing(open_database(settings)) as database:
        yield database
