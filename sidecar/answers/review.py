"""Which takes a person should hear: the doubts of takes at hand, and the queue of all that are in doubt.

What is usual is a matter of medians, which no view of either database can compute, and it moves with each take that is
scored. So doubts are not stored: they are computed when somebody asks, from the newest scored takes. That reads so many
rows and keeps so much in memory however large the tables are, and it writes nothing, which readers' accounts may not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sidecar.answers.best import best, is_best
from sidecar.answers.doubts import Doubt, doubts, unmoved
from sidecar.answers.filters import Filter
from sidecar.answers.usual import Pasts, Take
from sidecar.answers.verdicts import Decided, Say, Verdicts, learn
from sidecar.storage.database import Database, Parameter, in_chunks, marks

NEWEST = 10_000
"""So many of the newest scored takes say what is usual, and may be in the queue."""

_OF_SCORE = (
    *("event_id", "text_script", "beats", "speech_seconds", "syllables", "syllable_rate", "change_rate"),
    *("longest_silence", "signal_to_noise", "near_peak_share", "full_scale_share", "true_peak", "loudness"),
    *("mos_overall", "cer"),
)
_OF_RECORD = (
    *("voice", "voice_sha256", "language", "truncated", "verdict", "reviewed_at", "reviewed_by"),
    *("reviewed_doubts", "created_at", "model_version", "emotion"),
)
_OPEN = "r.status <> 'pending' AND r.deleted_at IS NULL AND r.replaced_by IS NULL"
_TAKE = (*_OF_SCORE, *_OF_RECORD, "open")
_SELECT = ", ".join(
    (
        *(f"s.{name}" for name in _OF_SCORE),
        *(f"r.{name}" for name in _OF_RECORD),
        f"CASE WHEN {_OPEN} THEN 1 ELSE 0 END",
    )
)


@dataclass(frozen=True, kw_only=True)
class Queue:
    """What the newest scored takes say."""

    pasts: Pasts
    takes: int
    """How many they are."""
    doubtful: Mapping[str, tuple[Doubt, ...]]
    """By event_id, the most doubtful first: those in doubt whose audio nobody replaced or deleted."""
    waiting: Sequence[str]
    """Those of them of which nobody has said whether to keep them, in the same order."""
    verdicts: Verdicts
    """What people decided, and which limits moved because of that."""
    not_in_doubt: int
    """Those not in doubt whose audio nobody replaced or deleted."""

    @property
    def recall_of_all(self) -> float | None:
        """The share of all bad takes that are in doubt, as far as those that people heard stand for the others."""
        return self.verdicts.recall_of_all(len(self.doubtful), self.not_in_doubt)

    def counts(self) -> Counter[str]:
        """How many takes are in doubt for each reason."""
        return Counter(doubt.kind.value for found in self.doubtful.values() for doubt in found)


@dataclass(frozen=True, kw_only=True)
class Review:
    """What is said of one take."""

    doubts: Sequence[Doubt] = ()
    """The gravest first."""
    verdict: str | None = None
    """keep, reject, or None where nobody has decided."""
    reviewed_at: datetime | None = None
    reviewed_by: str | None = None
    score: float | None = None
    """DNSMOS, 1 to 5; None where it was not measured."""
    loudness: float | None = None
    """LUFS."""


def usual(database: Database) -> Pasts:
    """What the newest scored takes say is usual, and their verdicts of the limits.

    Raises:
        TemporarySinkError: the database cannot serve.
    """
    return _judged_by(newest(database, NEWEST))[0]


def queue(database: Database) -> Queue:
    """The newest scored takes, each judged beside the others.

    Raises:
        TemporarySinkError: the database cannot serve.
    """
    takes = newest(database, NEWEST)
    pasts, verdicts = _judged_by(takes)
    open_takes = [take for take in takes if take["open"]]
    found = [(take, told) for take in open_takes if (told := tuple(doubts(take, pasts)))]
    found.sort(key=lambda each: (-each[1][0].weight, -len(each[1])))
    return Queue(
        pasts=pasts,
        takes=len(takes),
        doubtful={str(take["event_id"]): told for take, told in found},
        waiting=[str(take["event_id"]) for take, _ in found if take["verdict"] is None],
        verdicts=verdicts,
        not_in_doubt=len(open_takes) - len(found),
    )


def _judged_by(takes: Sequence[Take]) -> tuple[Pasts, Verdicts]:
    """What the takes say is usual, with the limits as their verdicts move them."""
    pasts = Pasts(takes)
    verdicts = learn(
        Decided(
            rejected=take["verdict"] == "reject",
            shown=frozenset(filter(None, (take["reviewed_doubts"] or "").split(","))),
            weights={doubt.kind.value: doubt.weight for doubt in unmoved(take, pasts)},
        )
        for take in takes
        if take["verdict"] is not None
    )
    pasts.moved = {reason.kind.value: reason.times for reason in verdicts.moved}
    return pasts, verdicts


def newest(database: Database, limit: int, wanted: Filter | None = None) -> list[Take]:
    """The newest scored takes with what is asked of them here, newest first.

    Args:
        wanted: those alone.

    Raises:
        TemporarySinkError: the database cannot serve.
    """
    among, made = "", ""
    parameters: list[Parameter] = []
    if wanted == Filter():  # the newest of a million are found without a list of the million
        made = " AND r.status <> 'pending'"
    elif wanted is not None:
        conditions, parameters = wanted.where()
        among = f"WHERE event_id IN (SELECT event_id FROM tts_records WHERE {' AND '.join(conditions)}) "
    # An id begins with its time, so the key's own order is that of time, and no take without a score is read.
    scores = f"SELECT {', '.join(_OF_SCORE)}, problem FROM tts_scores {among}ORDER BY event_id DESC LIMIT {limit:d}"
    rows = database.query(
        f"SELECT {_SELECT} FROM ({scores}) s JOIN tts_records r ON r.event_id = s.event_id "
        f"WHERE s.problem IS NULL{made} ORDER BY s.event_id DESC",
        parameters,
    )
    return [dict(zip(_TAKE, row, strict=True)) for row in rows]


def reviews(database: Database, pasts: Callable[[], Pasts], event_ids: Iterable[str | None]) -> dict[str, Review]:
    """What is said of these takes, by event_id; a take has doubts only where it was scored.

    Args:
        pasts: tells what is usual; asked only where one of them was scored.
    """
    found: dict[str, Review] = {}
    for chunk in in_chunks(each for each in event_ids if each is not None):
        rows = database.query(
            f"SELECT r.event_id, {_SELECT} FROM tts_records r LEFT JOIN tts_scores s ON s.event_id = r.event_id "
            f"WHERE r.event_id IN ({marks(chunk)})",
            chunk,
        )
        for event_id, *row in rows:
            take: Take = dict(zip(_TAKE, row, strict=True))
            found[str(event_id)] = Review(
                doubts=doubts(take, pasts()) if take["event_id"] else (),
                verdict=take["verdict"],
                reviewed_at=take["reviewed_at"],
                reviewed_by=take["reviewed_by"],
                score=take["mos_overall"],
                loudness=take["loudness"],
            )
    return found


def sentence(doubt: Doubt, say: Say) -> str:
    """What was seen and what is usual, in words."""
    return say(doubt.wording, **doubt.values)


def as_members(review: Review, say: Say) -> dict[str, Any]:
    """What `sidecar find --json` and the API add to a record."""
    return {
        "doubts": [
            {
                "kind": doubt.kind.value,
                "weight": round(doubt.weight, 2),
                "sentence": sentence(doubt, say),
                **{name: round(value, 3) for name, value in doubt.values.items()},
            }
            for doubt in review.doubts
        ],
        "verdict": review.verdict,
        "reviewed_at": review.reviewed_at,
        "reviewed_by": review.reviewed_by,
    }


def annotated(
    database: Database, pasts: Callable[[], Pasts], records: Sequence[Mapping[str, Any]], say: Say
) -> list[dict[str, Any]]:
    """The records, each with what is said of it, and whether it is the best take of its request."""
    told = reviews(database, pasts, (record["event_id"] for record in records))
    bests = best(database, (record.get("request_hash") for record in records))
    nothing = Review()
    return [
        {**record, **as_members(told.get(str(record["event_id"]), nothing), say), "best": is_best(record, bests)}
        for record in records
    ]
