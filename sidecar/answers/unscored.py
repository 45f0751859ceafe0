"""Which takes have no score yet, or an old one: the newest first, and cheaply asked for again and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sidecar.errors import UsageError
from sidecar.storage.database import Database, Parameter, marks

POLL_SECONDS = 2.0
"""How often the greatest number of a record is asked for, which costs nothing however many there are."""
SWEEP_SECONDS = 600.0
"""How often all records are asked for: one may be told of before its own event comes."""
_MARGIN = 1000  # record numbers below the greatest, for transactions that were under way when it was read
_PAGE = 100  # takes that are asked for at once
_COLUMNS = (
    *("id", "event_id", "created_at", "audio_path", "audio_bytes", "replaced_by", "deleted_at", "text_input"),
    *("voice", "voice_sha256"),
)
_TAKE = ", ".join(f"r.{name}" for name in _COLUMNS)
_FROM = "FROM tts_records r LEFT JOIN tts_scores s ON s.event_id = r.event_id"
_OPEN = (
    "r.event_id IS NOT NULL AND r.status IN ('succeeded', 'discovered') AND r.audio_path <> '' "
    "AND r.deleted_at IS NULL AND r.replaced_by IS NULL"
)
_KNOWN = "r.text_input <> '' AND r.text_input NOT LIKE 'sha256:%'"

Take = dict[str, Any]
"""A record by these of its columns: id, event_id, created_at, text_input, its voice, and what open_audio needs."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which takes are to be scored."""

    scorers: Sequence[str] | None = None
    """Those scored by one of these versions; None: those without any score."""
    unheard: bool = False
    """Those with a score, but without a transcript, of which the text is known."""

    def where(self) -> tuple[str, list[Parameter]]:
        if self.unheard:
            return f"s.problem IS NULL AND s.transcript IS NULL AND s.event_id IS NOT NULL AND {_KNOWN} AND {_OPEN}", []
        if self.scorers is None:
            return f"s.event_id IS NULL AND {_OPEN}", []
        return f"s.scorer IN ({marks(self.scorers)}) AND {_OPEN}", list(self.scorers)


def by_older_scorers(database: Database, version: str, own: str) -> Wanted:
    """Takes whose score is by an older version than that.

    Args:
        own: this scorer's version.

    Raises:
        UsageError: it is no version, or newer than this scorer's: those takes would stay as they are.
    """
    wanted = _version(version, own)
    if wanted > _version(own, own):
        raise UsageError(f"this scorer is version {own}, older than {version}", hint="Name that one, or an older one.")
    rows = database.query("SELECT DISTINCT scorer FROM tts_scores")
    return Wanted(scorers=[str(each) for (each,) in rows if _version(str(each), own) < wanted] or [""])


def _version(text: str, example: str) -> tuple[int, ...]:
    parts = text.split(".")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        raise UsageError(f"{text!r} is no version of a scorer", hint=f"Write it like {example}.")
    return tuple(map(int, parts))


def count(database: Database, wanted: Wanted) -> int:
    """How many takes are to be scored."""
    condition, parameters = wanted.where()
    return int(database.query(f"SELECT COUNT(*) {_FROM} WHERE {condition}", parameters)[0][0])


def takes(database: Database, wanted: Wanted, *, after: int = 0) -> Iterator[Take]:
    """Takes that are to be scored, the newest first; asked for some at a time, so that others may ask in between.

    Args:
        after: only records with greater numbers.
    """
    condition, parameters = wanted.where()
    before: list[Parameter] = []
    while True:
        older = "AND (r.created_at < ? OR (r.created_at = ? AND r.id < ?)) AND r.created_at <= ?" if before else ""
        rows = database.query(
            f"SELECT {_TAKE} {_FROM} WHERE {condition} AND r.id > ? {older} "
            f"ORDER BY r.created_at DESC, r.id DESC LIMIT {_PAGE}",
            [*parameters, after, *before],
        )
        for row in rows:
            yield dict(zip(_COLUMNS, row, strict=True))
        if len(rows) < _PAGE:
            return
        number, _, created_at = rows[-1][:3]
        before = [created_at, created_at, number, created_at]


def as_they_come(
    database: Database, wait: Callable[[float], bool], clock: Callable[[], float] = time.monotonic
) -> Iterator[Take]:
    """Takes without a score, without end: new ones at once, older ones while none comes. Each is handed over once.

    Args:
        wait: waits that many seconds; whether this is to end.
        clock: seconds.
    """
    handed, seen, swept = set[str](), _newest(database), clock()
    backlog = takes(database, Wanted())
    asked = clock()
    while True:
        if clock() - asked >= POLL_SECONDS:
            asked, before, seen = clock(), seen, _newest(database)
            if seen > before:
                for take in takes(database, Wanted(), after=max(before - _MARGIN, 0)):
                    if take["event_id"] not in handed:
                        handed.add(take["event_id"])
                        yield take
        take_or_none = next((each for each in backlog if each["event_id"] not in handed), None)
        if take_or_none is not None:
            handed.add(take_or_none["event_id"])
            yield take_or_none
        elif wait(POLL_SECONDS):
            return
        elif clock() - swept >= SWEEP_SECONDS:
            swept, backlog = clock(), takes(database, Wanted())


def _newest(database: Database) -> int:
    return int(database.query("SELECT MAX(id) FROM tts_records")[0][0] or 0)
