"""Compares records with what their events fold into, and writes what differs: in place, and nothing else.

A row that is right is not touched, nor is a column of somebody else's, nor a row without event_id. So triggers,
foreign keys and whatever was built on the table stay, and see only what does change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from sidecar.errors import EventError, NotAnEvent
from sidecar.event.event import Event
from sidecar.event.types import FORGOTTEN, SYNTHESIS
from sidecar.storage.columns import BY_NAME, COLUMNS, Column, Facet, Kind
from sidecar.storage.database import Row, Transaction, marks
from sidecar.storage.projection import (
    BASE,
    DELETION,
    NOTE,
    RATING,
    REPLACEMENT,
    REVIEW,
    Fold,
    Record,
    Values,
    fold,
    project,
)

_COLUMNS = tuple(column.name for column in COLUMNS if column.facet is not Facet.NONE)
_TELL = ", ".join(_COLUMNS)
_INSERT = f"INSERT INTO tts_records ({_TELL}) VALUES ({marks(_COLUMNS)})"
REPLACING = "event LIKE '%\"replaces\"%'"
"""Which events may say that a record's audio was overwritten."""
_STUB = "0:~"
"""Before it come the fold_keys of records that no synthesis has told of."""
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
    """event_id of a record, and the columns that should be others; all of them where it is bare."""
    bare: set[str] = field(default_factory=set)
    """event_ids of which no event of their own is left, only that another record overwrote their audio."""
    strays: list[str] = field(default_factory=list)
    """event_ids of records without any event, and of those that were forgotten."""

    @property
    def differs(self) -> bool:
        return bool(self.missing or self.wrong or self.strays)

    def anew(self) -> Compared:
        """The same, with records that became bare deleted and made anew: what others keep in their rows goes too."""
        emptied = [(subject, record) for subject, record in self.wrong if subject in self.bare]
        return replace(
            self,
            missing=[*self.missing, *(record for _, record in emptied)],
            wrong=[each for each in self.wrong if each not in emptied],
            strays=[*self.strays, *(subject for subject, _ in emptied)],
        )


def compare(
    run: Transaction,
    subjects: Sequence[str],
    replaced: Mapping[str, Values] | None = None,
    erased: Collection[str] | None = None,
) -> Compared:
    """
    Args:
        subjects: event_ids, few enough for one statement.
        replaced: by record, the row that says which other one overwrote its audio, of all events; None where only the
            subjects' own events are to count, and what the records say of this stays, except where nothing else is
            known of one: then an event must say it.
        erased: ids of events that have just been erased. Where they are given, a record whose own event is not in the
            log any more, such as one of an old partition, keeps all that it says but for what these told; otherwise
            the log alone counts.
    """
    found = Compared()
    own, silent = _own_rows(run, subjects, found)
    stored = _stored(run, subjects)
    if erased is not None:
        for subject, as_it_is in stored.items():
            told = own.get(subject, [])
            if told is not None and str(as_it_is[BASE.guard]) > _STUB and not any(of is BASE for of, _ in told):
                own[subject] = [*_as_it_is(as_it_is, erased), *told]
    found.bare = {subject for subject in subjects if own.get(subject, []) == []}
    overwritten = {
        **_overwritten(run, [each for each in subjects if each not in found.bare], stored, replaced),
        **_borne_out(run, found.bare, stored, replaced),
    }
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
            found.missing.append(expected)
        else:
            wrong = {
                name: value
                for name, value in expected.items()
                if value != record[name] and not equal(BY_NAME[name], value, record[name])
            }
            if expected["status"] == "pending":
                wrong.pop("created_at", None)  # of a stub, that of whichever event came first
            if wrong:
                found.wrong.append((subject, expected if subject in found.bare else wrong))
    return found


def mend(run: Transaction, found: Compared) -> None:
    """Add and change what differs. To be called where it was found: in one transaction, with no shipper's commit in
    between. Strays are the caller's to delete."""
    for record in found.missing:
        run.execute(_INSERT, [written(BY_NAME[name], record[name]) for name in _COLUMNS])
    for subject, wrong in found.wrong:
        changes = ", ".join(f"{name} = ?" for name in wrong)
        values = [written(BY_NAME[name], value) for name, value in wrong.items()]
        run.execute(f"UPDATE tts_records SET {changes} WHERE event_id = ?", [*values, subject])


