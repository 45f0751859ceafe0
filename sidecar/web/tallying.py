"""What is said above and beside the list: how many takes match, how long they are, of which kinds, on which day; and
where some failed, for which causes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from starlette.requests import Request

from sidecar.answers.causes import Cause, causes
from sidecar.answers.filters import PROBLEMS, Filter
from sidecar.answers.said import tag_counts_among
from sidecar.answers.sums import FAILED
from sidecar.answers.window import FACETS, MOST, Sum
from sidecar.web.asking import DOUBTFUL, Question, wanted_of
from sidecar.web.state import State, state

_TAG = "tag"
_TELLING = {PROBLEMS, *FAILED}
"""Outcomes of which people want the causes."""


@dataclass(frozen=True, kw_only=True)
class Value:
    """One value of a facet."""

    value: str
    takes: int | None
    """None where nobody counted them: there are too many."""
    share: int
    """Of the most frequent value's, in percent."""
    chosen: bool
    refused: bool


@dataclass(frozen=True, kw_only=True)
class Facet:
    name: str
    values: Sequence[Value]


@dataclass(frozen=True, kw_only=True)
class Tallied:
    """Of the takes that match."""

    total: Sum
    exact: bool
    reached: datetime | None
    """Older ones were not counted; None where that is no matter of time."""
    counts: Mapping[str, Mapping[str, int]]
    """By facet and value."""
    days: Mapping[date, Sum]
    causes: Sequence[Cause]
    """Where failures were asked for: kinds of error."""


def tallied(request: Request, question: Question) -> Tallied:
    """
    Raises:
        UsageError: a filter's value makes no sense.
        TemporarySinkError: the database cannot serve.
    """
    shared = state(request)
    wanted = wanted_of(request)
    found = shared.window(wanted, doubtful=bool(question.first(DOUBTFUL)), scored=False)
    counts: Mapping[str, Mapping[str, int]] = found.counts()
    whole = found.reached is not None and not question.given
    known = shared.choices.get() if whole else None
    told: Sequence[Cause] = ()
    if _TELLING & set(question.given.get("status", ())):
        with shared.pool.lend() as database:
            told = causes(database, found)
    if known:
        counts = known.values
    elif found.reached is None:
        with shared.pool.lend() as database:
            tags = tag_counts_among(database, [line.id for line in found.lines])
        counts = {**counts, **_instead(shared, question, wanted, counts), _TAG: tags}
    return Tallied(
        total=known.total if known else found.total(),
        exact=known is not None or found.reached is None,
        reached=found.reached if len(found.lines) < MOST else None,
        counts=counts,
        days=found.days(shared.zone),
        causes=told,
    )


def _instead(
    shared: State, question: Question, wanted: Filter, own: Mapping[str, Mapping[str, int]]
) -> dict[str, Mapping[str, int]]:
    """Of each filter that is set, how many takes there would be of its other values: as if it were not set.

    Args:
        own: of the takes that match, counted to the end. Where that cannot be done, nor can it of the others.
    """
    counts: dict[str, Mapping[str, int]] = {}
    for name in FACETS:
        if not _chosen(question, name)[0] or PROBLEMS in question.given.get(name, ()):
            continue
        if set(question.given) == {name}:
            counts[name] = {**shared.choices.get().values[name], **own[name]}
            continue
        any_value: Any = {name: ()}
        without = shared.window(replace(wanted, **any_value), doubtful=bool(question.first(DOUBTFUL)), scored=False)
        if without.reached is None:
            counts[name] = {**without.count(name), **own[name]}
    return counts


def _chosen(question: Question, name: str) -> tuple[list[str], list[str]]:
    """The values that are asked for, and those that are refused."""
    given = question.given.get(name, ())
    if name == _TAG:
        tags = [tag.strip() for each in given for tag in each.split(",")]
        return [tag for tag in tags if not tag.startswith("-")], [tag[1:] for tag in tags if tag.startswith("-")]
    return [each for each in given if each != PROBLEMS], list(question.given.get(f"-{name}", ()))  # it has its own box


def facets(request: Request, question: Question, tallied: Tallied | None) -> list[Facet]:
    """The filters' values: those that are chosen, those of the takes that match, and all others that there are.

    Args:
        tallied: what was counted; without it, of all takes.
    """
    offered = state(request).choices.get().values
    made = []
    for name in (*FACETS, _TAG):
        counted = offered[name] if tallied is None else tallied.counts.get(name, {})
        chosen, refused = _chosen(question, name)
        # Of a facet that is chosen from, the other values may not have been counted.
        all_counted = tallied is not None and tallied.exact and name in tallied.counts and not question.given.get(name)
        frequent = sorted(counted, key=lambda each: -counted[each])
        values = dict.fromkeys([*chosen, *refused, *frequent, *offered[name]])
        most = max(counted.values(), default=1)
        made.append(
            Facet(
                name=name,
                values=[
                    Value(
                        value=value,
                        takes=counted.get(value, 0 if all_counted else None),
                        share=round(100 * counted.get(value, 0) / most),
                        chosen=value in chosen,
                        refused=value in refused,
                    )
                    for value in values
                ],
            )
        )
    return made
