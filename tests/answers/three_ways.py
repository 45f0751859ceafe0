"""Every question, asked in the three ways that people have: a command, the page's API, a view. The answers are brought
into one form, so that they can be compared with each other and between databases.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from click.testing import CliRunner
from httpx import ASGITransport, AsyncClient

from sidecar.answers import sums
from sidecar.answers.values import as_time, plain
from sidecar.cli.main import sidecar
from sidecar.storage.database import Database
from sidecar.web import create_app
from tests.answers.conftest import connect

UTC = ZoneInfo("UTC")
Row = Mapping[str, Any]
_MOST = "100000"


@dataclass(frozen=True, kw_only=True)
class Question:
    command: Sequence[str]
    """Words after `sidecar`; --json comes on top."""
    path: str
    """Of the API."""
    view: str
    """SQL."""
    told: Callable[[list[Row]], Any] = list
    """What the command's rows say."""
    served: Callable[[Any], Any]
    """What the API's answer says."""
    seen: Callable[[list[tuple[Any, ...]]], Any] = list
    """What the view's rows say."""


def _ids(rows: Any) -> list[str]:
    return [row["event_id"] for row in rows]


def _records(answer: Any) -> list[str]:
    return _ids(answer["records"])


def _firsts(rows: list[tuple[Any, ...]]) -> list[Any]:
    return [row[0] for row in rows]


def _pick(*names: str) -> Callable[[Any], list[tuple[Any, ...]]]:
    return lambda rows: [tuple(row[name] for name in names) for row in rows]


def _hours(answer: Any) -> sums.Counts:
    return [{**row, "hour_start": as_time(row["hour_start"].rstrip("Z"))} for row in answer]


def _by_weekday(answer: Any) -> dict[Any, Any]:
    return {(row["weekday"], row["hour"]): row["takes"] for row in sums.by_weekday(_hours(answer), UTC)}


def _named_weekdays(rows: list[Row]) -> dict[Any, Any]:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    return {(days.index(row["weekday"]), row["hour"]): row["takes"] for row in rows}


def _rated(row: Row) -> tuple[Any, ...]:
    audio = row["audio_seconds"]
    rtf = row["compute_seconds"] / audio if audio else None
    return (*(row[name] for name in ("takes", "failed", "saturated", "truncated")), rtf)


def _by_day(answer: Any) -> dict[Any, Any]:
    rows = sums.by_day(_hours(answer), UTC, models=True)
    return {(str(row["day"]), row["model_version"]): _rated(row) for row in rows}


def _by_key(*keys: str) -> Callable[[Any], dict[Any, Any]]:
    return lambda rows: {
        tuple(row[key] for key in keys): tuple(value for name, value in row.items() if name not in keys) for row in rows
    }


def _keyed(keys: int) -> Callable[[list[tuple[Any, ...]]], dict[Any, Any]]:
    return lambda rows: {tuple(map(str, row[:keys])): row[keys:] for row in rows}


def _search(view: str, where: str, query: str, *command: str) -> Question:
    return Question(
        command=["find", *command, "--limit", "100"],
        path=f"/api/records?limit=100&{query}",
        view=f"SELECT event_id FROM {view} WHERE {where} ORDER BY created_at DESC LIMIT 100",
        told=_ids,
        served=_records,
        seen=_firsts,
    )


_VOICE = ("voice", "attempts", "failures", "failure_rate", "saturated")
_REPEAT = ("request_hash", "takes", "event_id", "wasted_seconds")


