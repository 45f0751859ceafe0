from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

from sidecar.answers.filters import moment
from sidecar.service.localtime import LocalTime


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(("day", "utc"), [("2026-07-01", "2026-06-30T22:00"), ("2026-01-15", "2026-01-14T23:00")])
def test_a_day_begins_by_its_own_offset(day: str, utc: str) -> None:
    assert moment(day, zone=LocalTime()) == datetime.fromisoformat(utc).replace(tzinfo=timezone.utc)


def test_every_hour_of_a_year_is_told_and_read_back() -> None:
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    for _ in range(365 * 24):
        local = at.astimezone(LocalTime())
        assert (local.utcoffset(), local.replace(tzinfo=None)) == (
            at.astimezone().utcoffset(),
            at.astimezone().replace(tzinfo=None),
        )
        assert local.astimezone(timezone.utc) == at
        at += timedelta(hours=1)
