"""Takes batches over one connection, each in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import pymysql
from pymysql.cursors import Cursor

from sidecar.errors import PermanentSinkError, PositionLost, SidecarError
from sidecar.storage import migrations
from sidecar.storage.database import Parameter, Row, marks
from sidecar.storage.dsn import MysqlDsn
from sidecar.storage.mysql.bulk import NotAllNew, Patience
from sidecar.storage.mysql.connection import Link, MysqlLimits
from sidecar.storage.mysql.database import execute, utc
from sidecar.storage.mysql.errors import NO_SUCH_TABLE, belongs_elsewhere, classify
from sidecar.storage.mysql.pipeline import Pipeline
from sidecar.storage.mysql.rows import render
from sidecar.storage.mysql.store import Store
from sidecar.storage.sink import Acknowledgement, Batch, Delivery
from sidecar.storage.sqlsink import SqlSink, Transaction
from sidecar.storage.statements import MYSQL

T = TypeVar("T")


class _Transaction:
    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor

    def query(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[Row]:
        execute(self.cursor, sql, parameters)
        return [utc(row) for row in self.cursor.fetchall()]

    def execute(self, sql: str, parameters: Sequence[Parameter] = ()) -> int:
        return execute(self.cursor, sql, parameters)


class MysqlSink(SqlSink):
    """
    Args:
        dsn: where the database is.
        limits: timeouts and sizes.
    """

    dialect_name = "mysql"
    dialect = MYSQL
    migrations_columns = (
        "(number INT NOT NULL PRIMARY KEY, name VARCHAR(255) NOT NULL, applied_at DATETIME(6) NOT NULL) "
        "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
    )

    def __init__(self, dsn: MysqlDsn, limits: MysqlLimits | None = None) -> None:
        self._dsn = dsn
        self._limits = limits or MysqlLimits()
        self._link = Link(dsn, self._limits)
        self._patience = Patience()

    def render(self, deliveries: Sequence[Delivery]) -> object:
        return render(deliveries)

    def commit(self, batch: Batch) -> Acknowledgement:
        if self._patience.allows():
            try:
                acknowledgement = self._run(lambda run: self._commit(run, batch, new=True))
                self._patience.taken()
                return acknowledgement
            except NotAllNew:
                self._patience.refused()
        return self._run(lambda run: self._commit(run, batch, new=False))

    def close(self) -> None:
        self._link.give_up()

    def _run(self, work: Callable[[Transaction], T]) -> T:
        try:
            connection = self._link.connected()
            with connection.cursor() as cursor:
                result = work(_Transaction(cursor))
            connection.commit()
            return result
        except SidecarError:
            self._link.roll_back()
            raise
        except (pymysql.Error, OSError) as error:
            if belongs_elsewhere(error):
                self._link.move_on()
            else:
                self._link.roll_back()
            raise classify(error, str(self._dsn)) from error

    def _commit(self, run: Transaction, batch: Batch, *, new: bool) -> Acknowledgement:
        assert isinstance(run, _Transaction), "made by _run"
        cursor = run.cursor
        with Pipeline(cursor.connection) as pipeline:
            # First, so that two shippers of one folder queue up here instead of deadlocking further down.
            moved = pipeline.send(_move_position(cursor, batch))
            all_new = True
            if batch.deliveries:
                store = Store(
                    connection=cursor.connection,
                    pipeline=pipeline,
                    new=new,
                    can_load=self._link.can_load,
                    aim=self._limits.statement_bytes,
                    maximum=self._link.max_statement,
                )
                all_new = store.write(batch)
            pipeline.receive()
        if not moved.affected_rows:
            raise PositionLost("the position in the database is older than what was committed, or gone")
        known = frozenset() if all_new else _tell_known(run, batch)
        self._quarantine(run, batch)
        return Acknowledgement(known=known, revision=moved.insert_id)

    def _applied(self, run: Transaction) -> set[str]:
        """
        Raises:
            TablesNotReady: an unreleased version made the tables by steps named like today's, and no later one.
        """
        try:
            applied = {str(name) for (name,) in run.query(f"SELECT name FROM {migrations.MIGRATIONS_TABLE}")}
        except pymysql.err.ProgrammingError as error:
            if error.args[0] == NO_SUCH_TABLE:
                return set()
            raise
        if (
            applied
            and applied.isdisjoint(migrations.EARLIER_STEPS)
            and run.query(
                "SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() "
                "AND table_name = 'sidecar_positions' AND column_name = 'identity' AND character_set_name = 'ascii'"
            )
        ):
            raise migrations.made_before_release(migrations.EARLIER_STEPS[0])
        return applied


def _move_position(cursor: Cursor, batch: Batch) -> bytes:
    """The statement. It affects no row where the stored position is older than the batch's, or gone; else the server
    tells the position's new revision as the insert id."""
    position = batch.position
    return cursor.mogrify(
        "UPDATE sidecar_positions SET identity = %s, ctime_ns = %s, files = %s, "
        "revision = LAST_INSERT_ID(revision + 1), updated_at = %s "
        "WHERE shipper = %s AND folder = %s AND revision >= %s",
        (
            position.identity,
            position.ctime_ns,
            position.files,
            batch.recorded_at.replace(tzinfo=None),
            batch.shipper,
            batch.folder,
            position.revision,
        ),
    ).encode()


def _tell_known(run: Transaction, batch: Batch) -> frozenset[str]:
    """Which ids were there before this batch.

    Raises:
        PermanentSinkError: an id is there with other bytes.
    """
    ids = sorted({delivery.event.id for delivery in batch.deliveries})
    rows = run.query(f"SELECT id, sha256, recorded_at FROM tts_events WHERE id IN ({marks(ids)})", ids)
    stored = {id_: sha256 for id_, sha256, _ in rows}
    rejected = {
        delivery.path: f"the id {delivery.event.id} is taken by an event with other content"
        for delivery in batch.deliveries
        if stored[delivery.event.id] != delivery.event.sha256
    }
    if rejected:
        raise PermanentSinkError("ids are taken by events with other content", rejected=rejected)
    return frozenset(id_ for id_, _, recorded_at in rows if recorded_at != batch.recorded_at)
