"""Counting: command, API and view give the answer that a reader of all events would count."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from httpx import ASGITransport, AsyncClient

from sidecar.answers import questions
from sidecar.answers.filters import Filter, parse
from sidecar.answers.timeline import resolve, timeline
from sidecar.cli.main import sidecar
from sidecar.database import Database
from sidecar.web import WebConfig, create_app
from tests.answers.conftest import connect
from tests.answers.million import compare_views

Documents = list[dict[str, Any]]


def made(documents: Documents, *kinds: str) -> Documents:
    return [item for item in documents if item["type"] in {f"indextts.synthesis.{kind}" for kind in kinds}]


def told(url: str, *arguments: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(
        sidecar, [*arguments, "--json"], env={"SIDECAR_DATABASE_URL": url, "SIDECAR_TIMEZONE": "UTC"}
    )
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


async def served(url: str, path: str) -> Any:
    app = create_app(WebConfig(connect=lambda: connect(url), folders=[], zone=ZoneInfo("UTC")))
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://localhost") as client:
        answer = await client.get(path)
    app.state.shared.pool.close()
    assert answer.status_code == 200
    return answer.json()


def test_commands_and_views_agree(studio: Database) -> None:
    compare_views(studio)


@pytest.mark.parametrize("topic", ["emotions", "users", "duplicates", "voices", "errors"])
def test_the_command_and_the_api_agree(studio_url: str, topic: str) -> None:
    answer = asyncio.run(served(studio_url, f"/api/stats/{topic}?since=2026-06-01"))
    command = told(studio_url, "stats", topic, "--since", "2026-06-01", "--limit", str(len(answer)))
    assert command == answer
    assert answer


def test_emotions_are_counted(studio: Database, documents: Documents) -> None:
    expected = Counter(item["data"]["emotion"]["label"] for item in made(documents, "succeeded"))
    rows = questions.emotions(studio, Filter())
    assert {row["emotion"]: row["takes"] for row in rows} == dict(expected)
    assert [row["takes"] for row in rows] == sorted(expected.values(), reverse=True)


def test_repeats_cost_all_takes_but_the_first(studio: Database, documents: Documents) -> None:
    takes: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for item in made(documents, "succeeded"):
        takes[item["data"]["request_hash"]].append((item["id"], item["data"]["timing"]["wall"]))
    again = {request: sorted(several) for request, several in takes.items() if len(several) > 1}
    wasted = {request: sum(wall for _, wall in several[1:]) for request, several in again.items()}
    total = questions.repeats(studio, Filter())
    assert total["requests"] == len(again)
    assert total["repeats"] == sum(len(several) - 1 for several in again.values())
    assert total["wasted_seconds"] == pytest.approx(sum(wasted.values()))
    (costliest, *_) = questions.duplicates(studio, Filter(), limit=1)
    assert costliest["wasted_seconds"] == pytest.approx(max(wasted.values()))
    assert costliest["event_id"] == again[costliest["request_hash"]][0][0]


def test_hours_and_days_are_those_of_the_reader(studio: Database, documents: Documents) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    expected = Counter(
        datetime.fromisoformat(item["time"]).astimezone(zone).date()
        for item in made(documents, "succeeded", "failed", "interrupted")
    )
    hours = questions.activity(studio, Filter())
    assert {row["day"]: row["takes"] for row in questions.by_day(hours, zone)} == dict(expected)
    assert sum(row["takes"] for row in questions.by_weekday(hours, zone)) == sum(expected.values())


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
    assert questions.totals(studio, wanted)["records"] == len(expected)
    assert sum(row["takes"] for row in questions.activity(studio, wanted)) == len(expected)
    assert [row["user_id"] for row in questions.users(studio, wanted)] == ["客服"]


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
