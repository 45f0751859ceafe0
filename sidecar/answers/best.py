"""Which of several takes of one request is the best: the one to listen to, to ship, and to hand out again.

First comes what was more often preferred to others than others to it, then what a person heard and kept, then the
better rating (a take that nobody rated stands between 2 and 3), then the better score, then the newest. Audio that was
rejected, deleted or replaced is not among them, nor is a copy of rejected audio. indextts_patch/takes.py has the same
order, for reuse, from the event files alone; tests/better.py holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sidecar.storage.database import Database, in_chunks, marks

_UNRATED = 2.5
_ORDER = (
    # By whomever, each pair once: +1 where it was preferred, -1 where the other was.
    "COALESCE((SELECT SUM(2 * p.won - 1) FROM tts_preferences p WHERE p.event_id = r.event_id), 0) DESC",
    "CASE WHEN r.verdict = 'keep' THEN 0 ELSE 1 END",
    f"COALESCE(r.rating, {_UNRATED}) DESC",
    "CASE WHEN s.mos_overall IS NULL THEN 1 ELSE 0 END",
    "s.mos_overall DESC",
    "r.event_id DESC",
)
_REJECTED = "MAX(CASE WHEN verdict = 'reject' THEN 1 ELSE 0 END)"


@dataclass(frozen=True, kw_only=True)
class Best:
    """Of the takes of one request."""

    event_id: str | None
    """The best; None where all were rejected, deleted or replaced."""
    takes: int
    """How many were made, whatever became of them."""


def best(database: Database, requests: Iterable[str | None]) -> dict[str, Best]:
    """The best take of each of these requests (request_hash), of those that were made at least twice.

    Raises:
        TemporarySinkError: the database cannot serve.
    """
    found: dict[str, Best] = {}
    for chunk in in_chunks(dict.fromkeys(each for each in requests if each)):
        # Copies that reuse handed out have a hash as well: whoever rejects one rejects the audio.
        rows = database.query(
            "SELECT t.request_hash, t.event_id, t.takes, t.stays FROM ("
            "SELECT r.request_hash, r.event_id, r.stays, r.takes, ROW_NUMBER() OVER ("
            f"PARTITION BY r.request_hash ORDER BY r.stays DESC, {', '.join(_ORDER)}) AS place FROM ("
            "SELECT request_hash, event_id, verdict, rating, "
            "CASE WHEN status = 'succeeded' AND deleted_at IS NULL AND replaced_by IS NULL AND "
            f"{_REJECTED} OVER (PARTITION BY request_hash, COALESCE(audio_sha256, event_id)) = 0 "
            "THEN 1 ELSE 0 END AS stays, "
            "SUM(CASE WHEN status = 'succeeded' THEN 1 ELSE 0 END) OVER (PARTITION BY request_hash) AS takes "
            f"FROM tts_records WHERE request_hash IN ({marks(chunk)}) AND event_id IS NOT NULL "
            "AND status IN ('succeeded', 'reused')) r "
            "LEFT JOIN tts_scores s ON s.event_id = r.event_id) t WHERE t.place = 1 AND t.takes > 1",
            chunk,
        )
        for request, event_id, takes, stays in rows:
            found[str(request)] = Best(event_id=str(event_id) if stays else None, takes=int(takes))
    return found


def is_best(record: Mapping[str, Any], of: Mapping[str, Best]) -> bool | None:
    """Whether a record is the best take of its request; None where that was made once, or is unknown."""
    known = of.get(str(record["request_hash"])) if record.get("request_hash") else None
    return None if known is None else known.event_id == record["event_id"]
