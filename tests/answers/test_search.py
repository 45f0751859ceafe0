"""Finding: the same records as a reader of all events would pick, with and without the optional indexes."""

from __future__ import annotations

import contextlib
import json
import unicodedata
from datetime import datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from sidecar.answers.filters import Filter, FilterError, parse
from sidecar.answers.search import find, get
from sidecar.answers.textindex import possible_text_index, text_index
from sidecar.answers.words import words
from sidecar.cli.main import sidecar
from sidecar.storage.database import Database
from tests.answers.conftest import NOW

Documents = list[dict[str, Any]]

# Frequent and rare, one to many characters, both languages, quotes, and the characters that LIKE and the indexes
# give a meaning to.
SEARCHES = (
    "欢迎",
    "欢",
    "站",
    "青铜器",
    "月光静静地照在湖面上",
    "第42号",
    "quiet harbour",
    '"the quiet harbour"',
    "WELCOME",
    "a",
    "I",
    "no",
    "number 77",
    "第 号",
    "欢迎 语音",
    "%",
    "_",
    "!",
    '"',
    "'",
    "不存在的词",
    "zzz",
    "号。",
    "？",
    "?",
    "ｑｕｉｅｔ",
    "journey.",
    "。“",
    "😀",
    "+欢迎",
    "-the",
    "the*",
    "(rain)",
    "chapter three: ~",
    "NEAR(a b)",
    "OR",
    "AND the",
)


def all_pages(database: Database, wanted: Filter, limit: int) -> list[dict[str, Any]]:
    found, cursor = [], None
    while True:
        page = find(database, wanted, limit=limit, cursor=cursor)
        found += page.records
        cursor = page.cursor
        if cursor is None:
            return found


def syntheses(documents: Documents) -> Documents:
    return [item for item in documents if item["type"].startswith("indextts.synthesis.")]


def expected(documents: Documents, text: str) -> list[str]:
    """Full-width punctuation is as good as the plain one, and upper case as lower."""

    def fold(value: str) -> str:
        return unicodedata.normalize("NFKC", value).lower()

    asked = [fold(word) for word in words(text)]
    found = [item for item in syntheses(documents) if all(word in fold(item["data"]["text"]) for word in asked)]
    return [item["id"] for item in sorted(found, key=lambda item: str(item["time"]), reverse=True)]


@pytest.mark.parametrize("text", SEARCHES)
def test_a_search_finds_what_a_reader_of_all_events_would(studio: Database, documents: Documents, text: str) -> None:
    found = all_pages(studio, Filter(text=text), 500)
    assert [record["event_id"] for record in found] == expected(documents, text)


def test_the_optional_indexes_change_no_answer(studio: Database, studio_url: str, documents: Documents) -> None:
    environment = {"SIDECAR_DATABASE_URL": studio_url}
    created = CliRunner().invoke(sidecar, ["index", "--create"], env=environment)
    try:
        assert created.exit_code == 0, created.output
        assert "filters: yes" in created.output
        assert text_index(studio) is possible_text_index(studio)
        for text in SEARCHES:
            found = all_pages(studio, Filter(text=text), 500)
            assert [record["event_id"] for record in found] == expected(documents, text), text
    finally:
        dropped = CliRunner().invoke(sidecar, ["index", "--drop"], env=environment)
    assert "filters: no" in dropped.output
    assert text_index(studio) is None


def test_pages_join_without_gap_or_repeat(studio: Database, documents: Documents) -> None:
    whole = all_pages(studio, Filter(), 500)
    in_parts = all_pages(studio, Filter(), 37)
    assert whole == in_parts
    assert len(whole) == len(syntheses(documents))


@pytest.mark.parametrize(
    ("wanted", "picks"),
    [
        ({"emotion": "happy"}, lambda data: data["emotion"]["label"] == "happy"),
        ({"user": "客服"}, lambda data: data["caller"]["user"] == "客服"),
        ({"model": "2.5"}, lambda data: data["model"]["version"] == "2.5"),
        ({"voice": "whisper_07"}, lambda data: data["voice"]["path"] == "voices/whisper_07.wav"),
        ({"language": "EN"}, lambda data: data["language"] == "EN"),
        ({"status": "failed"}, lambda data: data["error"] is not None),
        (
            {"emotion": "sad", "language": "ZH", "text": "欢迎"},
            lambda data: data["emotion"]["label"] == "sad" and data["language"] == "ZH" and "欢迎" in data["text"],
        ),
    ],
)
def test_a_filter_picks_by_one_fact(studio: Database, documents: Documents, wanted: dict[str, str], picks: Any) -> None:
    found = {record["event_id"] for record in all_pages(studio, parse(wanted), 500)}
    assert found == {item["id"] for item in syntheses(documents) if picks(item["data"])}
    assert found


def test_since_and_until_bound_the_time(studio: Database, documents: Documents) -> None:
    wanted = parse({"since": "3d", "until": "1d"}, now=NOW)
    found = {record["event_id"] for record in all_pages(studio, wanted, 500)}
    low, high = NOW - timedelta(days=3), NOW - timedelta(days=1)
    assert found == {item["id"] for item in syntheses(documents) if low <= datetime.fromisoformat(item["time"]) < high}
    assert found


def test_the_latest_rating_is_found(studio: Database, documents: Documents) -> None:
    latest: dict[str, int] = {}
    for item in sorted(documents, key=lambda item: str(item["time"])):
        if item["type"] == "indextts.audio.rated":
            latest[item["subject"]] = item["data"]["rating"]
    found = {record["event_id"]: record["rating"] for record in all_pages(studio, Filter(rating=4), 500)}
    assert found == {subject: rating for subject, rating in latest.items() if rating >= 4}


def test_one_record_has_all_its_facts(studio: Database, documents: Documents) -> None:
    item = syntheses(documents)[-1]
    record = get(studio, item["id"])
    assert record is not None
    assert record["text_input"] == item["data"]["text"]
    assert record["created_at"] == datetime.fromisoformat(item["time"])
    assert get(studio, "00000000-0000-7000-8000-000000000000") is None


@pytest.mark.parametrize("cursor", ["x", "AAAA", "MTox", "OTk5OTk5OTk5OTk5OTk5OTk6MQ", "é", "MS4wOi0x"])
def test_a_made_up_cursor_is_refused_or_harmless(studio: Database, cursor: str) -> None:
    with contextlib.suppress(FilterError):
        find(studio, Filter(), cursor=cursor)


def test_the_command_tells_the_same(studio_url: str, documents: Documents) -> None:
    result = CliRunner().invoke(
        sidecar,
        ["find", "欢迎", "--emotion", "happy", "--json", "--limit", "10000"],
        env={"SIDECAR_DATABASE_URL": studio_url},
    )
    assert result.exit_code == 0, result.output
    found = [json.loads(line)["event_id"] for line in result.output.splitlines()]
    by_id = {item["id"]: item for item in documents}
    assert found == [id_ for id_ in expected(documents, "欢迎") if by_id[id_]["data"]["emotion"]["label"] == "happy"]
