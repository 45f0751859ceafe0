"""Takes batches over one connection, each in one transaction."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pymysql
from pymysql.cursors import Cursor

from sidecar.errors import PermanentSinkError, PositionLost, Rehearsed, SidecarError
from sidecar.storage import migrations
from sidecar.storage.dsn import MysqlDsn
from sidecar.storage.mysql.bulk import NotAllNew, Patience
from sidecar.storage.mysql.connection import Link, MysqlLimits
from sidecar.storage.mysql.errors import NO_SUCH_TABLE, belongs_elsewhere, classify
from sidecar.storage.mysql.pipeline import Pipeline
from sidecar.storage.mysql.rows import render
from sidecar.storage.mysql.store import Store
from sidecar.storage.sink import Acknowledgement, Batch, Delivery, Position
from sidecar.storage.statements import MYSQL, QUARANTINE_COLUMNS, insert_head, requarantine

T = TypeVar("T")

_QUARANTINE = (
    insert_head("sidecar_quarantine", QUARANTINE_COLUMNS)
    + f"({', '.join(['%s'] * len(QUARANTINE_COLUMNS))}) "
    + requarantine(MYSQL)
)


class MysqlSink:
    """
    Args:
        dsn: where the database is.
        limits: timeouts and sizes.
    """

    def __init__(self, dsn: MysqlDsn, limits: MysqlLimits | None = None) -> None:
        self._dsn = dsn
        self._limits = limits or MysqlLimits()
        self._link = Link(dsn, self._limits)
        self._patience = Patience()

    def check(self) -> None:
        self._run(_check)

    def open_position(self, shipper: str, folder: str) -> Position:
        return self._run(lambda cursor: _open_position(cursor, shipper, folder))

    def quarantined_paths(self, shipper: str, folder: str) -> set[str]:
        def read(cursor: Cursor) -> set[str]:
            cursor.execute(
                "SELECT path FROM sidecar_quarantine WHERE shipper = %s AND status = 'quarantined' AND path LIKE %s",
                (shipper, _like_below(folder)),
            )
            return {row[0] for row in cursor.fetchall()}

        return self._run(read)

    def render(self, deliveries: Sequence[Delivery]) -> object:
        return render(deliveries)

    def commit(self, batch: Batch) -> Acknowledgement:
        if self._patience.allows():
            try:
                acknowledgement = self._run(lambda cursor: self._commit(cursor, batch, new=True))
                self._patience.taken()
                return acknowledgement
            except NotAllNew:
                self._patience.refused()
        return self._run(lambda cursor: self._commit(cursor, batch, new=False))

    def rehearse(self, batch: Batch) -> None:
        """Do everything that commit does, for a shipper that need not be known, and undo it.

        Raises:
            TemporarySinkError, PermanentSinkError: as commit would.
        """

        def work(cursor: Cursor) -> None:
            _open_position(cursor, batch.shipper, batch.folder)
            self._commit(cursor, batch, new=False)
            raise Rehearsed("undone")

        with contextlib.suppress(Rehearsed):
            self._run(work)

    def migrate(self) -> list[str]:
        """Create or upgrade the tables.

        Returns:
            Names of the migrations that were applied now.
        """
        return self._run(_migrate)

    def close(self) -> None:
        self._link.give_up()

    def _run(self, work: Callable[[Cursor], T]) -> T:
        """Do the work in one transaction of its own and turn the driver's errors into ours."""
        try:
            connection = self._link.connected()
            with connection.cursor() as cursor:
                result = work(cursor)
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

    def _commit(self, cursor: Cursor, batch: Batch, *, new: bool) -> Acknowledgement:
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
        known = frozenset() if all_new else _tell_known(cursor, batch)
        _quarantine(cursor, batch)
        return Acknowledgement(known=known, revision=moved.insert_id)


def _check(cursor: Cursor) -> None:
    try:
        applied = _applied(cursor)
    except pymysql.err.ProgrammingError as error:
        if error.args[0] == NO_SUCH_TABLE:
            migrations.require_current("mysql", set())
        raise
    migrations.require_current("mysql", applied)


