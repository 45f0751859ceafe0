"""What an event says of its record, by the columns' names."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from typing import Any

import pytest

from sidecar.event.event import Event
from sidecar.storage.projection import (
    BASE,
    DELETION,
    FOLDS,
    NOTE,
    PREFERENCE,
    PROCESS,
    RATING,
    REPLACEMENT,
    SCORE,
    TAG,
    Fold,
    project,
)
from tests.events import encode, envelope, failed, scored, started, succeeded, uuid7

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


def test_a_process_is_a_row_of_its_own_and_no_record() -> None:
    event = started()
    ((fold, row),) = folded(event).items()
    assert (fold, fold.table) == (PROCESS, "tts_processes")
    facts = {"host": "studio", "torch": "2.8.0+cu128", "transformers": None, "cpu_cores": 32, "gpu": "NVIDIA L40S"}
    assert {name: row[name] for name in facts} == facts
    assert (row["source"], row["event_id"], row["gpu_count"]) == (event["source"], event["id"], 2)
    assert row["engine"] == "indextts2-inference 2.1.1, vox-indextts 0.1.19"


def test_a_score_is_a_row_of_its_own_by_the_record_that_was_heard() -> None:
    subject = uuid7()
    event = scored(subject, loudness=-19.5)
    ((fold, row),) = folded(event).items()
    assert (fold, fold.table, fold.key) == (SCORE, "tts_scores", "event_id")
    assert (row["event_id"], row["loudness"], row["problem"], row["mos_signal"]) == (subject, -19.5, None, None)
    problem = {"reason": "cut_off", "message": "its end is missing"}
    (row,) = folded(envelope("audio.scored", {"scorer": "1.0", "problem": problem}, subject=subject)).values()
    assert (row["problem"], row["problem_message"], row["loudness"]) == ("cut_off", "its end is missing", None)


def test_each_tag_is_a_row_of_its_own_and_a_note_a_fact_of_the_record() -> None:
    subject = uuid7()
    said = {"add": ["a", "b"], "remove": ["b", "c"], "note": "尾音自然", "caller": {"user": "ben"}}
    event = Event.decode(encode(envelope("audio.tagged", said, subject=subject)))
    (note, noted), *tags = project(event)
    row = dict(zip(note.columns, noted, strict=True))
    assert (note, row["event_id"], row["take_note"], row["noted_by"]) == (NOTE, subject, "尾音自然", "ben")
    assert [(fold, values[:3]) for fold, values in tags] == [
        (TAG, (subject, tag, present)) for tag, present in (("b", 1), ("c", 0), ("a", 1))
    ]
    silent = Event.decode(encode(envelope("audio.tagged", {"add": ["a"]}, subject=subject)))
    assert [fold for fold, _ in project(silent)] == [TAG], "that no note is given says nothing of the last one"


def test_a_preference_counts_for_both_takes() -> None:
    winner, others = uuid7(), [uuid7(), uuid7()]
    said = {"over": [*others, winner, others[0]], "caller": {"user": "ben"}}
    rows = list(project(Event.decode(encode(envelope("audio.preferred", said, subject=winner)))))
    assert {fold for fold, _ in rows} == {PREFERENCE}
    assert [(*values[:2], values[3]) for _, values in rows] == [
        *((winner, others[0], 1), (others[0], winner, 0)),
        *((winner, others[1], 1), (others[1], winner, 0)),
    ]
    assert {values[2] for _, values in rows} == {hashlib.sha256(b"ben").hexdigest()}


def test_of_two_scores_the_one_by_the_greater_version_counts() -> None:
    subject = uuid7()
    keys = [
        str(next(iter(folded(scored(subject, scorer=version)).values()))["score_key"])
        for version in ("2.0", "1.10", "1.9")
    ]
    assert keys == sorted(keys, reverse=True)


@pytest.mark.parametrize(
    ("gpus", "told"),
    [
        (None, (None, None, None)),
        ([], (None, 0, None)),
        ([{"device": "cuda:0"}], (None, 1, None)),
        ([{"device": "cuda:0", "name": "A", "memory": 7}, {"device": "cuda:1", "name": "B"}], ("A, B", 2, 7)),
    ],
)
def test_gpus_are_told_by_model_and_number(gpus: Any, told: tuple[Any, ...]) -> None:
    (row,) = folded(started(data={"gpus": gpus})).values()
    assert (row["gpu"], row["gpu_count"], row["gpu_memory"]) == told


def test_an_interrupted_take_is_its_own_process_s_not_that_of_whoever_found_it() -> None:
    died = "indextts://studio/20261122T090000-1-dead"
    (row,) = folded(envelope("synthesis.interrupted", {"process": died}, subject=uuid7())).values()
    assert row["source"] == died
    (row,) = folded(envelope("synthesis.interrupted", {}, subject=uuid7())).values()
    assert row["source"] == envelope("", {})["source"]


def test_every_fold_begins_with_its_key_and_guards_what_it_owns() -> None:
    for fold in FOLDS:
        assert fold.key == ("source" if fold is PROCESS else "event_id")
        assert fold.guard in fold.columns
        assert set(fold.guarded) <= set(fold.columns) - {*fold.keys, fold.guard}
    assert len(BASE.guarded) == len(BASE.columns) - 2
