"""The report: it finds what was planted, and says nothing of what was not."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from matplotlib import font_manager

from sidecar.answers.filters import Filter
from sidecar.cli.main import sidecar
from sidecar.report import build
from sidecar.report.style import PALETTE, first_installed
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
    wanted = Filter(since=datetime(2026, 11, 1, 0, 30, tzinfo=timezone.utc), emotion="happy")
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
    assert {light for light, _ in PALETTE.values() if light in drawn} == set()
    assert set(re.findall(r"var\(--(\w+)\)", drawn)) <= set(PALETTE)
    for name, (light, dark) in PALETTE.items():
        assert f"--{name}: {light};" in html
        assert f"--{name}: {dark};" in html
