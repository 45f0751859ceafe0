"""The drawings of the charts page, as SVG."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest

from sidecar.web import charts
from sidecar.web.charts import Bar, Series

MONDAY = datetime(2026, 11, 16)


def test_one_day_of_a_series_is_a_dot_that_is_seen() -> None:
    made = charts.lines(
        [
            Series(name="alone", colour="model-2", points={date(2026, 11, 20): 1.0}),
            Series(name="two", colour="model-1.5", points={date(2026, 11, 1): 1, date(2026, 11, 9): 2}),
        ],
        "x",
    )
    assert made.count('class="dot fill seen c-model-2"') == 1
    assert made.count('class="dot fill c-model-1-5"') == 2
    assert made.count("<polyline") == 2


def test_columns_span_whole_days() -> None:
    made = charts.columns({MONDAY + timedelta(hours=9): 3.0}, "x", step=timedelta(hours=1))
    (at, width), *_ = re.findall(r'<rect class="fill c-takes"[^>]* x="([\d.]+)"[^>]* width="([\d.]+)"', made)
    ((left, right),) = set(re.findall(r'<line class="grid" x1="([\d.]+)" x2="([\d.]+)"', made))
    whole = float(right) - float(left)
    assert float(at) == pytest.approx(float(left) + whole * 9 / 24, abs=0.1)
    assert float(width) == pytest.approx(whole / 24 - 1, abs=0.1)
    assert re.findall(r">(\d\d:00)<", made) == [f"{hour:02}:00" for hour in range(0, 24, 6)]


def test_a_week_that_is_not_whole_is_pale_and_says_so() -> None:
    weeks = {MONDAY + timedelta(days=7 * number): 10.0 for number in range(3)}
    made = charts.columns(weeks, "x", step=timedelta(days=7), incomplete={MONDAY}, incomplete_word="not whole")
    assert made.count(" part") == 1
    assert "2026-11-16: 10 (not whole)</title>" in made
    assert "2026-11-23: 10</title>" in made


def test_bars_leave_room_for_what_they_tell() -> None:
    told = "123,456 / 234,567 · 52.6%"
    made = charts.bars([Bar(name="a name longer than the room for it", colour="sad", value=1.0, text=told)], "x")
    ((at, width),) = re.findall(r'<rect class="fill c-sad"[^>]* x="([\d.]+)"[^>]* width="([\d.]+)"', made)
    assert float(at) > len("a name longer…") * 9
    assert float(at) + float(width) + 8 + len(told) * 9 < 490
    assert "a name longer …" in made
    assert "<title>a name longer than the room for it</title>" in made
