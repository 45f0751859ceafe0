"""The words of the pages and of the report: one file a language, each word in all of them, and said somewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tomllib

from sidecar.storage.dsn import parse_dsn
from sidecar.wording import browser_language, codes, languages, length, translator
from tests.answers.load import load
from tests.events import succeeded
from tests.servers import sqlite_url

ROOT = Path(__file__).resolve().parents[2]
SIDECAR = ROOT / "sidecar"
SAID_IN = [
    path.read_text(encoding="utf-8")
    for folder in ("web", "report")
    for path in sorted((SIDECAR / folder).rglob("*"))
    if path.suffix in (".py", ".html", ".js")
] + [
    (SIDECAR / name).read_text(encoding="utf-8")
    for name in ("wording/__init__.py", "answers/doubts.py", "answers/telling.py")
]
BUILT = (
    "emotion_", "status_", "mode_", "period_", "audio_", "stage_", "event_", "day", "member_", "section_", "shipper_",
    "doubt_", "verdict_", "again_", "change_", "sound_by_", "by_", "column_", "gone_",
)  # fmt: skip
"""Beginnings of names whose ends are data, such as emotion_happy."""


def tables(code: str) -> Mapping[str, Mapping[str, str]]:
    """The words in the language's own file."""
    file = tomllib.loads((SIDECAR / "wording" / f"{code}.toml").read_text(encoding="utf-8"))
    return {name: table for name, table in file.items() if isinstance(table, dict)}


ENGLISH = {name: text for table in tables("en").values() for name, text in table.items()}


def test_no_name_is_in_two_tables() -> None:
    assert len(ENGLISH) == sum(map(len, tables("en").values()))


@pytest.mark.parametrize("code", codes())
def test_a_language_has_the_same_words_in_the_same_tables_and_order(code: str) -> None:
    assert {name: list(table) for name, table in tables(code).items()} == {
        name: list(table) for name, table in tables("en").items()
    }


@pytest.mark.parametrize("name", ENGLISH)
def test_a_word_has_all_languages_with_the_same_gaps_and_is_said(name: str) -> None:
    texts = [each.words[name] for each in languages().values()]
    assert all(texts)
    gaps = [sorted(re.findall(r"\{[^}]*\}", text)) for text in texts]
    assert gaps == [gaps[0]] * len(texts)
    prefix = next((each for each in BUILT if name.startswith(each)), None)
    said = rf"""["']{prefix or name}""" + ("" if prefix else r"""["']""")
    assert any(re.search(said, text) for text in SAID_IN)


def test_scripts_get_the_words_that_they_say() -> None:
    scripts = "".join(path.read_text(encoding="utf-8") for path in (SIDECAR / "web" / "static").glob("*.js"))
    given = languages()["zh"].for_scripts
    assert set(re.findall(r"word\(\"(\w+)\"", scripts)) <= set(given)
    built = ("audio_", "verdict_")
    assert [name for name in given if f'"{name}"' not in scripts and not name.startswith(built)] == []
    assert [name for name in ENGLISH if name.startswith(built) and name not in given] == []
    assert given["play"] == "播放"


def test_what_has_no_word_is_called_by_its_own_name() -> None:
    assert translator("zh")("emotion_wistful") == "wistful"
    assert translator("zh")("emotion_happy") == "高兴"


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (4.24, "4.2 s", "4.2 秒"),
        (4.25, "4.3 s", "4.3 秒"),
        (59.94, "59.9 s", "59.9 秒"),
        (184.5, "3 min 05 s", "3 分 05 秒"),
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
    assert browser_language("zh-Hant-TW, en") == "zh"
    assert browser_language("fr") == "en"


@pytest.fixture
def with_german(tmp_path: Path) -> Path:
    """A folder with a copy of the program that one file has been added to: a language that is not translated whole."""
    for name in ("sidecar", "schema"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    words = 'name = "Deutsch"\n[shared]\nrecords = "Aufnahmen"\n[scripts]\nplay = "Abspielen"\n[report]\nonly = "Nur"\n'
    (tmp_path / "sidecar" / "wording" / "de.toml").write_text(words, encoding="utf-8")
    load(parse_dsn(sqlite_url(tmp_path / "sidecar.db")), [succeeded("Guten Tag")])
    (tmp_path / "outputs").mkdir()
    return tmp_path


def test_a_third_language_needs_one_file(with_german: Path) -> None:
    """Page, report and the switch between languages offer it; what it lacks is said in English."""
    command = [sys.executable, "-m", "sidecar"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIDECAR_")}
    called: dict[str, Any] = {"cwd": with_german, "env": {**kept, "PYTHONUNBUFFERED": "1"}, "text": True}
    subprocess.run([*command, "report", "--in", "de"], check=True, capture_output=True, **called)
    report = (with_german / "report.html").read_text(encoding="utf-8")
    assert '<html lang="de">' in report
    assert "Aufnahmen" in report
    assert "What IndexTTS did" in report
    with subprocess.Popen([*command, "web", "--web-listen", "127.0.0.1:0"], stdout=subprocess.PIPE, **called) as server:
        assert server.stdout is not None
        try:
            address = server.stdout.readline().split()[-1]
            german, english = (page(address, language) for language in ("de-AT,zh", "en"))
        finally:
            server.terminate()
    assert '<html lang="de"' in german
    assert "Abspielen" in german, "for the scripts"
    assert "Clear filters" in german
    assert [re.findall(r"lang=(\w+)&amp;back", each) for each in (german, english)] == [["en", "zh"], ["de", "zh"]]
    assert ">Deutsch</a>" in english


def page(address: str, language: str) -> str:
    """The library's first page, as a browser of that language gets it."""
    with urllib.request.urlopen(urllib.request.Request(address, headers={"Accept-Language": language})) as answer:
        text: str = answer.read().decode()
    return text
