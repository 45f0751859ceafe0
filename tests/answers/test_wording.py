"""The words of the pages and of the report: each there once, in both languages, and said somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sidecar.wording import WORDS, browser_language, length, translator
from sidecar.wording.pages import IN_SCRIPTS, PAGES
from sidecar.wording.report import REPORT
from sidecar.wording.shared import SHARED

SIDECAR = Path(__file__).resolve().parents[2] / "sidecar"
SAID_IN = [
    path.read_text(encoding="utf-8")
    for folder in ("web", "report")
    for path in sorted((SIDECAR / folder).rglob("*"))
    if path.suffix in (".py", ".html", ".js")
] + [(SIDECAR / "wording" / "__init__.py").read_text(encoding="utf-8")]
BUILT = ("emotion_", "status_", "mode_", "period_", "audio_", "stage_", "event_", "day")
"""Beginnings of names whose ends are data, such as emotion_happy."""


def test_no_name_is_in_two_lists() -> None:
    assert len(WORDS) == len(SHARED) + len(PAGES) + len(REPORT)


@pytest.mark.parametrize("name", WORDS)
def test_a_word_has_both_languages_with_the_same_gaps_and_is_said(name: str) -> None:
    english, chinese = WORDS[name]
    assert english
    assert chinese
    gaps = [sorted(re.findall(r"\{[^}]*\}", text)) for text in (english, chinese)]
    assert gaps[0] == gaps[1]
    prefix = next((each for each in BUILT if name.startswith(each)), None)
    said = rf"""["']{prefix or name}""" + ("" if prefix else r"""["']""")
    assert any(re.search(said, text) for text in SAID_IN)


def test_scripts_get_the_words_that_they_say() -> None:
    scripts = "".join(path.read_text(encoding="utf-8") for path in (SIDECAR / "web" / "static").glob("*.js"))
    assert set(re.findall(r"word\(\"(\w+)\"", scripts)) <= set(IN_SCRIPTS)
    assert [name for name in IN_SCRIPTS if f'"{name}"' not in scripts and not name.startswith("audio_")] == []
    assert set(IN_SCRIPTS) <= set(WORDS)


def test_what_has_no_word_is_called_by_its_own_name() -> None:
    assert translator("zh")("emotion_wistful") == "wistful"
    assert translator("zh")("emotion_happy") == "高兴"


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (4.25, "4.2 s", "4.2 秒"),
        (59.96, "1 min 00 s", "1 分 00 秒"),
        (185, "3 min 05 s", "3 分 05 秒"),
        (3_600 * 1234 + 60, "1,234 h 01 min", "1,234 小时 01 分"),
    ],
)
def test_a_length_of_time_reads_well(seconds: float, english: str, chinese: str) -> None:
    assert length(seconds, translator("en")) == english
    assert length(seconds, translator("zh")) == chinese


def test_the_browsers_first_language_of_ours_is_taken() -> None:
    assert browser_language("de-DE,zh-CN;q=0.8,en;q=0.5") == "zh"
    assert browser_language("fr") == "en"
