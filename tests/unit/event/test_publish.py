"""An event file appears whole or not at all, and never in the place of another; with hard links and without."""

from __future__ import annotations

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sidecar.event.event import Event
from sidecar.event.names import is_event_name
from sidecar.event.publish import Publisher, PublishError, publish_file, uuid7
from sidecar.upkeep.backfill import backfill
from tests.operate.scene import make_old_wavs

RATED = "indextts.audio.rated"


@pytest.fixture(params=["links", "no links"])
def calls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the file system, in order; each file must be whole by the time it gets its name."""
    seen: list[str] = []
    fsync, link, rename = os.fsync, os.link, os.rename

    def watched_fsync(descriptor: int) -> None:
        seen.append(f"fsync {os.path.basename(os.readlink(f'/proc/self/fd/{descriptor}'))}")
        fsync(descriptor)

    def watched_link(source: Any, target: Any, **options: Any) -> None:
        if request.param == "no links":
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        seen.append(f"named {os.path.basename(target)}")
        assert not is_event_name(os.path.basename(source))
        link(source, target, **options)

    def watched_rename(source: Any, target: Any, **options: Any) -> None:
        seen.append(f"named {os.path.basename(target)}")
        assert not is_event_name(os.path.basename(source))
        rename(source, target, **options)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "link", watched_link)
    monkeypatch.setattr(os, "rename", watched_rename)
    return seen


def test_file_then_name_then_folder(tmp_path: Path, calls: list[str]) -> None:
    publish_file(tmp_path, "a.json", b"{}")
    assert [each.partition(" ")[0] for each in calls] == ["fsync", "named", "fsync"]
    assert calls[1:] == ["named a.json", f"fsync {tmp_path.name}"]
    assert (tmp_path / "a.json").read_bytes() == b"{}"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_name_that_is_taken_stays_what_it_was(tmp_path: Path, calls: list[str]) -> None:
    (tmp_path / "a.json").write_bytes(b"first")
    (tmp_path / "dangling.json").symlink_to("nowhere")
    for name in ("a.json", "dangling.json"):
        with pytest.raises(FileExistsError):
            publish_file(tmp_path, name, b"second")
    assert (tmp_path / "a.json").read_bytes() == b"first"
    assert sorted(os.listdir(tmp_path)) == ["a.json", "dangling.json"]


def test_the_claim_of_a_process_that_died_holds_the_name_for_a_minute(tmp_path: Path, calls: list[str]) -> None:
    claim = tmp_path / ".a.json.claim"
    claim.touch()
    if "no links" in os.environ["PYTEST_CURRENT_TEST"]:
        with pytest.raises(FileExistsError):
            publish_file(tmp_path, "a.json", b"{}")
        os.utime(claim, (0, 0))
    publish_file(tmp_path, "a.json", b"{}")
    assert (tmp_path / "a.json").read_bytes() == b"{}"


def test_of_many_at_once_one_wins(tmp_path: Path, calls: list[str]) -> None:
    def attempt(number: int) -> bool:
        try:
            publish_file(tmp_path, "a.json", b"%d" % number, flush=False)
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(attempt, range(200)))
    assert won.count(True) == 1
    assert (tmp_path / "a.json").read_bytes() == b"%d" % won.index(True)
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_name_that_the_tts_has_claimed_is_left_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    monkeypatch.setattr(os, "link", refused)
    (tmp_path / ".a.json.claim").touch()  # as indextts_patch does, before it renames its own
    with pytest.raises(FileExistsError):
        publish_file(tmp_path, "a.json", b"{}")
    assert os.listdir(tmp_path) == [".a.json.claim"]


def test_an_event_file_is_its_owner_s_to_change_and_nobody_s_to_run(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Publisher("test").publish(tmp_path, RATED, uuid7(), {"rating": 5})
    finally:
        os.umask(before)
    (path,) = tmp_path.glob("*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PublishError, match="No space left"):
        Publisher("test").publish(tmp_path, RATED, uuid7(), {"rating": 5})
    assert os.listdir(tmp_path) == []


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path: Path) -> None:
    name = "a" * 250 + ".json"
    publish_file(tmp_path, name, b"{}")
    assert os.listdir(tmp_path) == [name]


def test_events_of_a_publisher_are_numbered(tmp_path: Path, calls: list[str]) -> None:
    publisher = Publisher("test")
    events = [publisher.publish(tmp_path, RATED, uuid7(), {"rating": 5}) for _ in range(3)]
    assert [event.sequence for event in events] == [1, 2, 3]
    assert {event.source for event in events} == {publisher.source}
    for event in events:
        assert Event.decode((tmp_path / f"{event.id}.json").read_bytes()) == event


def test_many_at_once_are_numbered_in_order_and_flushed_each(tmp_path: Path, calls: list[str]) -> None:
    publisher = Publisher("forget")
    subjects = [uuid7() for _ in range(20)]
    published = publisher.publish_many(tmp_path, "indextts.record.forgotten", subjects, {"reason": None})
    published.append(publisher.publish(tmp_path, "indextts.record.forgotten", subjects[0], {"reason": None}))
    assert [event.subject for event in published] == [*subjects, subjects[0]]
    assert [event.sequence for event in published] == list(range(1, 22))
    assert [(tmp_path / f"{event.id}.json").read_bytes() for event in published] == [each.raw for each in published]
    flushed = [each for each in calls if each.startswith("fsync")]
    assert (len(flushed), flushed.count(f"fsync {tmp_path.name}")) == (23, 2)


def test_a_folder_is_backfilled(tmp_path: Path, calls: list[str]) -> None:
    names = make_old_wavs(tmp_path, 300)
    (tmp_path / f"{names[0]}.json").write_bytes(b"quicker")
    written = [outcome.written for outcome in backfill(tmp_path, names, None)]
    assert written == [False] + [True] * 299
    assert (tmp_path / f"{names[0]}.json").read_bytes() == b"quicker"
    flushed = [each for each in calls if each == f"fsync {tmp_path.name}"]
    assert len(flushed) == 2, "once for each 256 files"
    assert not [each for each in os.listdir(tmp_path) if each.startswith(".")]


def test_an_id_of_given_bits_is_the_same_each_time() -> None:
    assert uuid7(1_700_000_000_000, bytes(10)) == "018bcfe5-6800-7000-8000-000000000000"
    assert uuid7(1_700_000_000_000, b"\xff" * 10) == "018bcfe5-6800-7fff-bfff-ffffffffffff"
    assert uuid7() < uuid7(2**47)
