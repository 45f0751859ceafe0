"""The drawings of the charts page, as SVG."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest

from sidecar.web import charts

MONDAY = datetime(2026, 11, 16)


def test_one_day_of_a_series_is_a_dot_that_is_seen() -> None:
    made = charts.lines({"alone": {date(2026, 11, 20): 1.0}, "two": {date(2026, 11, 1): 1, date(2026, 11, 9): 2}}, "x")
    assert made.count('class="dot seen ') == 1
    assert made.count("<polyline") == 2


def test_columns_span_whole_days() -> None:
    made = charts.columns({MONDAY + timedelta(hours=9): 3.0}, "x", step=timedelta(hours=1))
    (left, width), *_ = re.findall(r'<rect class="s0" x="([\d.]+)"[^>]* width="([\d.]+)"', made)
    whole = 490 - 44 - 8
    assert float(left) == pytest.approx(44 + whole * 9 / 24, abs=0.1)
    assert float(width) == pytest.approx(whole / 24 - 1, abs=0.1)
    assert re.findall(r">(\d\d:00)<", made) == [f"{hour:02}:00" for hour in range(0, 24, 3)]


def test_bars_leave_room_for_what_they_tell() -> None:
    told = "123,456 / 234,567 · 52.6%"
    made = charts.bars([("a name longer than the room for it", 1.0, told)], "x")
    (width,) = re.findall(r'<rect class="s0"[^>]* width="([\d.]+)"', made)
    assert 98 + float(width) + 8 + len(told) * 8 < 490
    assert "a name lon…" in made
    assert "<title>a name longer than the room for it</title>" in made
