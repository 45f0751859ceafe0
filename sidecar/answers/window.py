"""The newest of the records that match, few enough to be sorted, added up and told apart in a moment.

A list that is not in the order of time is one of these. No index has to be kept for it, and no insert becomes dearer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import NamedTuple

from sidecar.answers.filters import Filter
from sidecar.answers.said import frequent
from sidecar.answers.sums import FAILED
from sidecar.answers.walk import parts
from sidecar.storage.database import Database, marks

MOST = 10_000
"""Records in a window."""
NEWEST = "time"
"""The order that is no matter of a window: by time, of all that there are."""


class Line(NamedTuple):
    """What is sorted and counted of a record; names as in tts_records and tts_scores."""

    id: int
    created_at: datetime
    status: str
    emotion: str
    user_id: str | None
    model_version: str | None
    language: str | None
    voice: str | None
    duration: float | None
    rating: int | None
    rtf: float | None
    mos_overall: float | None = None
    loudness: float | None = None


_OF_RECORD = Line._fields[:-2]
_OF_SCORE = Line._fields[-2:]
ORDERS: Mapping[str, str] = {
    "length": "duration", "rating": "rating", "score": "mos_overall", "loudness": "loudness", "voice": "voice",
    "user": "user_id", "rtf": "rtf", "emotion": "emotion",
}  # fmt: skip
"""What a list can be sorted by beside time, and by which member of a line. With a minus, the greatest comes first."""
FACETS: Mapping[str, str] = {
    "emotion": "emotion", "voice": "voice", "user": "user_id", "model": "model_version", "language": "language",
    "status": "status",
}  # fmt: skip
"""The filters whose values are counted, and of which member."""


@dataclass(frozen=True)
class Sum:
    """Of some takes."""

    takes: int = 0
    seconds: float = 0.0
    failed: int = 0


@dataclass(frozen=True, kw_only=True)
class Window:
    lines: Sequence[Line]
    """The newest first."""
    reached: datetime | None
    """Older ones that match may be missing; None where all are there."""
    _sorted: dict[str, list[int]] = field(default_factory=dict, repr=False, compare=False)

    def total(self) -> Sum:
        return _sum(self.lines)

    def counts(self) -> dict[str, Counter[str]]:
        """For each facet, how many takes have which value."""
        return {name: self.count(name) for name in FACETS}

    def count(self, facet: str) -> Counter[str]:
        """How many takes have which value."""
        member = FACETS[facet]
        return Counter(value for line in self.lines if (value := getattr(line, member)) is not None)

    def days(self, zone: tzinfo) -> dict[date, Sum]:
        """The days in that time zone of which every take that matches is in the window."""
        by_day: dict[date, list[Line]] = {}
        for line in self.lines:
            by_day.setdefault(line.created_at.astimezone(zone).date(), []).append(line)
        if self.reached is not None and by_day:
            by_day.pop(self.reached.astimezone(zone).date(), None)
        return {day: _sum(lines) for day, lines in by_day.items()}

    def ordered(self, order: str) -> list[int]:
        """The ids in an order of ORDERS; what lacks the value comes last, and the newest first of equals."""
        if order not in self._sorted:
            member = ORDERS[order.removeprefix("-")]
            known = [line for line in self.lines if getattr(line, member) is not None]
            known.sort(key=lambda line: getattr(line, member), reverse=order.startswith("-"))
            rest = [line for line in self.lines if getattr(line, member) is None]
            self._sorted[order] = [line.id for line in (*known, *rest)]
        return self._sorted[order]


def _sum(lines: Sequence[Line]) -> Sum:
    return Sum(
        takes=len(lines),
        seconds=sum(line.duration or 0.0 for line in lines),
        failed=sum(line.status in FAILED for line in lines),
    )


def window(
    database: Database,
    wanted: Filter,
    *,
    among: Sequence[str] | None = None,
    scored: bool = False,
    patience: float | None = None,
    most: int = MOST,
) -> Window:
    """
    Args:
        among: event_ids, of which the records must be.
        scored: with what tts_scores tells of them.
        patience: seconds after which no further records are looked at.
        most: records in it.
    """
    conditions, parameters = wanted.where(frequent(database, wanted.tags))
    if among is not None:
        conditions, parameters = [*conditions, f"event_id IN ({marks(among) or 'NULL'})"], [*parameters, *among]
    lines: list[Line] = []
    reached: datetime | None = None
    for part in parts(database, None, patience, since=wanted.since, until=wanted.until):
        sql = (
            f"SELECT event_id, {', '.join(_OF_RECORD)} FROM tts_records {part.by_time if among is None else ''} "
            f"WHERE {' AND '.join([*conditions, *part.where[0]])} "
            f"ORDER BY created_at DESC, id DESC LIMIT {most + 1 - len(lines):d}"
        )
        own = ", ".join(f"w.{name}" for name in _OF_RECORD)
        if scored:
            scores = ", ".join(f"s.{name}" for name in _OF_SCORE)
            sql = (
                f"SELECT {own}, {scores} FROM ({sql}) w LEFT JOIN tts_scores s ON s.event_id = w.event_id "
                "ORDER BY w.created_at DESC, w.id DESC"
            )
        else:
            sql = f"SELECT {own} FROM ({sql}) w ORDER BY w.created_at DESC, w.id DESC"
        lines += [Line(*row) for row in database.query(sql, [*parameters, *part.where[1]])]
        reached = part.edge
        if len(lines) > most:
            reached = lines[most - 1].created_at
            break
        if reached is None:
            break
    return Window(lines=lines[:most], reached=reached)
