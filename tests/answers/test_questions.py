"""Counting: command, API and view give the answer that a reader of all events would count."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from sidecar.answers import questions, sums
from sidecar.answers.filters import Filter, parse
from sidecar.answers.timeline import resolve, timeline
from sidecar.cli.main import sidecar
from sidecar.storage.database import Database
from sidecar.storage.dsn import parse_dsn
from tests.answers import three_ways
from tests.answers.conftest import connect
from tests.answers.load import load
from tests.events import failed, succeeded

Documents = list[dict[str, Any]]


def made(documents: Documents, *kinds: str) -> Documents:
    return [item for item in documents if item["type"] in {f"indextts.synthesis.{kind}" for kind in kinds}]


@pytest.mark.parametrize("name", three_ways.questions(""))
def test_command_page_and_view_agree(studio: Database, studio_url: str, name: str) -> None:
    question = three_ways.questions(three_ways.a_rated_record(studio))[name]
    said = three_ways.ask(studio_url, question).said
    assert said["command"]
    assert three_ways.same(said["command"], said["page"])
    assert three_ways.same(said["command"], said["view"])


def test_emotions_are_counted(studio: Database, documents: Documents) -> None:
    expected = Counter(item["data"]["emotion"]["label"] for item in made(documents, "succeeded"))
    rows = sums.emotions(questions.usage(studio, Filter()))
    assert {row["emotion"]: row["takes"] for row in rows} == dict(expected)
    assert [row["takes"] for row in rows] == sorted(expected.values(), reverse=True)


def test_users_whose_names_the_collation_holds_equal_are_several(database_url: str) -> None:
    dsn = parse_dsn(database_url)
    names = ["Lab", "lab", "lab ", "läb", "😀", "😎"]
    made = [succeeded(data={"caller": {"user": user}}) for user in [*names, "lab"]]
    load(dsn, [*made, failed(data={"caller": {"user": "LAB"}})])
    database = connect(database_url)
    expected = {**dict.fromkeys([*names, "LAB"], 1), "lab": 2}
    rows = questions.usage(database, Filter())
    assert {row["user_id"]: row["takes"] for row in sums.users(rows)} == expected
    assert sums.totals(rows)["users"] == len(expected)
    assert sorted(questions.choices(database).values["user"]) == sorted(expected)
    view = database.query("SELECT user_id, SUM(takes) FROM tts_emotion_usage GROUP BY user_id, HEX(user_id)")
    assert {user: int(takes) for user, takes in view} == {user: n for user, n in expected.items() if user != "LAB"}
    for user, takes in expected.items():
        assert sum(row["records"] for row in questions.usage(database, Filter(user=(user,)))) == takes
    database.close()


def test_repeats_cost_all_takes_but_the_first(studio: Database, documents: Documents) -> None:
    takes: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for item in made(documents, "succeeded"):
        takes[item["data"]["request_hash"]].append((item["id"], item["data"]["timing"]["wall"]))
    again = {request: sorted(several) for request, several in takes.items() if len(several) > 1}
    wasted = {request: sum(wall for _, wall in several[1:]) for request, several in again.items()}
    told = questions.repeats(studio, Filter(), limit=1)
    assert told.requests == len(again)
    assert told.repeats == sum(len(several) - 1 for several in again.values())
    assert told.wasted_seconds == pytest.approx(sum(wasted.values()))
    (costliest,) = told.costliest
    assert costliest["wasted_seconds"] == pytest.approx(max(wasted.values()))
    assert costliest["event_id"] == again[costliest["request_hash"]][0][0]


def test_nothing_made_again_costs_nothing(studio: Database) -> None:
    told = questions.repeats(studio, Filter(user=("nobody",)))
    assert (told.requests, told.repeats, told.wasted_seconds, told.costliest) == (0, 0, 0, [])


def test_hours_and_days_are_those_of_the_reader(studio: Database, documents: Documents) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    expected = Counter(
        datetime.fromisoformat(item["time"]).astimezone(zone).date()
        for item in made(documents, "succeeded", "failed", "interrupted")
    )
    hours = questions.activity(studio, Filter())
    assert {row["day"]: row["takes"] for row in sums.by_day(hours, zone)} == dict(expected)
    assert sum(row["takes"] for row in sums.by_weekday(hours, zone)) == sum(expected.values())


def test_the_voice_with_trouble_comes_first(studio: Database) -> None:
    rows = questions.voices(studio, Filter())
    assert all(0 <= row["failures"] <= row["attempts"] for row in rows)
    best_known = max(rows, key=lambda row: row["attempts"])
    assert rows.index(best_known) > 0, "a failure rate over many attempts is no reason to come first"


def test_a_filter_holds_for_every_count(studio: Database, documents: Documents) -> None:
    wanted = parse({"user": "客服", "model": "2"})
    expected = [
        item
        for item in made(documents, "succeeded", "failed", "interrupted")
        if item["data"]["caller"]["user"] == "客服" and item["data"]["model"]["version"] == "2"
    ]
    usage = questions.usage(studio, wanted)
    assert sums.totals(usage)["records"] == len(expected)
    assert sum(row["takes"] for row in questions.activity(studio, wanted)) == len(expected)
    assert [row["user_id"] for row in sums.users(usage)] == ["客服"]


def test_a_records_timeline_tells_who_did_what(studio: Database, documents: Documents) -> None:
    rated = next(item for item in documents if item["type"] == "indextts.audio.rated")
    rows = timeline(studio, rated["subject"])
    assert rows[0]["type"] == "indextts.synthesis.succeeded"
    found = next(row for row in rows if row["id"] == rated["id"])
    assert (found["actor"], found["rating"], found["note"]) == (
        rated["data"]["caller"]["user"],
        rated["data"]["rating"],
        rated["data"]["note"],
    )
    ((number,),) = studio.query("SELECT id FROM tts_records WHERE event_id = ?", [rated["subject"]])
    assert resolve(studio, str(number)) == rated["subject"]
    assert resolve(studio, rated["subject"].upper()) == rated["subject"]
    assert resolve(studio, rows[0]["path"]) is None


def test_nothing_to_count_says_so(studio_url: str) -> None:
    for topic in ([], ["emotions"], ["load"], ["quality"], ["duplicates"]):
        result = CliRunner().invoke(
            sidecar, ["stats", *topic, "--user", "nobody"], env={"SIDECAR_DATABASE_URL": studio_url}
        )
        assert result.exit_code == 0
        assert "nothing to count" in result.output
