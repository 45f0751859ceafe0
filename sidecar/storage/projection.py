"""Folds events into rows of tts_records, and of the tables beside it.

An event becomes a few rows at most, each for one facet of a record; a facet has its own columns and a rule that decides
which of two values stays. The rules look at the values alone, never at the order of arrival, so any order gives the
same record:

- a base row (a synthesis: succeeded, failed, interrupted, discovered, reused) sets the base columns where its
  fold_key is the greater. The key is a rank digit and the event's id: what the process itself reported outranks
  what was concluded after its death.
- a replacement row sets replaced_by on the record whose audio file was overwritten: the latest stays.
- a rating row sets the rating columns where its rating_key, time and id of the rating, is the greater.
- a deletion row sets deleted_at: the earliest stays.
- a review row sets verdict, who, when and the doubts that were seen, as a rating row does.
- a note row sets the note and who wrote it, as a rating row does.

A process row, of tts_processes, is what one event says of its source; of several, the greatest id's stays.
A score row, of tts_scores, is what a scorer heard in a record's audio; the one by the greatest version stays.
A tag row, of tts_tags, is whether a record has a tag; the latest that was said of the two stays.
A preference row, of tts_preferences, is which of two records somebody prefers; the latest of that person stays.

A row whose record has not arrived yet, or was pruned, makes a stub with status 'pending', which its base row then
fills.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import orjson

from sidecar.event.event import Event
from sidecar.event.types import DELETED, PREFERRED, RATED, REVIEWED, SCORED, STARTED, SYNTHESIS, TAGGED
from sidecar.storage.columns import COLUMNS, PROCESS_COLUMNS, Column, Facet, Kind
from sidecar.storage.said import PREFERENCE_COLUMNS, TAG_COLUMNS, preference_rows, tag_rows
from sidecar.storage.scores import SCORE_COLUMNS

Value = str | int | float | datetime | None
Values = tuple[Value, ...]
"""Of one row, in the order of its fold's columns."""


@dataclass(frozen=True, kw_only=True)
class Fold:
    """How rows for one facet are folded into their table: which columns, and which of two values stays.

    Sinks build their statements from it.
    """

    name: str
    columns: tuple[str, ...]
    """Columns of the inserted row, in the order of the row's values; the key comes first."""
    guarded: tuple[str, ...]
    """Columns that are overwritten where the row's guard wins."""
    guard: str
    """The column that decides. It is compared as text or time; null loses; the greater wins, or the lesser where
    `lesser_wins`."""
    lesser_wins: bool = False
    table: str = "tts_records"
    width: int = 1
    """How many columns the key has."""

    @property
    def key(self) -> str:
        """The column by which a row is known, or the first of them."""
        return self.columns[0]

    @property
    def keys(self) -> tuple[str, ...]:
        """Every column of the key."""
        return self.columns[: self.width]


_STUB_COLUMNS = ("event_id", "fold_key", "text_input", "audio_path", "created_at", "status")


def _fold(facet: Facet, *, guard: str, lesser_wins: bool = False) -> Fold:
    own = tuple(column.name for column in COLUMNS if column.facet is facet)
    return Fold(
        name=facet,
        columns=own if facet is Facet.BASE else (*_STUB_COLUMNS, *own),
        guarded=tuple(name for name in own if name not in ("event_id", guard)),
        guard=guard,
        lesser_wins=lesser_wins,
    )


BASE = _fold(Facet.BASE, guard="fold_key")
REPLACEMENT = _fold(Facet.REPLACEMENT, guard="replaced_by")
RATING = _fold(Facet.RATING, guard="rating_key")
DELETION = _fold(Facet.DELETION, guard="deleted_at", lesser_wins=True)
REVIEW = _fold(Facet.REVIEW, guard="review_key")
NOTE = _fold(Facet.NOTE, guard="note_key")
PROCESS = Fold(
    name=Facet.PROCESS,
    columns=tuple(column.name for column in PROCESS_COLUMNS),
    guarded=tuple(column.name for column in PROCESS_COLUMNS if column.name not in ("source", "event_id")),
    guard="event_id",
    table="tts_processes",
)
SCORE = Fold(
    name=Facet.SCORE,
    columns=tuple(column.name for column in SCORE_COLUMNS),
    guarded=tuple(column.name for column in SCORE_COLUMNS if column.name not in ("event_id", "score_key")),
    guard="score_key",
    table="tts_scores",
)
TAG = Fold(
    name=Facet.TAG,
    columns=tuple(column.name for column in TAG_COLUMNS),
    guarded=("present", "tagged_at"),
    guard="tag_key",
    table="tts_tags",
    width=2,
)
PREFERENCE = Fold(
    name=Facet.PREFERENCE,
    columns=tuple(column.name for column in PREFERENCE_COLUMNS),
    guarded=("won", "preferred_at"),
    guard="preference_key",
    table="tts_preferences",
    width=3,
)
FOLDS = (BASE, REPLACEMENT, RATING, DELETION, REVIEW, NOTE, PROCESS, SCORE, TAG, PREFERENCE)
_BLANK: Mapping[str, Value] = {
    **{column.name: None for column in COLUMNS if column.facet is not Facet.NONE},
    "text_input": "",
    "audio_path": "",
    "emotion": "neutral",
    "status": "pending",
    "fold_key": "0:",
}
"""A stub, which no event has told anything about yet; what the tables' defaults make of it."""


