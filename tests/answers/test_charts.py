"""The charts page: what it draws of much and of little, and what it remembers."""

from __future__ import annotations

import re
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from sidecar.storage.dsn import parse_dsn
from sidecar.web import charts, state
from tests.answers.generate import Studio
from tests.answers.load import load
from tests.answers.three_ways import library
from tests.events import succeeded
from tests.servers import sqlite_url

MONDAY = datetime(2026, 11, 16)


def headings(html: bytes) -> list[str]:
    return re.findall(r"<h2>([^<]+)</h2><svg", html.decode())


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path / "few.db")


def test_a_few_days_are_told_hour_by_hour_and_in_sums(url: str) -> None:
    load(parse_dsn(url), [succeeded("一句话", data={"caller": {"user": None}})])
    with library(url) as get:
        page = get("/charts?since=")
    assert headings(page) == [
        "Takes per hour", "Real-time factor by model", "Share of failed, saturated and cut-off takes", "Emotions",
    ]  # fmt: skip
    assert b"no name given" in page
    assert page.decode().count('class="s0"') == 1 + 1 + 3 + 1, "one hour, one model, three shares, one emotion"


def test_many_days_are_told_day_by_day_and_a_year_week_by_week(url: str) -> None:
    events = list(Studio(3000).events())
    newest = [item for item in events if item["time"] >= "2026-10-25"]
    load(parse_dsn(url), newest)
    with library(url) as get:
        month = headings(get("/charts?since="))
    load(parse_dsn(url), events)
    with library(url) as get:
        year = headings(get("/charts?since="))
    assert month[:2] == ["Takes per day", "When in the week"]
    assert year[:2] == ["Takes per week", "When in the week"]


def test_nothing_is_said_plainly(url: str) -> None:
    load(parse_dsn(url), [])
    with library(url) as get:
        assert b"Nothing to count in this period" in get("/charts")
        assert b"Nothing to count in this period" in get("/repeats")


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


def test_filters_are_offered_at_once_and_renewed_behind_the_page(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    load(parse_dsn(url), [succeeded("一", data={"caller": {"user": "early"}})])
    with library(url) as get:
        assert b'value="early"' in get("/")
        load(parse_dsn(url), [succeeded("二", data={"caller": {"user": "late"}})])
        assert b'value="late"' not in get("/"), "the answer of this minute"
        monkeypatch.setattr(state, "_REMEMBER_SECONDS", 0.0)
        deadline = time.monotonic() + 10
        while b'value="late"' not in get("/"):
            assert time.monotonic() < deadline
