"""The charts page: what it draws of much and of little, and what it remembers."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from sidecar.storage.dsn import parse_dsn
from sidecar.web import renewed
from tests.answers.generate import Studio
from tests.answers.load import load
from tests.answers.three_ways import library
from tests.events import succeeded
from tests.servers import sqlite_url


def headings(html: bytes) -> list[str]:
    return re.findall(r"<h2>([^<]+)</h2><figure", html.decode())


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
    drawn = re.findall(r'class="fill (c-[\w-]+)"', page.decode())
    assert drawn == ["c-takes", "c-model-2", "c-failed", "c-saturated", "c-truncated", "c-happy"]


def test_many_days_are_told_day_by_day_and_a_year_week_by_week(url: str) -> None:
    events = list(Studio(3000).events())
    newest = [item for item in events if item["time"] >= "2026-10-25"]
    load(parse_dsn(url), newest)
    with library(url) as get:
        month = headings(get("/charts?since="))
    load(parse_dsn(url), events)
    with library(url) as get:
        year = headings(get("/charts?since="))
    assert month[:2] == ["Takes per day", "By weekday and hour"]
    assert year[:2] == ["Takes per week", "By weekday and hour"]


def test_nothing_is_said_plainly(url: str) -> None:
    load(parse_dsn(url), [])
    with library(url) as get:
        assert b"Nothing to count in this period" in get("/charts")
        assert b"Nothing to count in this period" in get("/repeats")


def test_filters_are_offered_at_once_and_renewed_behind_the_page(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    load(parse_dsn(url), [succeeded("一", data={"caller": {"user": "early"}})])
    with library(url) as get:
        assert b'value="early"' in get("/")
        load(parse_dsn(url), [succeeded("二", data={"caller": {"user": "late"}})])
        assert b'value="late"' not in get("/"), "the answer of this minute"
        monkeypatch.setattr(renewed, "REMEMBER_SECONDS", 0.0)
        deadline = time.monotonic() + 10
        while b'value="late"' not in get("/"):
            assert time.monotonic() < deadline


def test_voices_stand_in_the_order_of_the_rate_that_is_shown(url: str) -> None:
    load(parse_dsn(url), list(Studio(3000).events()))
    with library(url) as get:
        page = get("/charts?since=").decode()
    (table,) = re.findall(r"<h2>Voices by failure rate</h2>(.*?)</table>", page, re.DOTALL)
    rates = [float(rate) for rate in re.findall(r"<td>([\d.]+)%</td>", table)]
    assert len(rates) == 12
    assert rates == sorted(rates, reverse=True)


def test_a_chart_says_in_a_table_what_it_draws(url: str) -> None:
    events = [item for item in Studio(3000).events() if item["time"] >= "2025-11-27"]  # a Thursday
    load(parse_dsn(url), events)
    with library(url) as get:
        page = get("/charts?since=").decode()
    tables = dict(
        re.findall(r'role="group" aria-label="([^"]+)"><table>(.*?)</table>', page, re.DOTALL)
    )  # fmt: skip
    assert list(tables) == headings(page.encode())
    takes = [int(text.replace(",", "")) for text in re.findall(r"<td>([\d,]+)</td>", tables["Takes per week"])]
    made = [item for item in events if item["type"].startswith("indextts.synthesis.")]
    assert sum(takes) == len(made)
    assert tables["Takes per week"].count("*</th>") == page.count("(not whole)") == 1
    assert tables["Real-time factor by model"].count('<th scope="col">') == 1 + 3
