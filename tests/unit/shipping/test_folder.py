"""What went wrong once, or would without a single line: each test names the guarantee that it holds."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from array import array
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sidecar.service.watch import file_system
from sidecar.shipping.judging import Judge
from sidecar.shipping.known import KnownFiles
from sidecar.shipping.listing import Listing, unpack
from sidecar.shipping.notices import FolderNotices
from sidecar.storage.sink import Position
from tests.events import encode, publish, succeeded
from tests.torture.harness import FaultySink, ManualClock, Process, back_up, make_database, restore, rows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "outputs"
    made.mkdir()
    return made


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "sidecar.db"
    make_database(path)
    return path


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def publish_many(folder: Path, count: int) -> None:
    for _ in range(count):
        publish(folder, succeeded())


def announce(process: Process, path: Path) -> None:
    """Have it shipped at once, before the database is asked for anything else."""
    process.notices.add(process.folder.key, path.name)
    assert process.step()


def stored(database: Path) -> int:
    ((count,),) = rows(database, "SELECT COUNT(*) FROM tts_events")
    assert isinstance(count, int)
    return count


def test_a_backlog_outlives_a_folder_that_is_renamed_away_and_back(
    folder: Path, database: Path, clock: ManualClock
) -> None:
    for _ in range(10):
        publish(folder, succeeded())
        time.sleep(0.01)  # more than the overlap: what the position passes is not read again
    process = Process(folder, database, clock, batch_max_events=1, overlap_seconds=0.001)
    away = folder.with_name("away")
    commits = 0
    commit = process.sink.commit

    def rename_in_the_middle(batch: object) -> object:
        nonlocal commits
        commits += 1
        if commits == 3:
            folder.rename(away)
        return commit(batch)  # type: ignore[arg-type]

    process.sink.commit = rename_in_the_middle  # type: ignore[assignment, method-assign]
    process.settle(2)
    assert process.tally.skipped_files["vanished"] == 0, "a file that is missing under a path proves nothing"
    away.rename(folder)
    process.settle()
    process.end()
    assert stored(database) == 10


def test_a_folder_that_is_away_costs_one_line_and_no_loop(folder: Path, database: Path, clock: ManualClock) -> None:
    process = Process(folder, database, clock)
    process.settle(1)
    folder.rename(folder.with_name("away"))
    clock.passes(5)
    assert process.step()
    for _ in range(20):
        assert process.step()
    assert process.tally.unavailable == 1
    assert process.folder.seconds_until_due() > 0
    process.end()


def test_the_position_comes_back_with_the_rows_of_a_backup(
    folder: Path, database: Path, clock: ManualClock, tmp_path: Path
) -> None:
    process = Process(folder, database, clock)
    publish_many(folder, 3)
    process.settle()
    back_up(database, tmp_path / "backup.db")
    publish_many(folder, 3)
    process.settle()
    restore(tmp_path / "backup.db", database)
    process.settle()
    process.end()
    assert process.tally.lost == 1
    assert stored(database) == 6


def test_lost_answers_do_not_hide_a_restored_backup(
    folder: Path, database: Path, clock: ManualClock, tmp_path: Path
) -> None:
    """Each lost answer is a commit that the shipper did not count; the database's own number is what counts."""
    process = Process(folder, database, clock)
    process.settle()
    process.sink.plan = ["after", "after", "after"]
    announce(process, publish(folder, succeeded()))
    back_up(database, tmp_path / "backup.db")
    announce(process, publish(folder, succeeded()))
    restore(tmp_path / "backup.db", database)
    process.settle()
    process.end()
    assert process.tally.lost == 1
    assert stored(database) == 2


def test_a_position_that_is_lost_again_and_again_is_no_loop_of_scans(
    folder: Path, database: Path, clock: ManualClock
) -> None:
    process = Process(folder, database, clock)
    process.settle()
    for _ in range(10):
        process.shipper._forget_position(process.folder)
        assert process.step()
    scans = process.tally.scans
    for _ in range(10):
        process.shipper._forget_position(process.folder)
        assert process.step()
    assert process.tally.scans == scans
    process.end()


