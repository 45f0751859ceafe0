"""All that is known of one take, as sections of named values. What there is decides what is listed: a member that the
recorder or a column that a later event adds needs no line here, only, for readers' sake, a word in wording/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from sidecar.event import contract
from sidecar.storage.columns import COLUMNS, PROCESS_COLUMNS, Audience, Column, Facet, Kind
from sidecar.web import show
from sidecar.web.rendering import link
from sidecar.wording import Word, length
from sidecar.wording.moments import whole_moment

Document = Mapping[str, Any]

_ELSEWHERE = frozenset({"text", "error"})
"""Members that the page shows at its top."""
_FILTERS: Mapping[str, str] = {
    "emotion.label": "emotion",
    "language": "language",
    "voice.path": "voice",
    "voice.sha256": "voice",
    "model.version": "model",
    "caller.user": "user",
}
"""Which members a list can be asked for, and by which filter."""
_RECORDS = frozenset({"audio.replaces", "audio.reused_from"})
"""Members that name another record."""
_SHOWN_FACETS = frozenset(
    {Facet.BASE, Facet.NONE, Facet.RATING, Facet.REVIEW, Facet.NOTE, Facet.DELETION, Facet.REPLACEMENT, Facet.PROCESS}
)
"""What the page tells in its own places: the event, what people said, the timeline."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    path: str
    """The member's or the column's name, by which it is called where it has no word."""
    text: str
    title: str
    """What the contract says of it, and its value in full."""
    href: str = ""
    code: bool = False
    """Whether it is for machines first: an id, a hash, a path."""


@dataclass(frozen=True, kw_only=True)
class Section:
    name: str
    facts: tuple[Fact, ...]


def sections(
    document: Document | None, record: Document, process: Document | None, word: Word, zone: tzinfo
) -> list[Section]:
    """
    Args:
        document: the take's own event; where the tables have none, what its columns say of it stands in.
        record: every column of the record.
        process: every column of the process that it was made in; None where that left no word of itself.
    """
    whole = document or {"id": record["event_id"], "source": record["source"], "data": _from_columns(record)}
    data = whole["data"]
    given = {name: data[name] for name in (*contract.names(), *data) if name in data and name not in _ELSEWHERE}
    alone = {name: value for name, value in given.items() if not isinstance(value, dict)}
    found = [
        *(
            Section(name=name, facts=tuple(_facts((name,), value, word, zone)))
            for name, value in given.items()
            if isinstance(value, dict)
        ),
        Section(name="general", facts=tuple(_facts((), alone, word, zone))),
        *_later(record, word, zone),
        _machine(process or {}, word, zone),
        _envelope(whole, word, zone),
    ]
    return [each for each in found if each.facts]


def _from_columns(record: Document) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for column in COLUMNS:
        source = column.source if isinstance(column.source, str) else next(iter(column.source), "")
        value = record.get(column.name)
        if column.facet is Facet.BASE and source.startswith("data.") and value is not None:
            *above, last = source.split(".")[1:]
            into = data
            for name in above:
                into = into.setdefault(name, {})
            into[last] = value
    return data


def _facts(above: tuple[str, ...], values: Document, word: Word, zone: tzinfo) -> Iterator[Fact]:
    if above == ("params",):
        yield from _params(values, word)
        values = {name: value for name, value in values.items() if name not in ("requested", "effective")}
    for name, value in values.items():
        path = (*above, name)
        if isinstance(value, dict):
            yield from _facts(path, value, word, zone)
        elif value is not None and value != []:
            yield _fact(path, value, word, zone)


def _params(values: Document, word: Word) -> Iterator[Fact]:
    """Each argument as it was used, and besides as it was asked for where that is another value."""
    asked, used = (values.get(name) or {} for name in ("requested", "effective"))
    for name in {**used, **asked}:
        text = _plain(used[name]) if name in used else ""
        if name in asked and (name not in used or asked[name] != used[name]):
            text = f"{text} ({word('asked_for', _plain(asked[name]))})".strip()
        yield Fact(path=name, text=text, title=f"params.{name}", code=True)


