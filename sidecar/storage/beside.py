"""Compares the tables beside tts_records, of processes, scores, tags and preferences, with what the log says, and
writes what differs; see refold, which does so for records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from sidecar.event.types import FORGOTTEN, PREFERRED, SCORED, STARTED, TAGGED
from sidecar.storage.columns import PROCESS_COLUMNS, Column
from sidecar.storage.database import Database, Row, Transaction, in_chunks, marks
from sidecar.storage.projection import PREFERENCE, PROCESS, SCORE, TAG, Fold, Values, project
from sidecar.storage.refold import decoded, equal, written
from sidecar.storage.said import PREFERENCE_COLUMNS, TAG_COLUMNS
from sidecar.storage.scores import SCORE_COLUMNS

_PAGE = 500  # keys whose events, or rows, are compared at once

Key = tuple[str, ...]
"""The values of a row's key columns."""


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A table of which each row is what events of one type say of one key."""

    fold: Fold
    columns: Sequence[Column]
    type: str
    of: str
    """The column of tts_events that has the first column of the key."""
    paired: bool = False
    """Whether a row speaks of two records, the first two columns of its key, and lies there a second time the other way
    round; which of the two an event has as its subject is what it says."""

    @property
    def told(self) -> str:
        return ", ".join(self.fold.columns)


PROCESSES = Beside(fold=PROCESS, columns=PROCESS_COLUMNS, type=STARTED, of="source")
SCORES = Beside(fold=SCORE, columns=SCORE_COLUMNS, type=SCORED, of="subject")
TAGS = Beside(fold=TAG, columns=TAG_COLUMNS, type=TAGGED, of="subject")
PREFERENCES = Beside(fold=PREFERENCE, columns=PREFERENCE_COLUMNS, type=PREFERRED, of="subject", paired=True)
OF_RECORDS = (SCORES, TAGS, PREFERENCES)
"""Those that say something of records."""
TABLES = (PROCESSES, *OF_RECORDS)


def put_right(database: Database, table: Beside) -> int:
    """Make a table what its events say. A row of which no event is left goes.

    Returns:
        How many rows were added, changed or deleted.

    Raises:
        TemporarySinkError: the database cannot serve, or the account may not change the table.
    """
    changed = 0
    for keys in in_chunks(_keys(database, table), _PAGE):
        if _wrong(database, table, keys):  # asked again, because a commit may have come in between
            changed += database.alone(lambda those=keys: mend(database, table, those))  # type: ignore[misc]
    return changed


def mend(run: Transaction, table: Beside, keys: Sequence[str], erased: Collection[str] | None = None) -> int:
    """The same for some values of the key's first column, few enough for one statement. To be called alone, or within a
    commit.

    Args:
        erased: ids of events and records that have just been erased. Where they are given, a row whose event is not in
            the log any more, such as one of an old partition, stays, unless one of these told it.

    Returns:
        How many rows were added, changed or deleted.
    """
    wrong = _wrong(run, table, keys, erased)
    this_row = " AND ".join(f"{name} = ?" for name in table.fold.keys)
    for key, values in wrong.items():
        run.execute(f"DELETE FROM {table.fold.table} WHERE {this_row}", key)
        if values is not None:
            row = [written(column, value) for column, value in zip(table.columns, values, strict=True)]
            run.execute(f"INSERT INTO {table.fold.table} ({table.told}) VALUES ({marks(row)})", row)
    return len(wrong)


def compared_with(run: Transaction, event_ids: Sequence[str]) -> set[str]:
    """The records that were compared with these."""
    rows = run.query(f"SELECT DISTINCT other FROM tts_preferences WHERE event_id IN ({marks(event_ids)})", event_ids)
    return {str(other) for (other,) in rows}


def _wrong(
    run: Transaction, table: Beside, keys: Iterable[str], erased: Collection[str] | None = None
) -> dict[Key, Values | None]:
    """Of the rows that are not what they should be, what they should be; None where there should be none."""
    those = list(keys)
    about = [*those, *_partners(run, those)] if table.paired else those
    told, unreadable = _told(table, _events(run, table, about))
    sql = f"SELECT {table.told} FROM {table.fold.table} WHERE {table.fold.key} IN ({marks(about)})"
    stored = {_key(table, row): row for row in run.query(sql, about)}
    if erased is not None:
        told |= _unlogged(table, told, stored, erased)
    found = {*told, *stored}
    if table.paired:
        found = {key for key in found if not {*key[:2]}.isdisjoint(those)}
        for key in _of_forgotten(run, found):
            told.pop(key, None)
    return {
        key: told.get(key)
        for key in sorted(found)
        if unreadable.isdisjoint(key[:2]) and not _is(table, told.get(key), stored.get(key))
    }


def _unlogged(
    table: Beside, told: Mapping[Key, Values], stored: Mapping[Key, Row], erased: Collection[str]
) -> dict[Key, Values]:
    """The rows that tell more than the log does, and nothing of what was erased."""
    guard = table.fold.columns.index(table.fold.guard)
    return {
        key: tuple(row)
        for key, row in stored.items()
        if (key not in told or str(told[key][guard]) < str(row[guard]))
        and not any(id_ in str(row[guard]) or id_ in key for id_ in erased)
    }


def _partners(run: Transaction, those: Sequence[str]) -> list[str]:
    """Other records in whose events preferences between them and these may be: those that they were compared with, as
    far as the table knows, and those that their own events name."""
    named = {
        str(other) for _, raw in _events(run, PREFERENCES, those) for other in orjson.loads(raw)["data"].get("over", ())
    }
    return sorted((compared_with(run, those) | named).difference(those))


def _of_forgotten(run: Transaction, keys: Iterable[Key]) -> list[Key]:
    """Those keys that begin with a record that was forgotten, which events of others may still name."""
    by_record: dict[str, list[Key]] = {}
    for key in keys:
        by_record.setdefault(key[0], []).append(key)
    found: list[Key] = []
    for chunk in in_chunks(by_record):
        buried = run.query(
            f"SELECT subject FROM tts_events WHERE subject IN ({marks(chunk)}) AND type = ?", [*chunk, FORGOTTEN]
        )
        found += [key for (subject,) in buried for key in by_record[str(subject)]]
    return found


def _keys(database: Database, table: Beside) -> Iterator[str]:
    """Every first value of a key that an event or a row has, in the database's order."""
    after = ""
    while True:
        events = database.query(
            f"SELECT DISTINCT {table.of} FROM tts_events WHERE {table.of} > ? AND type = ? "
            f"ORDER BY {table.of} LIMIT {_PAGE}",
            [after, table.type],
        )
        key = table.fold.key
        rows = database.query(
            f"SELECT DISTINCT {key} FROM {table.fold.table} WHERE {key} > ? ORDER BY {key} LIMIT {_PAGE}", [after]
        )
        keys = sorted({str(each) for (each,) in (*events, *rows)})[:_PAGE]
        if not keys:
            return
        yield from keys
        after = keys[-1]


def _events(run: Transaction, table: Beside, keys: Sequence[str]) -> list[Row]:
    """The events of the table's type, each after the value that it is found by."""
    return run.query(
        f"SELECT {table.of}, event FROM tts_events WHERE {table.of} IN ({marks(keys)}) AND type = ?",
        [*keys, table.type],
    )


def _told(table: Beside, events: Iterable[Row]) -> tuple[dict[Key, Values], set[str]]:
    """What events say of each key, and where the ones are found that this version cannot read."""
    guard = table.fold.columns.index(table.fold.guard)
    told: dict[Key, Values] = {}
    unreadable = set()
    for found_by, raw in events:
        event = decoded(raw)
        if event is None:
            unreadable.add(str(found_by))
            continue
        for of, values in project(event):
            key = _key(table, values)
            if of is table.fold and (key not in told or str(values[guard]) > str(told[key][guard])):
                told[key] = values
    return told, unreadable


def _key(table: Beside, row: Sequence[Any]) -> Key:
    return tuple(map(str, row[: table.fold.width]))


def _is(table: Beside, values: Values | None, row: Row | None) -> bool:
    if values is None or row is None:
        return values is row
    return all(equal(*each) for each in zip(table.columns, values, row, strict=True))
