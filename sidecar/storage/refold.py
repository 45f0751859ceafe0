"""Compares records with what their events fold into, and writes what differs: in place, and nothing else.

A row that is right is not touched, nor is a column of somebody else's, nor a row without event_id. So triggers,
foreign keys and whatever was built on the table stay, and see only what does change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from sidecar.errors import EventError, NotAnEvent
from sidecar.event.event import Event
from sidecar.event.types import FORGOTTEN, SYNTHESIS
from sidecar.storage.columns import BY_NAME, COLUMNS, Facet, Kind
from sidecar.storage.database import Transaction, marks
from sidecar.storage.projection import REPLACEMENT, Fold, Record, Values, fold, project

_COLUMNS = tuple(column.name for column in COLUMNS if column.facet is not Facet.NONE)
_TELL = ", ".join(_COLUMNS)
_INSERT = f"INSERT INTO tts_records ({_TELL}) VALUES ({marks(_COLUMNS)})"
_EVENT_ID, _BY = (REPLACEMENT.columns.index(name) for name in ("event_id", "replaced_by"))


@dataclass(kw_only=True)
class Compared:
    """What was found of some subjects."""

    events: int = 0
    unreadable: int = 0
    """Events that this version cannot read; their records stay as they are."""
    missing: list[Record] = field(default_factory=list)
    """Records that there should be."""
    wrong: list[tuple[str, Record]] = field(default_factory=list)
    """event_id of a record, and the columns that should be others."""
    strays: list[str] = field(default_factory=list)
    """event_ids of records without any event, and of those that were forgotten."""

    @property
    def differs(self) -> bool:
        return bool(self.missing or self.wrong or self.strays)


def compare(run: Transaction, subjects: Sequence[str], replaced: Mapping[str, Values] | None = None) -> Compared:
    """
    Args:
        subjects: event_ids, few enough for one statement.
        replaced: by record, the row that says which other one overwrote its audio, of all events; None where only the
            subjects' own events are to count, and what the records say of this stays.
    """
    found = Compared()
    own, silent = _own_rows(run, subjects, found)
    stored = _stored(run, subjects)
    overwritten = _overwritten(run, subjects, stored, replaced)
    for subject in subjects:
        if subject in silent:
            continue
        record = stored.get(subject)
        rows = own.get(subject, [])
        if rows is not None and subject in overwritten:
            rows = [*rows, (REPLACEMENT, overwritten[subject])]
        expected = fold(rows or ())
        if expected is None:
            if record is not None:
                found.strays.append(subject)
        elif record is None:
            if own.get(subject):  # not where all that is left of a record is that another one overwrote its audio
                found.missing.append(expected)
        else:
            if expected["status"] == "pending":
                expected["created_at"] = record["created_at"]  # of a stub, that of whichever event came first
            wrong = {name: value for name, value in expected.items() if not _equal(name, value, record[name])}
            if wrong:
                found.wrong.append((subject, wrong))
    return found


def mend(run: Transaction, found: Compared) -> None:
    """Add and change what differs. To be called where it was found: in one transaction, with no shipper's commit in
    between. Strays are the caller's to delete."""
    for record in found.missing:
        run.execute(_INSERT, [_written(name, record[name]) for name in _COLUMNS])
    for subject, wrong in found.wrong:
        changes = ", ".join(f"{name} = ?" for name in wrong)
        values = [_written(name, value) for name, value in wrong.items()]
        run.execute(f"UPDATE tts_records SET {changes} WHERE event_id = ?", [*values, subject])


def replacements(events: Iterable[Any]) -> Iterator[tuple[str, Values]]:
    """Of events as they are stored: record, and the row that says which other one overwrote its audio."""
    for raw in events:
        event = _decoded(raw)
        for of, values in project(event) if event is not None else ():
            if of is REPLACEMENT:
                yield str(values[_EVENT_ID]), values


