"""The charts page: what it draws of much and of little, and what it remembers."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from sidecar.storage.dsn import parse_dsn
from sidecar.web import state
from tests.answers.generate import Studio
from tests.answers.load import load
from tests.answers.three_ways import library
from tests.events import succeeded
from tests.servers import sqlite_url


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
