"""Filters, as they are typed."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from sidecar.answers.filters import FilterError, moment, parse


@pytest.mark.parametrize(
    "values",
    [
        {"since": "yesterday"},
        {"rating": "6"},
        {"rating": "five"},
        {"status": "good"},
        {"text": "x" * 3000},
        {"until": "99999999w"},
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(FilterError):
        parse(values)


def test_a_day_begins_where_the_reader_lives() -> None:
    assert moment("2026-11-22", zone=ZoneInfo("Asia/Shanghai")).isoformat() == "2026-11-21T16:00:00+00:00"


@pytest.mark.parametrize(
    ("until", "zone", "over"),
    [
        ("2026-11-22", "Asia/Shanghai", "2026-11-22T16:00:00+00:00"),
        ("2026-10-25", "Europe/Berlin", "2026-10-25T23:00:00+00:00"),  # a day of 25 hours
        ("2026-11-22T10:15", "UTC", "2026-11-22T10:15:00+00:00"),
        ("20261122", "UTC", "2026-11-23T00:00:00+00:00"),
        ("9999-12-31", "UTC", "9999-12-31T00:00:00+00:00"),
    ],
)
def test_a_period_lasts_until_its_last_day_is_over(until: str, zone: str, over: str) -> None:
    wanted = parse({"since": until, "until": until}, zone=ZoneInfo(zone))
    assert wanted.until is not None
    assert wanted.until.isoformat() == over
