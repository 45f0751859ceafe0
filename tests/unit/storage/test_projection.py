"""What an event says of its record, by the columns' names."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from sidecar.event.event import Event
from sidecar.storage.projection import BASE, DELETION, FOLDS, RATING, REPLACEMENT, Fold, project
from tests.events import encode, envelope, failed, succeeded, uuid7

LEAST: dict[str, Any] = {"timing": {}, "model": {}, "audio": {"path": "outputs/a.wav", "sha256": "ab" * 32}}


def folded(event: dict[str, Any]) -> dict[Fold, dict[str, Any]]:
    rows = {}
    for fold, values in project(Event.decode(encode(event))):
        assert len(values) == len(fold.columns)
        rows[fold] = dict(zip(fold.columns, values, strict=True))
    return rows


def test_a_synthesis_tells_every_fact_of_its_record() -> None:
    event = succeeded("欢迎")
    (row,) = folded(event).values()
    data = event["data"]
    assert row["event_id"] == event["id"]
    assert (row["text_input"], row["emotion"], row["status"], row["user_id"]) == ("欢迎", "happy", "succeeded", "anna")
    assert row["duration"] == data["audio"]["duration"]
    assert row["started_at"] == datetime(2026, 11, 22, 10, tzinfo=timezone.utc)
    assert row["emotion_vector"] == "[0.6,0,0,0,0,0,0.1,0]"
    assert row["params"] == '{"top_k":30,"temperature":0.8}', "effective wins over requested"
    assert row["full_scale_share"] == 0.0
    assert row["error_type"] is None


def test_what_nobody_said_is_null_and_an_emotion_neutral() -> None:
    (row,) = folded(envelope("synthesis.succeeded", {"timing": {}, "model": {}})).values()
    given = {"event_id", "fold_key", "text_input", "emotion", "audio_path", "created_at", "status", "source"}
    assert {name for name, value in row.items() if value is not None} == given
    assert (row["text_input"], row["emotion"], row["audio_path"]) == ("", "neutral", "")


@pytest.mark.parametrize(
    ("type_", "emotion", "rank"),
    [("discovered", "unknown", "2:"), ("interrupted", "neutral", "1:"), ("reused", "neutral", "2:")],
)
def test_what_was_concluded_ranks_below_what_was_reported(type_: str, emotion: str, rank: str) -> None:
    event = envelope(f"synthesis.{type_}", LEAST)
    (row,) = folded(event).values()
    assert (row["status"], row["emotion"], row["fold_key"]) == (type_, emotion, rank + event["id"])


def test_a_failure_keeps_its_error() -> None:
    (row,) = folded(failed()).values()
    assert (row["status"], row["error_type"]) == ("failed", "torch.OutOfMemoryError")


def test_a_text_of_which_only_the_hash_is_kept_stays_comparable() -> None:
    (row,) = folded(envelope("synthesis.succeeded", LEAST | {"text_sha256": "ab" * 32})).values()
    assert row["text_input"] == "sha256:" + "ab" * 32


def test_a_record_whose_audio_was_overwritten_learns_by_whom() -> None:
    before = uuid7()
    event = succeeded(data={"audio": {"path": "outputs/a.wav", "replaces": before}})
    row = folded(event)[REPLACEMENT]
    assert (row["event_id"], row["replaced_by"], row["status"]) == (before, event["id"], "pending")


def test_a_rating_and_a_deletion_speak_of_their_subject() -> None:
    subject = uuid7()
    rated = envelope("audio.rated", {"rating": 4, "note": "good", "caller": {"user": "ben"}}, subject=subject)
    row = folded(rated)[RATING]
    assert (row["event_id"], row["rating"], row["rating_note"], row["rated_by"]) == (subject, 4, "good", "ben")
    assert str(row["rating_key"]).endswith(f":{rated['id']}")
    deleted = envelope("audio.deleted", {}, subject=subject)
    assert folded(deleted)[DELETION]["event_id"] == subject


@pytest.mark.parametrize("type_", ["audio.hummed", "record.forgotten", "events.erased"])
def test_types_without_a_record_fold_into_nothing(type_: str) -> None:
    data: dict[str, Any] = {"numbers": {}} if type_ == "events.erased" else {}
    assert folded(envelope(type_, data)) == {}


def test_every_fold_begins_with_the_record_and_guards_what_it_owns() -> None:
    for fold in FOLDS:
        assert fold.columns[0] == "event_id"
        assert fold.guard in fold.columns
        assert set(fold.guarded) <= set(fold.columns) - {"event_id", fold.guard}
    assert len(BASE.guarded) == len(BASE.columns) - 2
