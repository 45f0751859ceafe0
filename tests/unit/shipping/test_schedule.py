"""When a folder is looked at and scanned, by a clock that stands still unless moved."""

from __future__ import annotations

import pytest

from sidecar.shipping.limits import FolderLimits
from sidecar.shipping.schedule import Schedule

SECOND = 1_000_000_000
LIMITS = FolderLimits(poll_seconds=1, scan_seconds=60, overlap_seconds=2, scan_share=0.05)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def wall_ns(self) -> int:
        return int(self.now * SECOND)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def schedule(clock: Clock) -> Schedule:
    return Schedule(LIMITS, clock)


def scan(schedule: Schedule, clock: Clock, *, mtime_ns: int = 0, recovered: int = 0, seconds: float = 0.01) -> bool:
    assert schedule.scan_due()
    return schedule.scan_ended(seconds=seconds, started_ns=clock.wall_ns(), mtime_ns=mtime_ns, recovered=recovered)


def test_a_new_folder_is_looked_at_and_scanned_at_once(schedule: Schedule) -> None:
    assert schedule.poll_due()
    assert not schedule.poll_due(), "once in poll_seconds"
    assert schedule.scan_due()


def test_an_unchanged_folder_is_not_scanned_again(schedule: Schedule, clock: Clock) -> None:
    scan(schedule, clock, mtime_ns=7)
    clock.now += 10_000
    schedule.seen(7)
    assert not schedule.scan_due()


def test_a_changed_folder_is_scanned_after_scan_seconds(schedule: Schedule, clock: Clock) -> None:
    scan(schedule, clock, mtime_ns=7)
    schedule.seen(8)
    assert not schedule.scan_due()
    clock.now += 60
    assert schedule.scan_due()


def test_a_change_within_the_overlap_of_a_scan_is_looked_for_once_more(schedule: Schedule, clock: Clock) -> None:
    mtime_ns = clock.wall_ns() - SECOND
    scan(schedule, clock, mtime_ns=mtime_ns)
    clock.now += 61
    schedule.seen(mtime_ns)
    assert schedule.scan_due(), "the same mtime may hide a file that came after the listing"


def test_what_the_watcher_missed_brings_the_next_scan_forward(schedule: Schedule, clock: Clock) -> None:
    scan(schedule, clock, recovered=3)
    schedule.seen(1)
    clock.now += 1
    assert schedule.scan_due()


def test_two_scans_in_a_row_that_find_what_was_not_announced_say_so(schedule: Schedule, clock: Clock) -> None:
    assert not scan(schedule, clock, recovered=1)
    schedule.scan_now()
    assert scan(schedule, clock, recovered=1)
    schedule.announced()
    schedule.scan_now()
    assert not scan(schedule, clock, recovered=1), "something was announced in between"


def test_a_folder_that_takes_long_to_list_is_listed_less_often(schedule: Schedule, clock: Clock) -> None:
    scan(schedule, clock, seconds=30)
    schedule.seen(1)
    clock.now += 599
    assert not schedule.scan_due(), "30 s are a twentieth of 600"
    clock.now += 1
    assert schedule.scan_due()


def test_a_position_that_is_opened_again_is_no_loop_of_scans(schedule: Schedule, clock: Clock) -> None:
    scan(schedule, clock)
    schedule.reopen()
    assert not schedule.scanned
    assert not schedule.scan_due()
    clock.now += 1
    assert schedule.scan_due()


def test_of_a_folder_that_is_away_only_the_next_look_is_due(schedule: Schedule, clock: Clock) -> None:
    schedule.poll_due()
    assert schedule.seconds_until_due(None, available=True) == 0, "a scan is wanted"
    assert schedule.seconds_until_due(None, available=False) == 1
    assert schedule.seconds_until_due(clock.now, available=False) == 1