def project(event: Event) -> Iterator[tuple[Fold, Values]]:
    """Rows that one event folds into, none for a type this program does not know."""
    if event.type.startswith(SYNTHESIS):
        return _synthesis(event)
    if event.type == STARTED:
        return iter([(PROCESS, _process_values(event))])
    if event.type == SCORED:
        return iter([(SCORE, _score_values(event))])
    if event.type == TAGGED:
        return _tagging(event)
    if event.type == PREFERRED:
        return ((PREFERENCE, values) for values in preference_rows(event))
    if event.type in _LATER:
        fold, values = _LATER[event.type]
        return iter([(fold, (*_stub(event, event.subject), *values(event)))])
    return iter(())


Record = dict[str, Value]
"""A row of tts_records by column, without its number."""


def fold(rows: Iterable[tuple[Fold, Values]]) -> Record | None:
    """The record that these rows of one subject fold into, as the statements of the sinks do it.

    Returns:
        None where there is no row. In a stub created_at is the earliest time of those that speak of it.
    """
    record: Record | None = None
    for of, values in rows:
        new = dict(zip(of.columns, values, strict=True))
        if record is None:
            record = {**_BLANK, "event_id": new["event_id"], "created_at": new["created_at"]}
        if record["status"] == "pending" and of is not BASE:
            record["created_at"] = min(record["created_at"], new["created_at"])  # type: ignore[type-var]
        theirs, ours = record[of.guard], new[of.guard]
        if theirs is None or (ours is not None and _wins(of, ours, theirs)):
            record.update({name: new[name] for name in (*of.guarded, of.guard)})
    return record


def _wins(of: Fold, ours: Any, theirs: Any) -> bool:
    return bool(ours < theirs if of.lesser_wins else ours > theirs)


def _synthesis(event: Event) -> Iterator[tuple[Fold, Values]]:
    yield BASE, _base_values(event)
    audio = event.data.get("audio")
    replaced = audio and audio.get("replaces")
    if replaced and replaced != event.subject:
        yield REPLACEMENT, (*_stub(event, replaced), *_replacement_values(event))


def _tagging(event: Event) -> Iterator[tuple[Fold, Values]]:
    if "note" in event.data:
        yield NOTE, (*_stub(event, event.subject), *_note_values(event))
    for values in tag_rows(event):
        yield TAG, values


def _stub(event: Event, subject: str) -> Values:
    return (subject, "0:", "", "", event.time, "pending")


def _time(value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:  # the schema's pattern lets 30 February pass; an optional fact is not worth an event
        return None


def _json(value: object) -> str | None:
    try:
        return None if not value else orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # nested deeper than it writes; an optional fact is not worth an event
        return None


def _truth(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _reader(facet: Facet, columns: Sequence[Column] = COLUMNS) -> Callable[[Event], Values]:
    """A function that takes the values of the facet's columns out of an event.

    It is written as source text and compiled, as dataclasses are: every event goes through it, and going through the
    descriptions each time would take twice as long. It looks each member of `data` up once, then reads
    `data_timing.get('wall')` and the like.
    """
    names: dict[str, Any] = {"NOTHING": {}, "as_time": _time, "as_json": _json, "as_truth": _truth}
    lines = ["def read(event):", "    data = event.data"]
    sections: set[str] = set()
    values = []
    for column in columns:
        if column.facet is facet:
            values.append(_expression(column, sections))
            names[f"compute_{column.name}"] = column.compute
    lines += [f"    data_{section} = data.get({section!r}) or NOTHING" for section in sorted(sections)]
    lines.append(f"    return ({', '.join(values)},)")
    exec("\n".join(lines), names)
    return cast("Callable[[Event], Values]", names["read"])


def _expression(column: Column, sections: set[str]) -> str:
    """Source text of a column's value.

    Args:
        sections: gains the members of `data` that it reads from.
    """
    found = []
    for path in [column.source] if isinstance(column.source, str) else column.source:
        *above, name = path.split(".")
        sections.update(above[1:])
        found.append(f"{'_'.join(above)}.get({name!r})" if above else f"event.{name}")
    value, *others = found
    for other in others:  # an empty object says as little as none; a zero says something
        value = f"{value} or {other}" if column.kind is Kind.JSON else f"v if (v := {value}) is not None else {other}"
    if column.compute:
        return f"compute_{column.name}(event, {value})"
    if column.kind in (Kind.TIME, Kind.JSON, Kind.TRUTH) and value != "event.time":
        return f"as_{column.kind}({value})"
    return f"({value})"


_base_values = _reader(Facet.BASE)
_replacement_values = _reader(Facet.REPLACEMENT)
_process_values = _reader(Facet.PROCESS, PROCESS_COLUMNS)
_score_values = _reader(Facet.SCORE, SCORE_COLUMNS)
_note_values = _reader(Facet.NOTE)
# What is said of a record later, by the event's type.
_LATER: Mapping[str, tuple[Fold, Callable[[Event], Values]]] = {
    RATED: (RATING, _reader(Facet.RATING)),
    DELETED: (DELETION, _reader(Facet.DELETION)),
    REVIEWED: (REVIEW, _reader(Facet.REVIEW)),
}
