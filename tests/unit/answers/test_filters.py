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