def latest(rows: Iterable[tuple[str, Values]]) -> dict[str, Values]:
    """Of several rows of one record, the one that counts."""
    found: dict[str, Values] = {}
    for subject, values in rows:
        if subject not in found or str(values[_BY]) > str(found[subject][_BY]):
            found[subject] = values
    return found


def _own_rows(
    run: Transaction, subjects: Sequence[str], found: Compared
) -> tuple[dict[str, list[tuple[Fold, Values]] | None], set[str]]:
    """What the subjects' own events fold into, by subject, None for one that was forgotten; and the subjects of which
    no more can be said, because an event cannot be read."""
    rows: dict[str, list[tuple[Fold, Values]] | None] = {}
    silent, forgotten = set(), set()
    for subject, raw in run.query(
        f"SELECT subject, event FROM tts_events WHERE subject IN ({marks(subjects)})", subjects
    ):
        event = _decoded(raw)
        if event is None:
            found.unreadable += 1
            silent.add(subject)
            continue
        found.events += 1
        if event.type == FORGOTTEN:
            forgotten.add(subject)
        told = rows.setdefault(subject, [])
        assert told is not None, "it is made one of none below"
        told += [(of, values) for of, values in project(event) if of is not REPLACEMENT]
    return {**rows, **dict.fromkeys(forgotten)}, silent - forgotten


def _stored(run: Transaction, subjects: Sequence[str]) -> dict[str, Record]:
    select = f"SELECT {_TELL} FROM tts_records WHERE event_id IN ({marks(subjects)})"
    records = (dict(zip(_COLUMNS, row, strict=True)) for row in run.query(select, subjects))
    return {str(record["event_id"]): record for record in records}


def _overwritten(
    run: Transaction, subjects: Sequence[str], stored: Mapping[str, Record], replaced: Mapping[str, Values] | None
) -> dict[str, Values]:
    """Whose audio was overwritten by whom: what all events said when they were read, and what the records say, where an
    event bears it out, which may have come since, or where the one that they name was forgotten."""
    said = {subject: str(record["replaced_by"]) for subject, record in stored.items() if record["replaced_by"]}
    if replaced is None:
        return {subject: _as_row(stored[subject], by) for subject, by in said.items()}
    known = [(subject, replaced[subject]) for subject in subjects if subject in replaced]
    doubtful = {
        (subject, by) for subject, by in said.items() if subject not in replaced or replaced[subject][_BY] != by
    }
    if doubtful:
        those = sorted({by for _, by in doubtful})
        rows = run.query(f"SELECT subject, type, event FROM tts_events WHERE subject IN ({marks(those)})", those)
        known += replacements(event for *_, event in rows)
        heard = {subject for subject, type_, _ in rows if type_.startswith(SYNTHESIS)}
        unrefuted = ((subject, by) for subject, by in doubtful if by not in heard)
        known += [(subject, _as_row(stored[subject], by)) for subject, by in unrefuted]
    return latest(known)


def _as_row(record: Record, by: str) -> Values:
    values = {**record, "replaced_by": by, "fold_key": "0:", "text_input": "", "audio_path": "", "status": "pending"}
    return tuple(values[name] for name in REPLACEMENT.columns)


def _decoded(raw: Any) -> Event | None:
    try:
        return Event.decode(raw if isinstance(raw, bytes) else str(raw).encode())
    except (EventError, NotAnEvent):
        return None


def _equal(name: str, expected: Any, stored: Any) -> bool:
    if expected is None or stored is None:
        return expected is stored
    if BY_NAME[name].kind is Kind.JSON:  # a server may write the same value in other words
        try:
            return bool(orjson.loads(expected) == orjson.loads(stored))
        except orjson.JSONDecodeError:
            return False
    return bool(expected == stored)


def _written(name: str, value: Any) -> Any:
    # SQLite's driver takes no integer of more than 64 bits, not even for a column of numbers.
    return float(value) if value is not None and BY_NAME[name].kind is Kind.NUMBER else value