def _fact(path: tuple[str, ...], value: Any, word: Word, zone: tzinfo) -> Fact:
    dotted = ".".join(path)
    member = contract.member(path)
    href = ""
    if dotted in _FILTERS:
        href = link(**{_FILTERS[dotted]: str(value)})
    elif dotted in _RECORDS:
        href = f"/records/{value}"
    return Fact(
        path=dotted,
        text=_text(dotted, member.kind, value, word, zone),
        title="\n".join(filter(None, [dotted, member.description, _plain(value)])),
        href=href,
        code=member.kind in ("sha256", "uuid7", "path"),
    )


def _text(dotted: str, kind: str, value: Any, word: Word, zone: tzinfo) -> str:
    """The value as people read it: with its unit, where the contract gives it one."""
    if isinstance(value, bool):
        return word("yes") if value else word("no")
    if dotted == "emotion.label":
        return word(f"emotion_{value}")
    if dotted == "emotion.mode":
        return word(f"mode_{value}")
    if isinstance(value, (int, float)):
        if dotted == "timing.rtf":
            return show.number(float(value))
        if kind == "seconds":
            return length(float(value), word)
        if kind == "share":
            return show.percent(float(value))
        if dotted.endswith(".bytes") or dotted.startswith("memory."):
            return show.size(int(value))
        if dotted == "audio.sample_rate":
            return f"{value:,} Hz"
        if kind == "count":
            return f"{value:,}"
    if isinstance(value, datetime):
        return whole_moment(value, zone)
    if kind == "time":
        return whole_moment(datetime.fromisoformat(str(value)), zone)
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _later(record: Document, word: Word, zone: tzinfo) -> list[Section]:
    """What later events added, by the side of the record that they tell."""
    by_facet: dict[str, list[Fact]] = {}
    for column in COLUMNS:
        value = record.get(column.name)
        if column.facet not in _SHOWN_FACETS and column.audience is not Audience.NOBODY and value is not None:
            by_facet.setdefault(column.facet, []).append(_of_column(column, value, word, zone))
    return [Section(name=name, facts=tuple(facts)) for name, facts in by_facet.items()]


def _machine(process: Document, word: Word, zone: tzinfo) -> Section:
    """What the process ran on: its columns, and of those that hold several values each under its own name."""
    facts: list[Fact] = []
    for column in PROCESS_COLUMNS:
        value = process.get(column.name)
        if isinstance(value, dict):
            told = {fact.path for fact in facts}
            facts += [
                Fact(path=name, text=_plain(each), title=f"{column.name}.{name}")
                for name, each in value.items()
                if f"machine.{name}" not in told and each is not None
            ]
        elif value is not None and column.name not in ("source", "event_id"):
            fact = _of_column(column, value, word, zone)
            facts.append(replace(fact, path=f"machine.{column.name}"))
    return Section(name="machine", facts=tuple(facts))


def _of_column(column: Column, value: Any, word: Word, zone: tzinfo) -> Fact:
    kind = {"seconds": "seconds", "share": "share"}.get(column.unit, "")
    if column.kind is Kind.TIME:
        text = whole_moment(value, zone)
    elif column.unit == "bytes":
        text = show.memory(value) if column.facet is Facet.PROCESS else show.size(value)
    elif column.kind is Kind.TRUTH:
        text = word("yes") if value else word("no")
    else:
        text = _text(column.name, kind, value, word, zone)
        if column.unit and not kind and column.kind in (Kind.NUMBER, Kind.INTEGER):
            text = f"{text} {column.unit}"
    return Fact(path=column.name, text=text, title=f"{column.name}\n{column.meaning}\n{_plain(value)}")


def _envelope(document: Document, word: Word, zone: tzinfo) -> Section:
    kinds = {"id": "uuid7", "subject": "uuid7", "time": "time"}
    shown = ("time", "id", "subject", "source", "sequence", "type", "dataschema")
    facts = []
    for name in shown:
        value = document.get(name)
        if value is not None and not (name == "subject" and value == document["id"]):
            text = _text(name, kinds.get(name, ""), value, word, zone)
            facts.append(Fact(path=name, text=text, title=f"{name}\n{_plain(value)}", code=name != "time"))
    return Section(name="event", facts=tuple(facts))
