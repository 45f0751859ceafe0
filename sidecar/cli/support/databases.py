"""The database that the settings name, as the shipper and as people use it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from sidecar.service.settings import Settings
from sidecar.storage.database import Database
from sidecar.storage.dsn import SqliteDsn

if TYPE_CHECKING:
    from sidecar.storage.mysql.sink import MysqlSink
    from sidecar.storage.sqlite.sink import SqliteSink

_PATIENCE_SECONDS = 600.0  # a person's query over millions of rows


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
    dsn = settings.dsn
    if isinstance(dsn, SqliteDsn):
        from sidecar.storage.sqlite.database import SqliteDatabase

        return SqliteDatabase(dsn)
    from sidecar.storage.mysql.connection import MysqlLimits
    from sidecar.storage.mysql.database import MysqlDatabase

    return MysqlDatabase(dsn, MysqlLimits(connect_timeout=settings.connect_timeout, read_timeout=_PATIENCE_SECONDS))


@contextmanager
def connected(settings: Settings) -> Iterator[Database]:
    """The same for a `with`, at whose end it is closed."""
    with closing(open_database(settings)) as database:
        yield database
