"""Folds the whole log again: tts_records anew from tts_events, while the shipper goes on.

MySQL: a fresh table is filled beside the old one and takes its name in one step. What was committed in between is
folded after the swap; ids, compared one by one, say which events those are. SQLite: one transaction does it all;
readers see the old table until it ends, and the shipper waits.

Kept: the rows that other programs inserted (no event_id), and every record's id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sidecar.errors import EventError, NotAnEvent
from sidecar.event.event import Event
from sidecar.storage.database import Database, Parameter, Row, in_chunks, marks
from sidecar.storage.projection import FOLDS, Fold, Values, project
from sidecar.storage.statements import MYSQL, SQLITE, fold_tail, insert_head
from sidecar.upkeep.progress import Track

_TABLE = "tts_records"
_FRESH = "tts_records_rebuilt"
_OLD = "tts_records_replaced"
_STUBS = (
    "INSERT INTO {table} (id, event_id, text_input, emotion, audio_path, created_at, status) "
    "SELECT id, event_id, '', 'neutral', '', created_at, 'pending' FROM tts_records WHERE event_id IS NOT NULL"
)
_ROWS = 200  # in one statement: with 41 columns each they stay below SQLite's 32,766 parameters
_ID_BYTES = 16


@dataclass
class Rebuilt:
    events: int = 0
    """Events folded."""
    late: int = 0
    """Those of them that arrived while it was under way."""
    unreadable: int = 0
    """Rows of tts_events that this version cannot read; they stay as they are."""
    records_before: int = 0
    records: int = 0
    dropped: int = 0
    """Records without any event left."""


def rebuild(connect: Callable[[], Database], track: Track) -> Rebuilt:
    """
    Args:
        connect: opens a connection; two are used.
        track: shows the events that are folded.

    Raises:
        TemporarySinkError: the database cannot serve, or the account may not create tables. Nothing
            has been changed then.
    """
    with closing(connect()) as reader, closing(connect()) as writer:
        result = Rebuilt(records_before=_count(reader, _TABLE))
        work = _rebuild_sqlite if writer.dialect == "sqlite" else _rebuild_mysql
        work(reader, writer, result, track)
        result.records = _count(writer, _TABLE)
        return result


def _rebuild_mysql(reader: Database, writer: Database, result: Rebuilt, track: Track) -> None:
    records = _RecordWriter(writer, _FRESH, result)
    writer.execute(f"DROP TABLE IF EXISTS {_FRESH}")
    writer.execute(f"CREATE TABLE {_FRESH} LIKE {_TABLE}")
    writer.execute(f"INSERT INTO {_FRESH} SELECT * FROM {_TABLE} WHERE event_id IS NULL")
    writer.execute(_STUBS.format(table=_FRESH))
    folded = bytearray()
    for id_, event in _log(reader, track):
        folded += UUID(id_).bytes
        records.add(event)
    records.flush()
    writer.execute(f"DROP TABLE IF EXISTS {_OLD}")
    writer.execute(f"RENAME TABLE {_TABLE} TO {_OLD}, {_FRESH} TO {_TABLE}")
    # From here on the shipper folds into the fresh table. What it committed before is still to be folded here.
    records = _RecordWriter(writer, _TABLE, result)
    for chunk in in_chunks(list(_unfolded(reader, folded))):  # nothing else may be asked while a stream is read
        for (event,) in reader.query(f"SELECT event FROM tts_events WHERE id IN ({marks(chunk)})", chunk):
            records.add(event)
            result.late += 1
    records.flush()
    # The rows that other programs inserted into the old table meanwhile.
    columns = ", ".join(name for name in writer.columns(f"SELECT * FROM {_OLD} LIMIT 0")[0] if name != "id")
    writer.execute(
        f"INSERT INTO {_TABLE} ({columns}) SELECT {columns} FROM {_OLD} o WHERE o.event_id IS NULL "
        f"AND NOT EXISTS (SELECT 1 FROM {_TABLE} n WHERE n.id = o.id)"
    )
    result.dropped = _drop_stubs(writer)
    writer.execute(f"DROP TABLE {_OLD}")


def _rebuild_sqlite(reader: Database, writer: Database, result: Rebuilt, track: Track) -> None:
    writer.execute("BEGIN IMMEDIATE")
    try:
        writer.execute(f"CREATE TEMP TABLE kept AS SELECT * FROM {_TABLE} WHERE event_id IS NULL")
        writer.execute(
            "CREATE TEMP TABLE numbered AS SELECT id, event_id, created_at FROM tts_records WHERE event_id IS NOT NULL"
        )
        writer.execute(f"DELETE FROM {_TABLE}")
        writer.execute(f"INSERT INTO {_TABLE} SELECT * FROM kept")
        writer.execute(_STUBS.format(table=_TABLE).replace("FROM tts_records", "FROM numbered"))
        records = _RecordWriter(writer, _TABLE, result)
        for _, event in _log(reader, track):
            records.add(event)
        records.flush()
        result.dropped = _drop_stubs(writer)
        writer.execute("COMMIT")
    except BaseException:
        writer.execute("ROLLBACK")
        raise


class _RecordWriter:
    """Collects the rows of events and upserts them into a table of records, many in one statement."""

    def __init__(self, database: Database, table: str, result: Rebuilt) -> None:
        self._database = database
        self._result = result
        self._rows: dict[str, list[Values]] = {fold.name: [] for fold in FOLDS}
        self._table = table
        self._dialect = SQLITE if database.dialect == "sqlite" else MYSQL

    def add(self, raw: Any) -> None:
        try:
            event = Event.decode(raw if isinstance(raw, bytes) else str(raw).encode())
        except (EventError, NotAnEvent):
            self._result.unreadable += 1
            return
        self._result.events += 1
        for fold, values in project(event):
            rows = self._rows[fold.name]
            rows.append(values)
            if len(rows) >= _ROWS:
                self._send(fold)

    def flush(self) -> None:
        for fold in FOLDS:
            self._send(fold)

    def _send(self, fold: Fold) -> None:
        rows = self._rows[fold.name]
        if not rows:
            return
        places = ", ".join([f"({marks(fold.columns)})"] * len(rows))
        parameters: list[Parameter] = [value for row in rows for value in row]
        statement = f"{insert_head(self._table, fold.columns)}{places} {fold_tail(self._dialect, fold)}"
        self._database.execute(statement, parameters)
        rows.clear()


def _log(reader: Database, track: Track) -> Iterator[Row]:
    """Ids and events, ordered by id."""
    total = _count(reader, "tts_events")
    return track(reader.stream("SELECT id, event FROM tts_events ORDER BY id"), "folding", total)


def _unfolded(reader: Database, folded: bytearray) -> Iterator[str]:
    """Ids of tts_events that are not among the folded ones, which ascend too."""
    view = memoryview(folded)
    position = 0
    for (id_,) in reader.stream("SELECT id FROM tts_events ORDER BY id"):
        key = UUID(id_).bytes
        while position < len(view) and bytes(view[position : position + _ID_BYTES]) < key:
            position += _ID_BYTES
        if bytes(view[position : position + _ID_BYTES]) != key:
            yield id_


def _drop_stubs(writer: Database) -> int:
    """Delete records that have no event left. Those of other programs, without an event_id, never had one."""
    unspoken = "NOT EXISTS (SELECT 1 FROM tts_events e WHERE e.subject = tts_records.event_id)"
    return writer.execute(f"DELETE FROM {_TABLE} WHERE event_id IS NOT NULL AND fold_key = '0:' AND {unspoken}")


def _count(database: Database, table: str) -> int:
    return int(database.query(f"SELECT COUNT(*) FROM {table}")[0][0])
