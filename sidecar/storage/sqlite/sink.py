"""Takes batches into one file, each in one transaction."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import TypeVar

from sidecar.errors import PermanentSinkError, PositionLost, Rehearsed, SidecarError, TemporarySinkError
from sidecar.storage import migrations
from sidecar.storage.dsn import SqliteDsn
from sidecar.storage.projection import FOLDS, Value, Values, project
from sidecar.storage.sink import Acknowledgement, Batch, Delivery, Position
from sidecar.storage.sqlite.database import time_text
from sidecar.storage.sqlite.errors import classify
from sidecar.storage.statements import (
    EVENT_COLUMNS,
    QUARANTINE_COLUMNS,
    SQLITE,
    fold_tail,
    insert_head,
    keep_existing,
    requarantine,
)

T = TypeVar("T")

_EVENT = (
    f"{insert_head('tts_events', EVENT_COLUMNS)}({', '.join('?' * len(EVENT_COLUMNS))}) {keep_existing(SQLITE, 'id')}"
)
_FOLD = {
    fold.name: insert_head("tts_records", fold.columns)
    + f"({', '.join('?' * len(fold.columns))}) {fold_tail(SQLITE, fold)}"
    for fold in FOLDS
}
_QUARANTINE = (
    insert_head("sidecar_quarantine", QUARANTINE_COLUMNS)
    + f"({', '.join('?' * len(QUARANTINE_COLUMNS))}) "
    + requarantine(SQLITE)
)
_INTEGER_LIMIT = 2**63
_SELECT_LIMIT = 500  # ids per SELECT; older SQLite builds take at most 999 parameters


class SqliteSink:
    """
    Args:
        dsn: where the file is.
        busy_timeout: seconds to wait for another process that writes.
    """

    def __init__(self, dsn: SqliteDsn, *, busy_timeout: float = 5.0) -> None:
        self._dsn = dsn
        self._busy_timeout = busy_timeout
        self._connection: sqlite3.Connection | None = None

    def check(self) -> None:
        self._run(self._check)

    def open_position(self, shipper: str, folder: str) -> Position:
        return self._run(lambda connection: self._open_position(connection, shipper, folder))

    def quarantined_paths(self, shipper: str, folder: str) -> set[str]:
        def read(connection: sqlite3.Connection) -> set[str]:
            prefix = folder.rstrip("/") + "/"
            rows = connection.execute(
                "SELECT path FROM sidecar_quarantine WHERE shipper = ? AND status = 'quarantined' "
                "AND substr(path, 1, ?) = ?",
                (shipper, len(prefix), prefix),
            )
            return {row[0] for row in rows}

        return self._run(read)

    def render(self, deliveries: Sequence[Delivery]) -> object:
        return None

    def commit(self, batch: Batch) -> Acknowledgement:
        return self._run(lambda connection: self._commit(connection, batch))

    def rehearse(self, batch: Batch) -> None:
        """Do everything that commit does, for a shipper that need not be known, and undo it.

        Raises:
            TemporarySinkError, PermanentSinkError: as commit would.
        """

        def work(connection: sqlite3.Connection) -> None:
            self._open_position(connection, batch.shipper, batch.folder)
            self._commit(connection, batch)
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
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do the work in one transaction of its own and turn the driver's errors into ours."""
        connection = None
        try:
            connection = self._connected()
            # IMMEDIATE: a read that turns into a write could not wait for another writer.
            connection.execute("BEGIN IMMEDIATE")
            result = work(connection)
            connection.execute("COMMIT")
            return result
        except SidecarError:
            self._roll_back(connection)
            raise
        except sqlite3.Error as error:
            self._roll_back(connection)
            raise self._translated(error) from error

    def _roll_back(self, connection: sqlite3.Connection | None) -> None:
        if connection is None:
            return
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self.close()

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = sqlite3.connect(
                self._dsn.path, timeout=self._busy_timeout, isolation_level=None, check_same_thread=False
            )
            # WAL lets people query while the shipper writes; FULL makes a commit survive a power cut.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            self._connection = connection
        return self._connection

    def _translated(self, error: sqlite3.Error) -> Exception:
        translated = classify(error, str(self._dsn))
        if isinstance(translated, TemporarySinkError):
            self.close()  # the file may be another one by now
        return translated

    def _check(self, connection: sqlite3.Connection) -> None:
        migrations.require_current("sqlite", _applied(connection))

    def _open_position(self, connection: sqlite3.Connection, shipper: str, folder: str) -> Position:
        connection.execute(
            "INSERT INTO sidecar_positions (shipper, folder, identity, ctime_ns, files, revision, updated_at) "
            "VALUES (?, ?, '', 0, 0, 0, ?) ON CONFLICT (shipper, folder) DO NOTHING",
            (shipper, folder, _value(datetime.now(timezone.utc))),
        )
        row = connection.execute(
            "SELECT identity, ctime_ns, files, revision FROM sidecar_positions WHERE shipper = ? AND folder = ?",
            (shipper, folder),
        ).fetchone()
        return Position(identity=row[0], ctime_ns=row[1], files=row[2], revision=row[3])

    def _commit(self, connection: sqlite3.Connection, batch: Batch) -> Acknowledgement:
        position = batch.position
        recorded_at = _value(batch.recorded_at)
        moved = connection.execute(
            "UPDATE sidecar_positions SET identity = ?, ctime_ns = ?, files = ?, revision = revision + 1, "
            "updated_at = ? WHERE shipper = ? AND folder = ? AND revision >= ?",
            (
                position.identity,
                position.ctime_ns,
                position.files,
                recorded_at,
                batch.shipper,
                batch.folder,
                position.revision,
            ),
        )
        if not moved.rowcount:
            raise PositionLost("the position in the database is older than what was committed, or gone")
        (revision,) = connection.execute(
            "SELECT revision FROM sidecar_positions WHERE shipper = ? AND folder = ?", (batch.shipper, batch.folder)
        ).fetchone()
        known = self._insert_events(connection, batch)
        for delivery in batch.deliveries:
            for fold, values in project(delivery.event):
                connection.execute(_FOLD[fold.name], _values(values))
        for entry in batch.quarantined:
            connection.execute(
                _QUARANTINE,
                (
                    batch.shipper,
                    entry.path,
                    str(entry.reason),
                    entry.message,
                    "quarantined",
                    entry.size,
                    entry.content,
                    1,
                    recorded_at,
                    recorded_at,
                ),
            )
        connection.executemany(
            "UPDATE sidecar_quarantine SET status = 'shipped' "
            "WHERE shipper = ? AND path = ? AND status = 'quarantined'",
            [(batch.shipper, path) for path in batch.mended],
        )
        return Acknowledgement(known=known, revision=revision)

    def _insert_events(self, connection: sqlite3.Connection, batch: Batch) -> frozenset[str]:
        """Append to tts_events; tell which ids were there before.

        Raises:
            PermanentSinkError: an id is there with other bytes.
        """
        ids = sorted({delivery.event.id for delivery in batch.deliveries})
        stored: dict[str, str] = {}
        for start in range(0, len(ids), _SELECT_LIMIT):
            part = ids[start : start + _SELECT_LIMIT]
            marks = ", ".join("?" * len(part))
            stored.update(connection.execute(f"SELECT id, sha256 FROM tts_events WHERE id IN ({marks})", part))
        known = frozenset(stored)
        rejected = {}
        for delivery in batch.deliveries:
            event = delivery.event
            if stored.setdefault(event.id, event.sha256) != event.sha256:
                rejected[delivery.path] = f"the id {event.id} is taken by an event with other content"
        if rejected:
            raise PermanentSinkError("ids are taken by events with other content", rejected=rejected)
        recorded_at = _value(batch.recorded_at)
        connection.executemany(
            _EVENT, [_event_row(delivery, batch.shipper, recorded_at) for delivery in batch.deliveries]
        )
        return known


