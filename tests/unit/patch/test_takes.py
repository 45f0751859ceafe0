"""The index of earlier takes: the best first, whatever order its files are read in, and what is said later is heard."""

from __future__ import annotations

import hashlib
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from indextts_patch import takes as subject
from indextts_patch.takes import Takes
from indextts_patch.writing import event as reading
from tests.better import EXAMPLES, Example, said, subjects
from tests.events import encode, envelope, publish, succeeded

REQUEST = "ab" * 32
LONG = 60.0  # seconds


def made(example: Example, folder: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """The subjects of an example's takes, and all its events."""
    ids, events, hashes = subjects(example), [], []
    for number, each in enumerate(ids):
        copied = number in example.copies
        hashes.append(hashlib.sha256(b"0" if copied else str(number).encode()).hexdigest())
        audio = {"path": f"{folder}/{number}.wav", "sha256": hashes[-1], "bytes": 1}
        changes = {"type": "indextts.synthesis.reused"} if copied else {}
        events.append(succeeded(data={"request_hash": REQUEST, "audio": audio}, id=each, **changes))
    return ids, [*events, *said(example, ids, hashes)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_best_comes_first_in_whatever_order_files_are_read(example: Example, tmp_path: Path) -> None:
    ids, events = made(example, tmp_path)
    random.Random(example.name).shuffle(events)
    for number, event in enumerate(events):
        publish(tmp_path, event, name=f"{number:03}.json")
    takes = Takes(str(tmp_path))
    takes.begin(str(tmp_path)).join()
    assert [ids.index(take.subject) for take in takes.best_first(REQUEST)] == list(example.best)


def rejection(event: dict[str, Any], verdict: str | None = "reject") -> dict[str, Any]:
    return envelope("audio.reviewed", {"verdict": verdict}, subject=event["id"])


def long_ago(folder: Path, seconds: float = 60.0) -> None:
    """Its last change was so long ago that a listing has surely seen it."""
    moment = folder.stat().st_mtime_ns - int(seconds * 1e9)
    os.utime(folder, ns=(moment, moment))


def test_what_is_said_after_the_folder_was_read_is_heard(tmp_path: Path) -> None:
    take = succeeded(data={"request_hash": REQUEST})
    publish(tmp_path, take)
    long_ago(tmp_path)
    takes = Takes(str(tmp_path))
    takes.begin(str(tmp_path)).join()
    assert [each.subject for each in takes.best_first(REQUEST)] == [take["id"]]
    for verdict, left in (("reject", 0), (None, 1), ("reject", 0), ("keep", 1)):
        publish(tmp_path, rejection(take, verdict))
        assert takes.up_to_date(LONG)
        assert len(takes.best_first(REQUEST)) == left


def test_a_folder_that_has_not_changed_is_not_listed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, succeeded(data={"request_hash": REQUEST}))
    long_ago(tmp_path)
    takes = Takes(str(tmp_path))
    takes.begin(str(tmp_path)).join()
    monkeypatch.setattr(os, "listdir", lambda _: pytest.fail("it was listed"))
    assert takes.up_to_date(LONG)


def test_a_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, succeeded(data={"request_hash": REQUEST}))
    takes = Takes(str(tmp_path))
    takes.begin(str(tmp_path)).join()
    late = publish(tmp_path, succeeded())
    read: list[str] = []
    whole = reading.read

    def noted(path: str) -> dict[str, Any] | None:
        read.append(path)
        return whole(path)

    monkeypatch.setattr(reading, "read", noted)
    assert takes.up_to_date(LONG)
    assert takes.up_to_date(LONG)
    assert read == [str(late)]


def test_a_change_in_the_same_tick_as_a_listing_is_not_overlooked(tmp_path: Path) -> None:
    take = succeeded(data={"request_hash": REQUEST})
    publish(tmp_path, take)
    takes = Takes(str(tmp_path))
    takes.begin(str(tmp_path)).join()
    moment = tmp_path.stat().st_mtime_ns
    publish(tmp_path, rejection(take))
    os.utime(tmp_path, ns=(moment, moment))
    assert takes.up_to_date(LONG)
    assert takes.best_first(REQUEST) == []


def test_where_a_file_cannot_be_read_nothing_is_sure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take = succeeded(data={"request_hash": REQUEST})
    publish(tmp_path, take)
    closed = publish(tmp_path, rejection(take))
    whole, readable = reading.read, os.access
    monkeypatch.setattr(reading, "read", lambda path: None if path == str(closed) else whole(path))
    monkeypatch.setattr(os, "access", lambda path, mode: path != str(closed) and readable(path, mode))
    takes = Takes(str(tmp_path))
    takes.begin(str(tmp_path)).join()
    assert not takes.up_to_date(LONG)
    monkeypatch.undo()
    assert takes.up_to_date(LONG)
    assert takes.best_first(REQUEST) == []


def test_a_take_that_its_own_process_adds_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_MAX_TAKES", 2)
    takes, both = Takes(str(tmp_path)), [succeeded(data={"request_hash": REQUEST}) for _ in range(2)]
    for each in both:
        publish(tmp_path, each)
        takes.add(each["source"], each["type"], each["subject"], json.loads(encode(each))["data"])
    takes.begin(str(tmp_path)).join()
    takes.add(both[0]["source"], both[0]["type"], "third", both[0]["data"])
    assert [take.subject for take in takes.best_first(REQUEST)] == [both[1]["id"], both[0]["id"]]