def overwritten_by(run: Transaction, column: str, values: Sequence[str]) -> set[str]:
    """Records whose audio was overwritten by what some events tell of.

    Args:
        column: of tts_events; which events is told by its values, few enough for one statement.
    """
    rows = run.query(f"SELECT event FROM tts_events WHERE {column} IN ({marks(values)}) AND {REPLACING}", values)
    return {subject for subject, _ in replacements(raw for (raw,) in rows)}


def replacements(events: Iterable[Any]) -> Iterator[tuple[str, Values]]:
    """Of events as they are stored: record, and the row that says which other one overwrote its audio."""
    for raw in events:
        event = decoded(raw)
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
        event = decoded(raw)
        if event is None:
            found.unreadable += 1
            silent.add(subject)
            continue
        found.events += 1
        if event.type == FORGOTTEN:
            forgotten.add(subject)
        told = rows.setdefault(subject, [])
        assert told is not None, "it is made one of none below"
        told += [(of, values) for of, values in project(event) if of.table == "tts_records" and of is not REPLACEMENT]
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
    told = ((subject, stored[subject]["replaced_by"]) for subject in subjects if subject in stored)
    said = {subject: str(by) for subject, by in told if by}
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


def _borne_out(
    run: Transaction, bare: Collection[str], stored: Mapping[str, Record], replaced: Mapping[str, Values] | None
) -> dict[str, Values]:
    """Of records of which no event of their own is there, such as pruned ones, those that another one's event still
    says were overwritten. They stay as stubs, which people do not see: a rating that comes late, or a file from a
    backup, makes a record of one again, and nothing would look for who overwrote it then."""
    told = ((subject, stored[subject]["replaced_by"]) for subject in bare if subject in stored)
    said = {subject: str(by) for subject, by in told if by}
    those = sorted(
        {*said.values(), *(str(replaced[subject][_BY]) for subject in bare if replaced and subject in replaced)}
    )
    if not those:
        return {}
    found = _claims(bare, run.query(f"SELECT event FROM tts_events WHERE subject IN ({marks(those)})", those))
    widowed = said.keys() - found.keys()
    if widowed and replaced is None:  # who did it last is gone; whoever did before began between the two
        between = [min(widowed), max(said[subject] for subject in widowed)]
        rows = run.query(f"SELECT event FROM tts_events WHERE subject > ? AND subject < ? AND {REPLACING}", between)
        found |= _claims(widowed, rows)
    return found


def _claims(subjects: Collection[str], rows: Iterable[Row]) -> dict[str, Values]:
    return latest((subject, row) for subject, row in replacements(raw for (raw,) in rows) if subject in subjects)


def _as_it_is(record: Record, erased: Collection[str]) -> Iterator[tuple[Fold, Values]]:
    """What a record says, facet by facet, but for what one of the erased events told; nothing where its own is among
    them."""
    if any(id_ in str(record[BASE.guard]) for id_ in erased):
        return
    for of in (BASE, DELETION, RATING, REVIEW, NOTE):
        guard = record[of.guard]
        if guard is not None and not any(id_ in str(guard) for id_ in erased):
            yield of, tuple(record[name] for name in of.columns)


def _as_row(record: Record, by: str) -> Values:
    values = {**record, "replaced_by": by, "fold_key": "0:", "text_input": "", "audio_path": "", "status": "pending"}
    return tuple(values[name] for name in REPLACEMENT.columns)


def decoded(raw: Any) -> Event | None:
    """An event as it is stored; None where this version cannot read it."""
    try:
        return Event.decode(raw if isinstance(raw, bytes) else str(raw).encode())
    except (EventError, NotAnEvent):
        return None


def equal(column: Column, expected: Any, stored: Any) -> bool:
    """Whether a database holds a value of a column, in whatever words."""
    if expected is None or stored is None:
        return expected is stored
    if column.kind is Kind.JSON:  # a server may write the same value in other words
        try:
            return bool(orjson.loads(expected) == orjson.loads(stored))
        except orjson.JSONDecodeError:
            return False
    return bool(expected == stored)


def written(column: Column, value: Any) -> Any:
    """A value of a column as it is handed to a database."""
    # SQLite's driver takes no integer of more than 64 bits, not even for a column of numbers.
    return float(value) if value is not None and column.kind is Kind.NUMBER else value