def _applied(cursor: Cursor) -> set[str]:
    """Names of the migrations that have been applied.

    Raises:
        TablesNotReady: an unreleased version made the tables by steps whose names are today's too, and no later one.
    """
    cursor.execute(f"SELECT name FROM {migrations.MIGRATIONS_TABLE}")
    applied = {str(row[0]) for row in cursor.fetchall()}
    if applied and applied.isdisjoint(migrations.EARLIER_STEPS):
        cursor.execute(
            "SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() "
            "AND table_name = 'sidecar_positions' AND column_name = 'identity' AND character_set_name = 'ascii'"
        )
        if cursor.fetchone():
            raise migrations.made_before_release(migrations.EARLIER_STEPS[0])
    return applied


def _open_position(cursor: Cursor, shipper: str, folder: str) -> Position:
    select = "SELECT identity, ctime_ns, files, revision FROM sidecar_positions WHERE shipper = %s AND folder = %s"
    cursor.execute(select, (shipper, folder))
    row = cursor.fetchone()
    if row is None:
        cursor.execute(
            "INSERT INTO sidecar_positions (shipper, folder, identity, ctime_ns, files, revision, updated_at) "
            "VALUES (%s, %s, '', 0, 0, 0, UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE shipper = shipper",
            (shipper, folder),
        )
        cursor.execute(select, (shipper, folder))
        row = cursor.fetchone()
    assert row is not None, "the row was inserted in this transaction"
    return Position(identity=row[0], ctime_ns=row[1], files=row[2], revision=row[3])


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
            _naive(batch),
            batch.shipper,
            batch.folder,
            position.revision,
        ),
    ).encode()


def _tell_known(cursor: Cursor, batch: Batch) -> frozenset[str]:
    """Which ids were there before this batch.

    Raises:
        PermanentSinkError: an id is there with other bytes.
    """
    ids = sorted({delivery.event.id for delivery in batch.deliveries})
    marks = ", ".join(["%s"] * len(ids))
    cursor.execute(f"SELECT id, sha256, recorded_at FROM tts_events WHERE id IN ({marks})", ids)
    stored: dict[str, tuple[Any, Any]] = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
    rejected = {
        delivery.path: f"the id {delivery.event.id} is taken by an event with other content"
        for delivery in batch.deliveries
        if stored[delivery.event.id][0] != delivery.event.sha256
    }
    if rejected:
        raise PermanentSinkError("ids are taken by events with other content", rejected=rejected)
    return frozenset(id_ for id_, (_, recorded_at) in stored.items() if recorded_at != _naive(batch))


def _quarantine(cursor: Cursor, batch: Batch) -> None:
    for entry in batch.quarantined:
        values = (
            batch.shipper,
            entry.path,
            str(entry.reason),
            entry.message,
            "quarantined",
            entry.size,
            entry.content,
            1,
            _naive(batch),
            _naive(batch),
        )
        cursor.execute(_QUARANTINE, values)
    if batch.mended:
        marks = ", ".join(["%s"] * len(batch.mended))
        cursor.execute(
            "UPDATE sidecar_quarantine SET status = 'shipped' WHERE shipper = %s AND status = 'quarantined' "
            f"AND path IN ({marks})",
            (batch.shipper, *batch.mended),
        )


def _migrate(cursor: Cursor) -> list[str]:
    cursor.execute(
        f"CREATE TABLE IF NOT EXISTS {migrations.MIGRATIONS_TABLE} (number INT NOT NULL PRIMARY KEY, "
        "name VARCHAR(255) NOT NULL, applied_at DATETIME(6) NOT NULL) "
        "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
    )
    applied = []
    for migration in migrations.pending("mysql", _applied(cursor)):
        for statement in migration.statements:
            cursor.execute(statement)
        cursor.execute(
            f"INSERT INTO {migrations.MIGRATIONS_TABLE} VALUES (%s, %s, UTC_TIMESTAMP(6)) "
            "ON DUPLICATE KEY UPDATE number = number",
            (migration.number, migration.name),
        )
        applied.append(migration.name)
    return applied


def _naive(batch: Batch) -> Any:
    """The batch's stamp as the driver takes and gives it: UTC without saying so."""
    return batch.recorded_at.replace(tzinfo=None)


def _like_below(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.rstrip("/") + "/%"