def test_a_clock_that_was_ahead_hides_nothing(folder: Path, database: Path, clock: ManualClock) -> None:
    """The position is in the future of the files that come now: as after a clock that was set back."""
    publish_many(folder, 3)
    process = Process(folder, database, clock)
    process.settle()
    process.end()
    with contextlib.closing(sqlite3.connect(database)) as connection:
        ahead = time.time_ns() + 60_000_000_000
        connection.execute("UPDATE sidecar_positions SET ctime_ns = ?, files = 3", (ahead,))
        connection.commit()
    publish_many(folder, 2)
    clock.passes(3600)  # the clock has caught up: only the number of files tells
    process = Process(folder, database, clock)
    process.settle()
    process.end()
    assert stored(database) == 5
    assert process.tally.rewinds["more old files than were shipped"] == 1


def test_files_that_come_while_a_scan_runs_do_not_make_everything_be_read_again(
    folder: Path, database: Path, clock: ManualClock
) -> None:
    """The scan does not see a file whose ctime is before that of another one that it does see."""
    late = publish(folder, succeeded())
    time.sleep(0.02)
    publish_many(folder, 5)
    process = Process(folder, database, clock)
    scan = process.folder._scan

    def listed_without(tick: Callable[[], None]) -> Listing:
        listing = scan(tick)
        entries = [each for each in listing.entries if unpack(each)[1] != late.name]
        newer = array("q", (ctime_ns for ctime_ns in listing.newer if ctime_ns != late.stat().st_ctime_ns))
        return replace(listing, entries=entries, newer=newer)

    process.folder._scan = listed_without  # type: ignore[method-assign]
    assert process.step()
    process.folder._scan = scan  # type: ignore[method-assign]
    process.settle()
    process.end()
    assert not process.tally.rewinds
    assert stored(database) == 6


def test_a_watch_that_has_died_is_made_anew(folder: Path, database: Path, clock: ManualClock) -> None:
    process = Process(folder, database, clock)
    process.settle()
    assert process.watcher.times == 1
    publish(folder, succeeded())  # nobody says so
    time.sleep(0.01)
    process.settle()
    process.end()
    assert stored(database) == 1
    assert process.watcher.times == 2


def test_a_file_that_comes_before_the_watch_is_found_by_the_scan_after_it(
    folder: Path, database: Path, clock: ManualClock
) -> None:
    process = Process(folder, database, clock)
    process.watcher.just_before = lambda: publish(folder, succeeded())
    assert process.step()
    assert stored(database) == 1, "watch first, scan then"
    process.end()


def test_a_file_that_changes_while_it_is_read_is_read_again(folder: Path, database: Path, clock: ManualClock) -> None:
    """A copy that keeps an old mtime is half there when it is read, and whole when its state is looked at."""
    path = folder / "copied.json"
    raw = encode(succeeded())
    path.write_bytes(raw[:100])
    process = Process(folder, database, clock)
    assert process.step()
    path.write_bytes(raw)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    process.folder.receive(FolderNotices(names={path.name: None}))
    process.settle()
    process.end()
    assert stored(database) == 1
    assert rows(database, "SELECT * FROM sidecar_quarantine") == []


def test_a_file_that_waits_to_be_judged_holds_the_position_back(
    folder: Path, database: Path, clock: ManualClock
) -> None:
    publish(folder, b"{", "broken.json")
    time.sleep(0.01)
    publish(folder, succeeded())
    time.sleep(0.01)
    process = Process(folder, database, clock, overlap_seconds=0.001)
    assert process.step()
    assert stored(database) == 1
    process.end()  # killed before the broken one had its time
    process = Process(folder, database, clock, overlap_seconds=0.001)
    process.settle()
    process.end()
    assert rows(database, "SELECT reason FROM sidecar_quarantine") == [("invalid_json",)]


def test_a_name_too_long_for_its_column_is_quarantined_like_any_other(
    folder: Path, database: Path, clock: ManualClock
) -> None:
    name = b"\xff" * 240 + b".json"
    with open(os.path.join(os.fsencode(folder), name), "wb") as file:
        file.write(b"{")
    process = Process(folder, database, clock)
    process.settle()
    process.end()
    ((path,),) = rows(database, "SELECT path FROM sidecar_quarantine")
    assert len(str(path)) <= len(str(folder)) + 256


