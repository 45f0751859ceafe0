"""Two takes beside each other: both sounds, and what was asked for differently. Of more takes, one pair after another:
the one that is preferred meets the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sidecar.answers import search
from sidecar.answers.audio import AudioState, missing
from sidecar.answers.measured import Measured, measured
from sidecar.answers.recorded import recorded
from sidecar.answers.said import Said, said
from sidecar.web.api import unpacked
from sidecar.web.particulars import Fact, sections
from sidecar.web.rendering import language_of, render
from sidecar.web.state import state
from sidecar.wording import translator

MOST = 20
"""Takes that are compared pair by pair."""
_ASKED = ("general", "emotion", "voice", "params", "model")
"""The sections of a take's page that say what was asked for, and of what model."""
_GENERAL = frozenset({"language", "seed"})
_HAPPENED = frozenset({"model.first_call", "model.acceleration"})
"""What is in those sections and was not asked for."""

Name = tuple[str, str]
"""Of a fact: its section and its path."""


@dataclass(frozen=True, kw_only=True)
class Side:
    letter: str
    record: search.Record
    gone: AudioState | None
    """Why it cannot be heard; None where it can."""
    measured: Measured
    said: Said
    asked: Mapping[Name, Fact]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing that was asked for, on both sides."""

    section: str
    path: str
    values: tuple[str, str]

    @property
    def differs(self) -> bool:
        return self.values[0] != self.values[1]


def compare(request: Request) -> Response:
    """The page. ?a=ID&b=ID, or id=ID for each of several; all=yes shows what is the same as well."""
    asked = _asked_for(request)
    if not 2 <= len(asked) <= MOST:
        return render(request, "compare.html", 400, sides=[], most=MOST)
    sides = _sides(request, asked[:2])
    if len(sides) < 2:
        return render(request, "compare.html", 404, sides=[], most=MOST)
    rows = beside(sides[0].asked, sides[1].asked)
    everything = request.query_params.get("all") == "yes"
    return render(
        request,
        "compare.html",
        sides=sides,
        rest=asked[2:],
        rows=[row for row in rows if everything or row.differs],
        differ=sum(row.differs for row in rows),
        of=len(rows),
        everything=everything,
        toggled=f"/compare?{urlencode([('id', each) for each in asked] + ([] if everything else [('all', 'yes')]))}",
        swapped=f"/compare?{urlencode([('id', each) for each in (asked[1], asked[0], *asked[2:])])}",
    )


def beside(left: Mapping[Name, Fact], right: Mapping[Name, Fact]) -> list[Row]:
    """What either asked for, in the order of a take's page; a side that said nothing of it has an empty value."""
    names = list(left)
    for at, name in enumerate(right):
        if name not in left:
            names.insert(_place(names, list(right)[:at]), name)
    return [
        Row(section=name[0], path=name[1], values=(_text(left.get(name)), _text(right.get(name)))) for name in names
    ]


def _place(names: Sequence[Name], before: Sequence[Name]) -> int:
    """After the nearest of those that stand before it on its own side."""
    return next((names.index(each) + 1 for each in reversed(before) if each in names), 0)


def _text(fact: Fact | None) -> str:
    return fact.text if fact else ""


def _asked_for(request: Request) -> list[str]:
    given = request.query_params
    named = [given.get("a", ""), given.get("b", ""), *given.getlist("id")]
    return list(dict.fromkeys(each for each in named if each and each.isascii()))


def _sides(request: Request, event_ids: Sequence[str]) -> list[Side]:
    word, zone = translator(language_of(request)), state(request).zone
    sides = []
    with state(request).pool.lend() as database:
        found = [record for each in event_ids if (record := search.get(database, each))]
        gone = missing(database, state(request).folders, found)
        names = [str(record["event_id"]) for record in found]
        scores, words = measured(database, names), said(database, names)
        for letter, record, lost in zip("AB", found, gone, strict=False):
            whole = unpacked(record)
            document = recorded(database, record["event_id"])
            sides.append(
                Side(
                    letter=letter,
                    record=whole,
                    gone=lost,
                    measured=scores.get(record["event_id"], Measured()),
                    said=words.get(record["event_id"], Said()),
                    asked=_asked(sections(document, whole, None, word, zone)),
                )
            )
    return sides


def _asked(listed: Sequence[Any]) -> dict[Name, Fact]:
    return {
        (section.name, fact.path): fact
        for name in _ASKED
        for section in listed
        if section.name == name
        for fact in section.facts
        if fact.path not in _HAPPENED and (name != "general" or fact.path in _GENERAL)
    }


def routes() -> list[BaseRoute]:
    return [Route("/compare", compare)]