def questions(rated: str) -> dict[str, Question]:
    """
    Args:
        rated: the event_id of a record whose timeline is asked for.
    """
    return {
        "the welcome lines, happy": _search(
            "tts_library",
            "text_input LIKE '%欢迎%' AND emotion = 'happy' AND created_at >= '2026-11-19'",
            "text=欢迎&emotion=happy&since=2026-11-19",
            *("欢迎", "--emotion", "happy", "--since", "2026-11-19"),
        ),
        "which emotion is used most": Question(
            command=["stats", "emotions"],
            path="/api/stats/emotions",
            view="SELECT emotion, SUM(takes) AS n FROM tts_emotion_usage GROUP BY emotion ORDER BY n DESC, emotion",
            told=_pick("emotion", "takes"),
            served=_pick("emotion", "takes"),
        ),
        "by whom, when": Question(
            command=["stats", "emotions", "--user", "客服", "--since", "2026-11-01"],
            path="/api/stats/emotions?user=客服&since=2026-11-01",
            view="SELECT emotion, SUM(takes) AS n FROM tts_emotion_usage "
            "WHERE user_id = '客服' AND day >= '2026-11-01' GROUP BY emotion ORDER BY n DESC, emotion",
            told=_pick("emotion", "takes"),
            served=_pick("emotion", "takes"),
        ),
        "who made how much": Question(
            command=["stats", "users", "--limit", "1000"],
            path="/api/stats/users",
            view="SELECT user_id, COUNT(*) AS takes FROM tts_library GROUP BY user_id ORDER BY takes DESC, user_id",
            told=_pick("user_id", "takes"),
            served=_pick("user_id", "takes"),
        ),
        "what was made again, at what cost": Question(
            command=["stats", "duplicates", "--limit", "50"],
            path="/api/stats/duplicates",
            view="SELECT request_hash, takes, first_event_id, wasted_seconds FROM tts_duplicates "
            "ORDER BY wasted_seconds DESC, request_hash LIMIT 50",
            told=_pick(*_REPEAT),
            served=_pick(*_REPEAT),
        ),
        "who did what to a record": Question(
            command=["timeline", rated],
            path=f"/api/records/{rated}/timeline",
            view=f"SELECT id, type, actor FROM tts_timeline WHERE subject = '{rated}' ORDER BY time, id",
            told=_pick("id", "type", "actor"),
            served=lambda answer: _pick("id", "type", "actor")(answer["events"]),
        ),
        "when load is highest": Question(
            command=["stats", "load", "--limit", "168"],
            path="/api/stats/activity",
            view="SELECT weekday, hour, SUM(takes) FROM tts_load GROUP BY weekday, hour",
            told=_named_weekdays,
            served=_by_weekday,
            seen=lambda rows: {row[:2]: row[2] for row in rows},
        ),
        "whether the model got worse": Question(
            command=["stats", "quality", "--limit", _MOST],
            path="/api/stats/activity",
            view="SELECT day, model_version, takes, failed + interrupted, saturated, truncated, rtf FROM tts_quality",
            told=_by_key("day", "model_version"),
            served=_by_day,
            seen=_keyed(2),
        ),
        "which voices fail": Question(
            command=["stats", "voices", "--limit", _MOST],
            path="/api/stats/voices",
            view="SELECT voice, attempts, failures, failure_rate, saturated FROM tts_voice_failures",
            told=lambda rows: _by_key("voice")([{name: row[name] for name in _VOICE} for row in rows]),
            served=lambda rows: _by_key("voice")([{name: row[name] for name in _VOICE} for row in rows]),
            seen=_keyed(1),
        ),
        "what failed": _search("tts_library", "status = 'failed'", "status=failed", "--status", "failed"),
        "kinds of error": Question(
            command=["stats", "errors"],
            path="/api/stats/errors",
            view="SELECT COALESCE(error_type, status) AS kind, COUNT(*) AS n FROM tts_library "
            "WHERE status IN ('failed', 'interrupted') GROUP BY COALESCE(error_type, status) ORDER BY n DESC, kind",
            told=_pick("error_type", "failures"),
            served=_pick("error_type", "failures"),
        ),
        "which outputs were good": _search("tts_ratings", "rating >= 5", "rating=5", "--rating", "5"),
    }


@dataclass(kw_only=True)
class Answer:
    """What the three ways said, and after how many seconds."""

    said: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def ask(url: str, question: Question) -> Answer:
    """Ask in all three ways. Nothing is remembered from an earlier question: the library is served anew."""
    answer = Answer()

    def timed(way: str, asked: Callable[[], Any]) -> None:
        began = time.perf_counter()
        raw = asked()
        answer.seconds[way] = time.perf_counter() - began
        answer.said[way] = raw

    timed("command", lambda: run(url, *question.command, "--json"))
    with library(url) as get:
        timed("page", lambda: get(question.path))
    database = connect(url)
    try:
        timed("view", lambda: database.query(question.view))
    finally:
        database.close()
    answer.said["command"] = question.told([json.loads(line) for line in answer.said["command"].splitlines()])
    answer.said["page"] = question.served(json.loads(answer.said["page"]))
    answer.said["view"] = question.seen([tuple(map(plain, row)) for row in answer.said["view"]])
    return answer


def run(url: str, *arguments: str) -> str:
    """What the command prints."""
    result = CliRunner().invoke(sidecar, arguments, env={"SIDECAR_DATABASE_URL": url, "SIDECAR_TIMEZONE": "UTC"})
    assert result.exit_code == 0, result.output
    return result.output


@contextlib.contextmanager
def library(url: str) -> Iterator[Callable[[str], bytes]]:
    """The library over that database, in this process: a function from a path to what is served there."""
    app = create_app(connect=lambda: connect(url), folders=list, zone=UTC)

    async def get(path: str) -> bytes:
        async with AsyncClient(transport=ASGITransport(app=app), base_url="http://localhost", timeout=600) as client:
            answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.content

    try:
        yield lambda path: asyncio.run(get(path))
    finally:
        app.state.shared.pool.close()


def same(one: Any, other: Any) -> bool:
    """Equal, but for the last digits of a sum, which depend on the order of its parts."""
    if isinstance(one, float) or isinstance(other, float):
        return one is not None and other is not None and math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6)
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def a_rated_record(database: Database) -> str:
    """The event_id of the newest record that was rated."""
    return str(database.query("SELECT event_id FROM tts_ratings ORDER BY created_at DESC LIMIT 1")[0][0])