def test_two_shippers_of_one_name_double_nothing_and_lose_nothing(
    folder: Path, database: Path, clock: ManualClock
) -> None:
    first, second = Process(folder, database, clock), Process(folder, database, clock)
    for _ in range(10):
        publish_many(folder, 2)
        for process in (first, second):
            clock.passes(65)
            assert process.step()
    for process in (first, second):
        process.settle()
        process.end()
    assert stored(database) == 20
    assert first.tally.lost == second.tally.lost == 0


def test_the_position_reaches_the_newest_file_of_a_large_backlog(
    folder: Path, database: Path, clock: ManualClock
) -> None:
    publish_many(folder, 25)
    clock.passes(10)
    process = Process(folder, database, clock, batch_max_events=10)
    process.settle()
    process.end()
    newest = max(entry.stat().st_ctime_ns for entry in folder.iterdir())
    assert rows(database, "SELECT ctime_ns, files FROM sidecar_positions") == [(newest, 25)]


def test_a_fault_before_or_after_a_commit_costs_nothing(folder: Path, database: Path, clock: ManualClock) -> None:
    publish_many(folder, 10)
    process = Process(folder, database, clock, batch_max_events=3)
    assert isinstance(process.sink, FaultySink)
    process.sink.plan = ["before", "after", "before", "after", "", "after"]
    process.settle()
    process.end()
    assert stored(database) == 10
    assert process.tally.conserved


def test_what_is_read_again_among_new_events_is_not_remembered_all_of_it(
    folder: Path, database: Path, clock: ManualClock
) -> None:
    process = Process(folder, database, clock, batch_max_events=10, overlap_seconds=0.001)
    publish_many(folder, 300)
    process.settle()
    remembered = []
    acknowledge = process.folder.acknowledge

    def watched(position: Position) -> None:
        acknowledge(position)
        remembered.append(len(process.folder.known.settled))

    process.folder.acknowledge = watched  # type: ignore[method-assign]
    process.notices.add(process.folder.key, publish(folder, succeeded()).name)
    clock.skew_ns -= 60 * 10**9
    clock.passes(120)
    clock.skew_ns -= 120 * 10**9
    assert process.step()
    process.end()
    assert process.tally.rewinds == {"the clock was set back": 1}
    assert stored(database) == 301
    assert max(remembered) < 100


def test_a_long_overlap_does_not_hold_up_what_comes_next(folder: Path, database: Path, clock: ManualClock) -> None:
    """As on a network file system, whose listings lag."""
    process = Process(folder, database, clock, overlap_seconds=120, scan_seconds=1, watched=False)
    for count in range(1, 4):
        publish_many(folder, 1)
        clock.passes(2)
        assert process.step()
        assert stored(database) == count
    process.end()


def test_the_kind_of_file_system_is_told_below_any_mount_point() -> None:
    assert file_system(Path("/proc")) == "proc"
    assert file_system(Path("/proc/不存在")) == "proc"


def test_signs_of_life_are_given_while_a_slow_folder_is_listed_and_read(
    folder: Path, database: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty milliseconds a file once were two minutes of silence, after which systemd killed it, again and again."""
    publish_many(folder, 1000)
    process = Process(folder, database, clock)
    looked = signs = 0
    longest = since = 0

    def alive() -> None:
        nonlocal signs, since
        signs, since = signs + 1, 0

    def slow(look: Callable[..., object]) -> Callable[..., object]:
        def looking(*arguments: object, **keywords: object) -> object:
            nonlocal looked, since, longest
            looked, since = looked + 1, since + 1
            longest = max(longest, since)
            return look(*arguments, **keywords)

        return looking

    monkeypatch.setattr(process.tally, "alive", alive)
    monkeypatch.setattr(Judge, "judge", slow(Judge.judge))
    monkeypatch.setattr(KnownFiles, "is_known", slow(KnownFiles.is_known))  # asked of each entry of a listing
    process.settle()
    assert stored(database) == 1000
    assert looked >= 2000
    assert longest < 400  # of a thousand
