"""Folds the whole log again: tts_records anew from tts_events, while the shipper goes on.

MySQL: a fresh table is filled beside the old one and takes its name in one step. What was committed in between is
folded after the swap; ids, compared one by one, say which events those are. SQLite: one transaction does it all;
readers see the old table until it ends, the shipper waits.

Kept: the rows that other programs inserted (no event_id), and every record's id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sidecar.errors import EventError, NotAnEvent
from sidecar.event.event import Event
from sidecar.storage.database import Database, Parameter
from sidecar.storage.projection import FOLDS, Fold, Values, project
from sidecar.storage.statements import MYSQL, SQLITE, fold_tail, insert_head

_TABLE = "tts_records"
_FRESH = "tts_records_rebuilt"
_OLD = "tts_records_replaced"
_STUBS = (
    "INSERT INTO {table} (id, event_id, text_input, emotion, audio_path, created_at, status) "
    "SELECT id, event_id, '', 'neutral', '', created_at, 'pending' FROM tts_records WHERE event_id IS NOT NULL"
)
_CHUNK = 200  # rows of one statement: 41 columns each stay below SQLite's 32,766 parameters
_ID_BYTES = 16


@dataclass
class Rebuilt:
    events: int = 0
    """Events folded."""
    late: int = 0
    """Of them, those that came while it was under way."""
    unreadable: int = 0
    """Rows of tts_events that this version cannot read; they are left alone."""
    records_before: int = 0
    records: int = 0
    dropped: int = 0
    """Records that no event speaks of any more."""


Step = Callable[[], None]


def rebuild(connect: Callable[[], Database], step: Step) -> Rebuilt:
    """
    Args:
        connect: opens a connection; two are used.
        step: called for each event.

    Raises:
        TemporarySinkError: the database cannot serve, or the account may not create tables. What was there is there.
    """
    with closing(connect()) as reader, closing(connect()) as writer:
        done = Rebuilt(records_before=_count(reader, _TABLE))
        work = _rebuild_sqlite if writer.dialect == "sqlite" else _rebuild_mysql
        work(reader, writer, done, step)
        done.records = _count(writer, _TABLE)
        return done


def _rebuild_mysql(reader: Database, writer: Database, done: Rebuilt, step: Step) -> None:
    folder = _Folder(writer, _FRESH, done)
    writer.execute(f"DROP TABLE IF EXISTS {_FRESH}")
    writer.execute(f"CREATE TABLE {_FRESH} LIKE {_TABLE}")
    writer.execute(f"INSERT INTO {_FRESH} SELECT * FROM {_TABLE} WHERE event_id IS NULL")
    writer.execute(_STUBS.format(table=_FRESH))
    folded = bytearray()
    for id_, event in _log(reader):
        folded += UUID(id_).bytes
        folder.add(event)
        step()
    folder.flush()
    writer.execute(f"DROP TABLE IF EXISTS {_OLD}")
    writer.execute(f"RENAME TABLE {_TABLE} TO {_OLD}, {_FRESH} TO {_TABLE}")
    # From here on the shipper folds into the fresh table. What it committed before, we have yet to fold.
    folder = _Folder(writer, _TABLE, done)
    for chunk in _chunks(_unfolded(reader, folded), _CHUNK):
        marks = ", ".join("?" * len(chunk))
        for (event,) in reader.query(f"SELECT event FROM tts_events WHERE id IN ({marks})", chunk):
            folder.add(event)
            done.late += 1
    folder.flush()
    # A row that another program inserted into the old table meanwhile.
    columns = ", ".join(name for name in writer.columns(f"SELECT * FROM {_OLD} LIMIT 0")[0] if name != "id")
    writer.execute(
        f"INSERT INTO {_TABLE} ({columns}) SELECT {columns} FROM {_OLD} o WHERE o.event_id IS NULL "
        f"AND NOT EXISTS (SELECT 1 FROM {_TABLE} n WHERE n.id = o.id)"
    )
    done.dropped = _drop_stubs(writer)
    writer.execute(f"DROP TABLE {_OLD}")


def _rebuild_sqlite(reader: Database, writer: Database, done: Rebuilt, step: Step) -> None:
    writer.execute("BEGIN IMMEDIATE")
    try:
        writer.execute(f"CREATE TEMP TABLE kept AS SELECT * FROM {_TABLE} WHERE event_id IS NULL")
        writer.execute(
            "CREATE TEMP TABLE numbered AS SELECT id, event_id, created_at FROM tts_records WHERE event_id IS NOT NULL"
        )
        writer.execute(f"DELETE FROM {_TABLE}")
        writer.execute(f"INSERT INTO {_TABLE} SELECT * FROM kept")
        writer.execute(_STUBS.format(table=_TABLE).replace("FROM tts_records", "FROM numbered"))
        folder = _Folder(writer, _TABLE, done)
        for _, event in _log(reader):
            folder.add(event)
            step()
        folder.flush()
        done.dropped = _drop_stubs(writer)
        writer.execute("COMMIT")
    except BaseException:
        writer.execute("ROLLBACK")
        raise


class _Folder:
    """Collects rows of each fold and upserts them, many in a statement."""

    def __init__(self, database: Database, table: str, done: Rebuilt) -> None:
        self._database = database
        self._done = done
        self._rows: dict[str, list[Values]] = {fold.name: [] for fold in FOLDS}
        dialect = SQLITE if database.dialect == "sqlite" else MYSQL
        self._heads = {fold.name: insert_head(table, fold.columns) for fold in FOLDS}
        self._tails = {fold.name: " " + fold_tail(dialect, fold) for fold in FOLDS}

    def add(self, raw: Any) -> None:
        try:
            event = Event.decode(raw if isinstance(raw, bytes) else str(raw).encode())
        except (EventError, NotAnEvent):
            self._done.unreadable += 1
            return
        self._done.events += 1
        for fold, values in project(event):
            rows = self._rows[fold.name]
            rows.append(values)
            if len(rows) >= _CHUNK:
                self._send(fold)

    def flush(self) -> None:
        for fold in FOLDS:
            self._send(fold)

    def _send(self, fold: Fold) -> None:
        rows = self._rows[fold.name]
        if not rows:
            return
        marks = f"({', '.join('?' * len(fold.columns))})"
        parameters: list[Parameter] = [value for row in rows for value in row]
        head, tail = self._heads[fold.name], self._tails[fold.name]
        self._database.execute(f"{head}{', '.join([marks] * len(rows))}{tail}", parameters)
        rows.clear()


def _log(reader: Database) -> Iterator[tuple[str, Any]]:
    """Ids and events in the order of the key."""
    for row in reader.stream("SELECT id, event FROM tts_events ORDER BY id"):
        yield row[0], row[1]


def _unfolded(reader: Database, folded: bytearray) -> Iterator[str]:
    """Ids of tts_events that are not among the folded ones; both ascend."""
    view = memoryview(folded)
    position = 0
    for (id_,) in reader.stream("SELECT id FROM tts_events ORDER BY id"):
        key = UUID(id_).bytes
        while position < len(view) and bytes(view[position : position + _ID_BYTES]) < key:
            position += _ID_BYTES
        if bytes(view[position : position + _ID_BYTES]) != key:
            yield id_


def _chunks(items: Iterable[str], size: int) -> list[list[str]]:
    """All of them, because nothing else may be asked while a stream is read."""
    every = list(items)
    return [every[start : start + size] for start in range(0, len(every), size)]


def _drop_stubs(writer: Database) -> int:
    """Records without any event left. Those of other programs, without an event_id, never had one."""
    unspoken = "NOT EXISTS (SELECT 1 FROM tts_events e WHERE e.subject = tts_records.event_id)"
    return writer.execute(f"DELETE FROM {_TABLE} WHERE event_id IS NOT NULL AND fold_key = '0:' AND {unspoken}")


def _count(database: Database, table: str) -> int:
    return int(database.query(f"SELECT COUNT(*) FROM {table}")[0][0])