def _migrate(connection: sqlite3.Connection) -> list[str]:
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {migrations.MIGRATIONS_TABLE} "
        "(number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)"
    )
    applied = []
    for migration in migrations.pending("sqlite", _applied(connection)):
        for statement in migration.statements:
            connection.execute(statement)
        connection.execute(
            f"INSERT INTO {migrations.MIGRATIONS_TABLE} VALUES (?, ?, ?)",
            (migration.number, migration.name, _value(datetime.now(timezone.utc))),
        )
        applied.append(migration.name)
    return applied


def _applied(connection: sqlite3.Connection) -> set[str]:
    exists = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (migrations.MIGRATIONS_TABLE,)
    ).fetchone()
    if not exists:
        return set()
    return {row[0] for row in connection.execute(f"SELECT name FROM {migrations.MIGRATIONS_TABLE}")}


def _event_row(delivery: Delivery, shipper: str, recorded_at: Value) -> Values:
    event = delivery.event
    return (
        event.id,
        event.type,
        event.source,
        event.sequence,
        event.subject,
        _value(event.time),
        shipper,
        delivery.path,
        event.sha256,
        recorded_at,
        event.raw.decode(),
    )


def _values(values: Values) -> Values:
    return tuple(map(_value, values))


def _value(value: Value) -> Value:
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, int) and not -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
        return float(value)  # the driver takes no larger integer, not even for a REAL column
    return value
