"""Scores by voice: whose they are, which ones count, and how many series there can be."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from prometheus_client import CollectorRegistry

from sidecar.event.event import Event
from sidecar.service.metrics.scores import Scores
from tests.events import encode, rfc3339, scored, succeeded, uuid7


def heard(
    score: float | None, path: str | None = "voices/anna.wav", sha256: str | None = None, days: float = 0
) -> Event:
    """A score of a take that was made so many days before."""
    subject = uuid7()
    made = datetime.fromtimestamp((UUID(subject).int >> 80) / 1000, timezone.utc)
    event = scored(subject, mos_overall=score)
    event["time"] = rfc3339(made + timedelta(days=days, seconds=5))
    event["data"]["voice"] = {"path": path, "sha256": sha256} if path or sha256 else None
    return Event.decode(encode(event))


def counted(scores: list[Event], most: int = 20) -> dict[str, tuple[int, float]]:
    """How many scores each voice has, and their sum."""
    registry = CollectorRegistry()
    Scores(registry, most).committed(scores)
    samples: dict[str, dict[str, Any]] = {}
    for family in registry.collect():
        for sample in family.samples:
            samples.setdefault(sample.labels.get("voice", ""), {})[sample.name] = sample.value
    return {
        voice: (int(found["tts_quality_score_count"]), round(found["tts_quality_score_sum"], 6))
        for voice, found in samples.items()
    }


def test_scores_are_counted_by_the_file_of_their_voice() -> None:
    events = [heard(3.0), heard(3.5), heard(2.0, "C:\\voices\\ben.wav"), Event.decode(encode(succeeded()))]
    assert counted(events) == {"anna.wav": (2, 6.5), "ben.wav": (1, 2.0)}


def test_a_backlog_says_nothing_of_today() -> None:
    assert counted([heard(3.0, days=0.9), heard(1.0, days=1.1)]) == {"anna.wav": (1, 3.0)}


def test_what_has_no_score_is_not_counted() -> None:
    problem = scored(uuid7())
    problem["data"] = {"scorer": "1.0", "problem": {"reason": "cut_off"}}
    assert counted([heard(None), Event.decode(encode(problem))]) == {}


def test_no_more_voices_than_allowed_have_a_name() -> None:
    events = [heard(3.0, f"{number}.wav") for number in range(30)] + [heard(3.0, "0.wav"), heard(3.0, None)]
    found = counted(events, most=4)
    assert found == {"0.wav": (2, 6.0), "1.wav": (1, 3.0), "2.wav": (1, 3.0), "3.wav": (1, 3.0), "other": (27, 81.0)}
    assert counted(events, most=0) == {"other": (32, 96.0)}


def test_two_voices_of_one_name_stay_two() -> None:
    found = counted(
        [heard(3.0, "a/x.wav", "11" * 32), heard(2.0, "b/x.wav", "22" * 32), heard(1.0, "c/x.wav", "11" * 32)]
    )
    assert found["x.wav"] == (2, 4.0)
    assert len(found) == 2


def test_a_voice_cannot_take_the_others_name_or_break_the_page() -> None:
    found = counted([heard(3.0, "other"), heard(3.0, 'a\n"b\\.wav' + "x" * 100)])
    assert "other" not in found
    assert all(label.isprintable() and len(label) <= 64 + 9 for label in found)
