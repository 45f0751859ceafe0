"""Takes batches into one file, each in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from sidecar.errors import PermanentSinkError, PositionLost, SidecarError, TemporarySinkError
from sidecar.storage import migrations
from sidecar.storage.database import Parameter, Row, Transaction, in_chunks, marks
from sidecar.storage.dsn import SqliteDsn
from sidecar.storage.projection import FOLDS, Values, project
from sidecar.storage.sink import Acknowledgement, Batch, Delivery
from sidecar.storage.sqlite.adoption import adopt
from sidecar.storage.sqlite.database import time_text
from sidecar.storage.sqlite.opening import connect, explained
from sidecar.storage.sqlsink import SqlSink
from sidecar.storage.statements import EVENT_COLUMNS, SQLITE, fold_head, fold_tail, insert_head, keep_existing
from sidecar.storage.tombstones import judge

T = TypeVar("T")

_EVENT = insert_head("tts_events", EVENT_COLUMNS), keep_existing(SQLITE, "id")
_FOLD = {fold.name: (fold_head(fold), fold_tail(SQLITE, fold)) for fold in FOLDS}
_INTEGER_LIMIT = 2**63
# Each statement gives up the interpreter to the threads that read files, and waits to get it back. It has a hundred
# rows or one, nothing in between: the driver keeps what it has compiled, 6 KB a row, for each length that it has met.
_ROWS_A_STATEMENT = 100


class _Transaction:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def query(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[Row]:
        return self.connection.execute(sql, list(map(_value, parameters))).fetchall()

    def execute(self, sql: str, parameters: Sequence[Parameter] = ()) -> int:
        return self.connection.execute(sql, list(map(_value, parameters))).rowcount


class SqliteSink(SqlSink):
    """
    Args:
        dsn: where the file is; `migrate` makes it.
        busy_timeout: seconds to wait for another process that writes.
    """

    dialect_name = "sqlite"
    dialect = SQLITE
    migrations_columns = "(number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)"

    def __init__(self, dsn: SqliteDsn, *, busy_timeout: float = 5.0) -> None:
        self._dsn = dsn
        self._busy_timeout = busy_timeout
        self._connection: sqlite3.Connection | None = None

    def migrate(self, say: Callable[[str], None] = lambda _: None) -> list[str]:
        connect(self._dsn, busy_timeout=self._busy_timeout, make=True).close()
        return super().migrate(say)

    def render(self, deliveries: Sequence[Delivery]) -> object:
        return None

    def commit(self, batch: Batch) -> Acknowledgement:
        return self._run(lambda run: self._commit(run, batch, new=False))

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _run(self, work: Callable[[Transaction], T]) -> T:
        connection = None
        try:
            connection = self._connected()
            # IMMEDIATE: a read that turns into a write could not wait for another writer.
            connection.execute("BEGIN IMMEDIATE")
            result = work(_Transaction(connection))
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
            connection = connect(self._dsn, busy_timeout=self._busy_timeout)
            # WAL lets people query while the shipper writes; FULL makes a commit survive a power cut.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            self._connection = connection
        return self._connection

    def _translated(self, error: sqlite3.Error) -> Exception:
        translated = explained(error, self._dsn)
        if isinstance(translated, TemporarySinkError):
            self.close()  # the file may be another one by now
        return translated

    def _says_that_it_is_there(self, error: Exception) -> bool:
        return isinstance(error, sqlite3.OperationalError) and str(error).startswith("duplicate column name")

    def _adopt(self, run: Transaction, known: list[migrations.Migration]) -> list[str]:
        return adopt(run, known)

    def _applied(self, run: Transaction) -> set[str]:
        there = "SELECT 1 FROM pragma_table_info(?) WHERE name = 'name'"  # not so in another program's table
        if not run.query(there, (migrations.MIGRATIONS_TABLE,)):
            return set()
        return {str(name) for (name,) in run.query(f"SELECT name FROM {migrations.MIGRATIONS_TABLE}")}

    def _largest_content(self) -> None:
        return None

    def _commit(self, run: Transaction, batch: Batch, *, new: bool) -> Acknowledgement:
        position = batch.position
        folder = (batch.shipper, batch.folder)
        moved = run.execute(
            "UPDATE sidecar_positions SET identity = ?, ctime_ns = ?, files = ?, revision = revision + 1, "
            "updated_at = ? WHERE shipper = ? AND folder = ? AND revision >= ?",
            (position.identity, position.ctime_ns, position.files, batch.recorded_at, *folder, position.revision),
        )
        if not moved:
            raise PositionLost("the position in the database is older than what was committed, or gone")
        revision = self._open_position(run, *folder).revision
        judged = judge(run, batch)
        batch = judged.batch
        known = _insert_events(run, batch)
        folded: dict[str, list[Values]] = {fold.name: [] for fold in FOLDS}
        for delivery in batch.deliveries:
            for fold, values in project(delivery.event):
                if values[0] not in judged.gone:
                    folded[fold.name].append(values)
        for name, rows in folded.items():
            _insert(run, *_FOLD[name], rows)
        self._quarantine(run, batch)
        self._bury(run, judged)
        return Acknowledgement(known=known, revision=revision, refused=judged.refused)

    def _may_delete(self, run: Transaction) -> bool:
        return True


def _insert_events(run: Transaction, batch: Batch) -> frozenset[str]:
    """Append to tts_events; tell which ids were there before.

    Raises:
        PermanentSinkError: an id is there with other bytes.
    """
    stored: dict[str, str] = {}
    for ids in in_chunks(sorted({delivery.event.id for delivery in batch.deliveries})):
        stored.update(run.query(f"SELECT id, sha256 FROM tts_events WHERE id IN ({marks(ids)})", ids))
    known = frozenset(stored)
    rejected = {}
    for delivery in batch.deliveries:
        event = delivery.event
        if stored.setdefault(event.id, event.sha256) != event.sha256:
            rejected[delivery.path] = f"the id {event.id} is taken by an event with other content"
    if rejected:
        raise PermanentSinkError("ids are taken by events with other content", rejected=rejected)
    rows: list[Values] = []
    for delivery in batch.deliveries:
        event = delivery.event
        envelope = (event.id, event.type, event.source, event.sequence, event.subject, event.time)
        rows.append((*envelope, batch.shipper, delivery.path, event.sha256, batch.recorded_at, event.raw.decode()))
    _insert(run, *_EVENT, rows)
    return known


def _insert(run: Transaction, head: str, tail: str, rows: Sequence[Values]) -> None:
    whole = len(rows) - len(rows) % _ROWS_A_STATEMENT
    for chunk in (*in_chunks(rows[:whole], _ROWS_A_STATEMENT), *in_chunks(rows[whole:], 1)):
        places = ", ".join([f"({marks(chunk[0])})"] * len(chunk))
        run.execute(f"{head}{places} {tail}", [value for row in chunk for value in row])


def _value(value: Parameter) -> Parameter:
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, int) and not -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
        return float(value)  # the driver takes no larger integer, not even for a REAL column
    return value
