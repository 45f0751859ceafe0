"""The report: it finds what was planted, and says nothing of what was not."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timezone
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from matplotlib import font_manager

from sidecar.answers.filters import Filter, parse
from sidecar.answers.search import find
from sidecar.cli.main import sidecar
from sidecar.palette import SURFACES, THINGS, css_name
from sidecar.report import build
from sidecar.report.style import first_installed
from sidecar.storage.dsn import parse_dsn
from sidecar.wording import languages
from tests.answers.conftest import connect
from tests.answers.generate import Studio
from tests.answers.load import load
from tests.events import failed, succeeded
from tests.running import missing
from tests.servers import sqlite_url


@pytest.fixture
def chinese_font() -> None:
    """One that this machine has."""
    if first_installed(languages()["zh"].fonts) is None:
        missing("no font with Chinese on this machine: install Debian's fonts-noto-cjk")


@pytest.mark.usefixtures("chinese_font")
def test_a_font_that_was_installed_after_the_list_was_made_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [entry for entry in font_manager.fontManager.ttflist if not re.search("CJK|Hei|Han Sans", entry.name)]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", known)
    first_installed.cache_clear()
    try:
        assert first_installed(languages()["zh"].fonts) in font_manager.get_font_names()
    finally:
        first_installed.cache_clear()  # what it found is on this test's list alone


@pytest.mark.parametrize("words", ["en", "zh"])
def test_without_a_font_one_line_says_which_to_install_and_the_report_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    url = sqlite_url(tmp_path / "few.db")
    load(parse_dsn(url), one_without_a_name())
    plain = [entry for entry in font_manager.fontManager.ttflist if entry.name.startswith("DejaVu")]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", plain)
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    first_installed.cache_clear()
    font_manager.fontManager._findfont_cached.cache_clear()  # type: ignore[attr-defined]
    output = tmp_path / "report.html"
    try:
        arguments = ["report", "--output", str(output), "--in", words]
        result = CliRunner().invoke(sidecar, arguments, env={"SIDECAR_DATABASE_URL": url})
    finally:
        first_installed.cache_clear()
    assert result.exit_code == 0, result.output
    told = [line for line in result.stderr.splitlines() if line]
    assert len(told) == (words == "zh"), "an English report of English names needs no such font"
    assert all("fonts-noto-cjk" in line for line in told)
    assert "<svg" in output.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_command_writes_one_file_that_says_what_to_notice(studio_url: str, tmp_path: Path, language: str) -> None:
    output = tmp_path / "report.html"
    arguments = ["report", "--output", str(output), "--png", str(tmp_path / "png"), "--in", language]
    result = CliRunner().invoke(
        sidecar, arguments, env={"SIDECAR_DATABASE_URL": studio_url, "SIDECAR_TIMEZONE": "Asia/Shanghai"}
    )
    assert result.exit_code == 0, result.output
    slower = [line for line in result.output.splitlines() if "2.5" in line and ("slower" in line or "变慢" in line)]
    assert len(slower) == 1
    at = next(word for word in slower[0].replace("：", " ").replace(":", " ").split() if word.startswith("2026-10-"))
    day = datetime.strptime(at, "%Y-%m-%d").replace(tzinfo=timezone.utc)
    assert abs((day - datetime(2026, 10, 5, tzinfo=timezone.utc)).days) <= 3, "generate.SLOWER_FROM"
    html = output.read_text(encoding="utf-8")
    assert html.count("<svg") == 7
    asked = re.findall(r"(?:src|href)=[^#]{6}|url\([^#]|@import", html)
    assert all("data:" in one for one in asked), asked[:3]
    assert "<script" not in html
    assert len(list((tmp_path / "png").glob("*.png"))) == 7


@pytest.mark.parametrize(("words", "told"), [("en", "Since: 2026-11-01 08:30"), ("zh", "起始: 2026-11-01 08:30")])
def test_what_it_is_limited_to_is_told_in_the_reader_s_words_and_time(tmp_path: Path, words: str, told: str) -> None:
    url = sqlite_url(tmp_path / "few.db")
    load(parse_dsn(url), [succeeded("one", emotion="happy")])
    database = connect(url)
    wanted = Filter(since=datetime(2026, 11, 1, 0, 30, tzinfo=timezone.utc), emotion=("happy",))
    html = build(database, wanted, zone=ZoneInfo("Asia/Shanghai"), language=words).html
    database.close()
    assert f"· {told} ·" in html
    assert ("Emotion: happy" if words == "en" else "情感: 高兴") in html


def test_attacks_in_texts_are_only_text(studio_url: str, tmp_path: Path) -> None:
    output = tmp_path / "report.html"
    result = CliRunner().invoke(
        sidecar,
        ["report", "--output", str(output), "--user", "<script>alert(1)</script>"],
        env={"SIDECAR_DATABASE_URL": studio_url},
    )
    assert result.exit_code == 0, result.output
    assert "<script" not in output.read_text(encoding="utf-8")


def one_without_a_name() -> list[dict[str, Any]]:
    return [succeeded("一句话", data={"caller": {"user": None}})]


def three_days() -> list[dict[str, Any]]:
    newest = list(Studio(4000).events())[-60:]
    return [item for item in newest if item["type"].startswith("indextts.synthesis.")]


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        (one_without_a_name(), ["load_hour", "emotions", "rtf_by_model", "quality"]),
        (three_days(), ["load_hour", "emotions", "emotions_by_user", "rtf_by_model", "quality", "voices"]),
        ([failed("nothing came of it")], ["load_hour", "quality", "voices"]),
        (list(Studio(3000).events()), [
            "load_day", "week", "emotions", "emotions_by_user", "rtf_by_model", "quality", "voices",
        ]),
    ],
    ids=["one record", "three days", "a failure", "a year"],
)  # fmt: skip
def test_what_would_show_nothing_is_not_drawn(
    tmp_path: Path, documents: list[dict[str, Any]], expected: list[str]
) -> None:
    url = sqlite_url(tmp_path / "few.db")
    load(parse_dsn(url), documents)
    database = connect(url)
    made = build(database, Filter(), zone=timezone.utc, language="en")
    database.close()
    assert list(made.figures) == expected
    assert made.remarks
    assert "–" not in re.sub(r"<svg.*?</svg>", "", made.html, flags=re.DOTALL)


def test_figures_follow_the_readers_theme(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "one.db")
    load(parse_dsn(url), one_without_a_name())
    database = connect(url)
    html = build(database, Filter(), zone=timezone.utc, language="zh").html
    database.close()
    drawn = "".join(re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL))
    colours = {css_name(name): colour for name, colour in {**SURFACES, **THINGS}.items()}
    assert set(re.findall(r"#[0-9a-f]{6}\b", drawn)) == set(), "a colour of no theme"
    used = set(re.findall(r"var\(--([\w-]+)\)", drawn))
    assert {"happy", "model-2", "failed", "saturated", "truncated", "takes"} <= used <= set(colours)
    for name in used:
        assert html.count(f"--{name}:{colours[name].light};") == 1
        assert html.count(f"--{name}:{colours[name].dark};") == 2, "for who prefers it, and for who asks for it"


def test_it_leads_to_the_very_takes_in_the_library(tmp_path: Path) -> None:
    """Every link is asked of the library: it finds as many as the report says, or something at least."""
    url = sqlite_url(tmp_path / "studio.db")
    load(parse_dsn(url), Studio(3000).events())
    wanted = Filter(since=datetime(2026, 6, 1, tzinfo=timezone.utc), until=datetime(2026, 11, 1, tzinfo=timezone.utc))
    with closing(connect(url)) as database:
        plain = build(database, wanted, zone=timezone.utc, language="en").html
        html = build(database, wanted, zone=timezone.utc, language="en", library="https://tts.example/").html
        assert "<a " not in plain
        links = {unescape(each) for each in re.findall(r'<a href="([^"]+)"', html)}
        assert all(each.startswith("https://tts.example/?") for each in links)
        asked = [parse(parse_qs(urlsplit(each).query)) for each in links]
        assert wanted in asked
        earlier = replace(wanted, since=datetime(2025, 12, 30, tzinfo=timezone.utc), until=wanted.since)
        assert earlier in asked
        assert {name for each in asked for name in ("voice", "emotion", "request", "error") if getattr(each, name)} == {
            "voice", "emotion", "request", "error",
        }  # fmt: skip
        assert all((each.since, each.until) == (wanted.since, wanted.until) for each in asked if each != earlier)
        for each in asked:
            assert find(database, each, limit=1).records, each


@pytest.mark.parametrize("wrong", ["tts.example", "javascript:alert(1)", "https://"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, wrong: str) -> None:
    arguments = ["report", "--output", str(tmp_path / "report.html")]
    environment = {"SIDECAR_DATABASE_URL": sqlite_url(tmp_path / "none.db"), "SIDECAR_LIBRARY_URL": wrong}
    result = CliRunner().invoke(sidecar, arguments, env=environment)
    assert result.exit_code != 0
    assert "SIDECAR_LIBRARY_URL" in result.stderr
