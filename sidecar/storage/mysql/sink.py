"""Takes batches over one connection, each in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import pymysql
from pymysql.cursors import Cursor

from sidecar.errors import PermanentSinkError, PositionLost, SidecarError
from sidecar.storage import migrations
from sidecar.storage.database import Parameter, Row, Transaction, marks
from sidecar.storage.dsn import MysqlDsn
from sidecar.storage.mysql.adoption import adopt
from sidecar.storage.mysql.connection import Link, MysqlLimits
from sidecar.storage.mysql.database import execute, utc
from sidecar.storage.mysql.defining import Defining, patient
from sidecar.storage.mysql.errors import (
    COLUMN_IS_THERE,
    NO_SUCH_COLUMN,
    NO_SUCH_TABLE,
    TABLE_ACCESS_DENIED,
    belongs_elsewhere,
    classify,
)
from sidecar.storage.mysql.rows import render
from sidecar.storage.mysql.store import NotAllNew, Store
from sidecar.storage.sink import Acknowledgement, Batch, Delivery
from sidecar.storage.sqlsink import SqlSink, nothing
from sidecar.storage.statements import MYSQL
from sidecar.storage.tombstones import PROJECTIONS, judge

T = TypeVar("T")

_MOST_SKIPPED = 64
_AROUND_CONTENT = 32 * 1024  # bytes of a quarantine entry's statement besides its content, whose bytes double at worst


class Patience:
    """For how many batches events are not taken for new after that was wrong: where a folder of known files is shipped
    again, it should not be tried with each batch."""

    def __init__(self) -> None:
        self._skip = 0
        self._refusals = 0

    def allows(self) -> bool:
        """Whether to try now; counts as a batch."""
        if self._skip:
            self._skip -= 1
            return False
        return True

    def refused(self) -> None:
        self._refusals += 1
        self._skip = min(2**self._refusals, _MOST_SKIPPED)

    def taken(self) -> None:
        self._refusals = 0


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
        "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
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

    def migrate(self, say: Callable[[str], None] = nothing) -> list[str]:
        shipping, self._link = self._link, Link(self._dsn, patient(self._limits))
        try:

            def work(run: Transaction) -> list[str]:
                defining = Defining(run, self._dsn, self._limits, say)
                defining.wait_for_earlier()
                return self._migrate(defining, say)

            return self._run(work)
        finally:
            self._link.give_up()
            self._link = shipping

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

    def _largest_content(self) -> int:
        return max(0, (self._link.max_statement - _AROUND_CONTENT) // 2)

    def _commit(self, run: Transaction, batch: Batch, *, new: bool) -> Acknowledgement:
        assert isinstance(run, _Transaction), "made by _run"
        # First, so that two shippers of one folder queue up here instead of deadlocking further down.
        revision = _move_position(run, batch)
        judged = judge(run, batch)
        batch = judged.batch
        if judged.gone:
            batch = replace(batch, rendered=render(batch.deliveries, judged.gone))
        all_new = True
        if batch.deliveries:
            aim, maximum = self._limits.statement_bytes, self._link.max_statement
            all_new = Store(cursor=run.cursor, new=new, aim=aim, maximum=maximum).write(batch)
        known = frozenset() if all_new else _tell_known(run, batch)
        self._quarantine(run, batch)
        self._bury(run, judged)
        return Acknowledgement(known=known, revision=revision, refused=judged.refused)

    def _may_delete(self, run: Transaction) -> bool:
        try:
            for table in (*PROJECTIONS, "tts_events"):
                run.execute(f"DELETE FROM {table} WHERE 1 = 0")
        except pymysql.err.OperationalError as error:
            if error.args[0] == TABLE_ACCESS_DENIED:
                return False
            raise
        return True

    def _says_that_it_is_there(self, error: Exception) -> bool:
        return isinstance(error, pymysql.MySQLError) and error.args[0] == COLUMN_IS_THERE

    def _adopt(self, run: Transaction, known: list[migrations.Migration]) -> list[str]:
        return adopt(run, known)

    def _applied(self, run: Transaction) -> set[str]:
        """
        Raises:
            TablesNotReady: an unreleased version made the tables by steps named like today's, and no later one.
        """
        try:
            applied = {str(name) for (name,) in run.query(f"SELECT name FROM {migrations.MIGRATIONS_TABLE}")}
        except pymysql.MySQLError as error:
            if error.args[0] in (NO_SUCH_TABLE, NO_SUCH_COLUMN):  # the latter: another program's table
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


def _move_position(run: _Transaction, batch: Batch) -> int:
    """
    Returns:
        The position's new revision.

    Raises:
        PositionLost: the stored position is older than the batch's, or gone.
    """
    position = batch.position
    stored = (position.identity, position.ctime_ns, position.files, batch.recorded_at)
    moved = run.execute(
        "UPDATE sidecar_positions SET identity = ?, ctime_ns = ?, files = ?, updated_at = ?, "
        "revision = LAST_INSERT_ID(revision + 1) WHERE shipper = ? AND folder = ? AND revision >= ?",
        (*stored, batch.shipper, batch.folder, position.revision),
    )
    if not moved:
        raise PositionLost("the position in the database is older than what was committed, or gone")
    return run.cursor.lastrowid


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
