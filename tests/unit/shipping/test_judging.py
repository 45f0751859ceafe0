"""What one file is, read from a real folder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.errors import Reason
from sidecar.shipping.judging import Judge, Skipped, Waits
from sidecar.shipping.known import KnownFiles
from sidecar.shipping.limits import FolderLimits
from sidecar.shipping.reading import Directory
from sidecar.storage.sink import Delivery, Quarantined
from tests.events import encode, publish, succeeded
from tests.torture.harness import ManualClock

LIMITS = FolderLimits(event_max_bytes=4096, quarantine_max_bytes=8, settle_seconds=5)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def known() -> KnownFiles:
    return KnownFiles()


@pytest.fixture
def judge(known: KnownFiles, clock: ManualClock) -> Judge:
    return Judge("/outputs", known, clock)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    opened = Directory(tmp_path)
    yield opened
    opened.close()


def test_an_event_is_delivered_once(judge: Judge, directory: Directory, tmp_path: Path) -> None:
    publish(tmp_path, raw := encode(succeeded()), "a.json")
    outcome = judge.judge(directory, "a.json", LIMITS)
    assert isinstance(outcome, Delivery)
    assert (outcome.path, outcome.event.raw) == ("/outputs/a.json", raw)
    assert judge.judge(directory, "a.json", LIMITS) == Skipped(why="repeated")


@pytest.mark.parametrize(("content", "why"), [(b'{"preset": 1}', "foreign"), (None, "vanished")])
def test_what_needs_no_row_says_why(
    content: bytes | None, why: str, judge: Judge, directory: Directory, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "a.json").write_bytes(content)
    assert judge.judge(directory, "a.json", LIMITS) == Skipped(why=why)


def test_a_young_broken_file_waits_and_an_old_one_goes_to_quarantine(
    judge: Judge, known: KnownFiles, directory: Directory, clock: ManualClock, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_bytes(b'{"half of an event')
    assert judge.judge(directory, "a.json", LIMITS) == Waits()
    assert known.oldest_open_ns == (tmp_path / "a.json").stat().st_ctime_ns
    clock.passes(LIMITS.settle_seconds)
    outcome = judge.judge(directory, "a.json", LIMITS)
    assert isinstance(outcome, Quarantined)
    assert (outcome.reason, outcome.size, outcome.content) == (Reason.INVALID_JSON, 18, b'{"half o')
    assert known.oldest_open_ns is None


def test_a_file_that_goes_on_changing_is_judged_when_it_has_settled(
    judge: Judge, directory: Directory, clock: ManualClock, tmp_path: Path
) -> None:
    """Its clock may be ahead, so that it never looks old: then what counts is how long it has looked the same."""
    clock.skew_ns = -3600 * 10**9
    for content in (b"{", b'{"'):
        (tmp_path / "a.json").write_bytes(content)
        assert judge.judge(directory, "a.json", LIMITS) == Waits()
        clock.seconds += LIMITS.settle_seconds - 1
    assert judge.judge(directory, "a.json", LIMITS) == Waits()
    clock.seconds += 1
    assert isinstance(judge.judge(directory, "a.json", LIMITS), Quarantined)


def test_too_large_is_told_at_once_with_its_first_bytes(judge: Judge, directory: Directory, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"x" * 5000)
    outcome = judge.judge(directory, "a.json", LIMITS)
    assert isinstance(outcome, Quarantined)
    assert (outcome.reason, outcome.size, outcome.content) == (Reason.TOO_LARGE, 5000, b"x" * 8)


def test_a_link_is_not_followed(judge: Judge, directory: Directory, clock: ManualClock, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(encode(succeeded()))
    (tmp_path / "a.json").symlink_to(tmp_path / "secret")
    clock.passes(60)
    outcome = judge.judge(directory, "a.json", LIMITS)
    assert isinstance(outcome, Quarantined)
    assert (outcome.reason, outcome.content) == (Reason.UNREADABLE, b"")


def test_a_settled_file_that_changed_is_read_again(judge: Judge, directory: Directory, tmp_path: Path) -> None:
    path = publish(tmp_path, succeeded(), "a.json")
    assert isinstance(judge.judge(directory, "a.json", LIMITS), Delivery)
    time.sleep(0.01)
    path.write_bytes(encode(succeeded()))
    os.utime(path, ns=(1, 1))
    assert isinstance(judge.judge(directory, "a.json", LIMITS), Delivery)
