"""Counting: who uses which emotion, what was made twice, when load is highest, what got worse, what fails.

Each question has a view of the same meaning in schema/; here it can also be asked of a part of the records.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any

from sidecar.answers.filters import Filter
from sidecar.answers.values import as_time, plain
from sidecar.database import Database

Rows = list[dict[str, Any]]

_HOUR = {
    "mysql": "DATE_FORMAT(created_at, '%Y-%m-%d %H:00:00')",
    "sqlite": "strftime('%Y-%m-%d %H:00:00', created_at)",
}
_FAILED = "CASE WHEN status IN ('failed', 'interrupted') THEN 1 ELSE 0 END"
_SYNTHESES = "status IN ('succeeded', 'failed', 'interrupted')"


def totals(database: Database, wanted: Filter) -> dict[str, Any]:
    """Everything in one line: records, what became of them, seconds of audio and of computing."""
    (row,) = _ask(
        database,
        wanted,
        f"SELECT COUNT(*) AS records, SUM(CASE WHEN status = 'succeeded' THEN 1 ELSE 0 END) AS succeeded, "
        f"SUM({_FAILED}) AS failed, SUM(CASE WHEN status = 'reused' THEN 1 ELSE 0 END) AS reused, "
        "SUM(duration) AS audio_seconds, SUM(wall_time) AS compute_seconds, "
        "COUNT(DISTINCT user_id) AS users, MIN(created_at) AS first_at, MAX(created_at) AS last_at "
        "FROM tts_records WHERE {where}",
    )
    return {
        **row,
        **{name: row[name] or 0 for name in ("succeeded", "failed", "reused", "audio_seconds", "compute_seconds")},
        "first_at": as_time(row["first_at"]),
        "last_at": as_time(row["last_at"]),
    }


def emotions(database: Database, wanted: Filter) -> Rows:
    """Emotions by use, the most used first."""
    return _ask(
        database,
        wanted,
        "SELECT emotion, COUNT(*) AS takes, COUNT(DISTINCT user_id) AS users, "
        "SUM(COALESCE(duration, 0)) AS audio_seconds FROM tts_records "
        "WHERE {where} AND status IN ('succeeded', 'reused') GROUP BY emotion ORDER BY takes DESC, emotion",
    )


def emotions_by_user(database: Database, wanted: Filter) -> Rows:
    """Who uses which emotion, the most used first."""
    return _ask(
        database,
        wanted,
        "SELECT user_id, emotion, COUNT(*) AS takes FROM tts_records "
        "WHERE {where} AND status IN ('succeeded', 'reused') GROUP BY user_id, emotion "
        "ORDER BY takes DESC, user_id, emotion",
    )


def users(database: Database, wanted: Filter) -> Rows:
    """Who made how much, the busiest first."""
    return _ask(
        database,
        wanted,
        f"SELECT user_id, COUNT(*) AS takes, SUM({_FAILED}) AS failures, SUM(COALESCE(duration, 0)) AS audio_seconds, "
        "SUM(COALESCE(wall_time, 0)) AS compute_seconds FROM tts_records "
        "WHERE {where} GROUP BY user_id ORDER BY takes DESC, user_id",
    )


def duplicates(database: Database, wanted: Filter, *, limit: int = 50) -> Rows:
    """Requests that were made more than once, the costliest repeats first. The first take is the one that was needed;
    wasted_seconds is the computing time of the others.
    """
    rows = _ask(
        database,
        wanted,
        "SELECT g.request_hash, g.takes, f.event_id, f.text_input, f.emotion, f.voice, f.model_version, "
        "f.created_at AS created_at, g.last_at, g.compute_seconds, "
        "g.compute_seconds - COALESCE(f.wall_time, 0) AS wasted_seconds FROM ("
        "SELECT request_hash, COUNT(*) AS takes, MIN(event_id) AS first_event_id, MAX(created_at) AS last_at, "
        "SUM(COALESCE(wall_time, 0)) AS compute_seconds FROM tts_records "
        "WHERE {where} AND request_hash IS NOT NULL AND status = 'succeeded' "
        "GROUP BY request_hash HAVING COUNT(*) > 1) g JOIN tts_records f ON f.event_id = g.first_event_id "
        f"ORDER BY wasted_seconds DESC, g.request_hash LIMIT {limit:d}",
    )
    return [{**row, "last_at": as_time(row["last_at"])} for row in rows]


def repeats(database: Database, wanted: Filter) -> dict[str, Any]:
    """What all repeats together cost: requests made again, takes that were not needed, their computing seconds."""
    (row,) = _ask(
        database,
        wanted,
        "SELECT COUNT(*) AS requests, COALESCE(SUM(g.takes - 1), 0) AS repeats, "
        "COALESCE(SUM(g.compute_seconds - COALESCE(f.wall_time, 0)), 0) AS wasted_seconds FROM ("
        "SELECT COUNT(*) AS takes, MIN(event_id) AS first_event_id, SUM(COALESCE(wall_time, 0)) AS compute_seconds "
        "FROM tts_records WHERE {where} AND request_hash IS NOT NULL AND status = 'succeeded' "
        "GROUP BY request_hash HAVING COUNT(*) > 1) g JOIN tts_records f ON f.event_id = g.first_event_id",
    )
    return row


def activity(database: Database, wanted: Filter) -> Rows:
    """One row for each hour (UTC) and model in which anything was tried: what load and quality are made of."""
    rows = _ask(
        database,
        wanted,
        f"SELECT {_HOUR[database.dialect]} AS hour_start, COALESCE(model_version, '') AS model_version, "
        f"COUNT(*) AS takes, SUM({_FAILED}) AS failed, "
        "SUM(CASE WHEN full_scale_share > 0.01 THEN 1 ELSE 0 END) AS saturated, "
        "SUM(CASE WHEN truncated <> 0 THEN 1 ELSE 0 END) AS truncated, "
        "SUM(CASE WHEN status = 'succeeded' THEN COALESCE(duration, 0) ELSE 0 END) AS audio_seconds, "
        "SUM(CASE WHEN status = 'succeeded' AND duration IS NOT NULL THEN COALESCE(wall_time, 0) ELSE 0 END) "
        "AS compute_seconds, SUM(COALESCE(queue_wait, 0)) AS queue_seconds FROM tts_records "
        f"WHERE {{where}} AND {_SYNTHESES} GROUP BY hour_start, COALESCE(model_version, '') ORDER BY 1, 2",
    )
    return [{**row, "hour_start": as_time(row["hour_start"])} for row in rows]


_COUNTS = ("takes", "failed", "saturated", "truncated", "audio_seconds", "compute_seconds", "queue_seconds")


def by_day(hours: Rows, zone: tzinfo, *, models: bool = False) -> Rows:
    """Activity of each day of that time zone, of each model apart where `models` says so."""

    def key(row: Mapping[str, Any]) -> tuple[Any, ...]:
        day = _local(row, zone).date()
        return (day, row["model_version"]) if models else (day,)

    names = ("day", "model_version") if models else ("day",)
    return [dict(zip(names, where, strict=True)) | sums for where, sums in _summed(hours, key)]


def by_weekday(hours: Rows, zone: tzinfo) -> Rows:
    """Activity of each hour of the week in that time zone; weekday 0 is Monday."""

    def key(row: Mapping[str, Any]) -> tuple[Any, ...]:
        local = _local(row, zone)
        return local.weekday(), local.hour

    return [{"weekday": weekday, "hour": hour} | sums for (weekday, hour), sums in _summed(hours, key)]


def voices(database: Database, wanted: Filter, *, limit: int = 50) -> Rows:
    """Speaker prompts by failure rate, the worst first: by what the rate is at least (Wilson's bound, 95 %), so
    that one failure of two attempts does not come before a hundred of a thousand.
    """
    rows = _ask(
        database,
        wanted,
        f"SELECT COALESCE(voice, '') AS voice, COUNT(*) AS attempts, SUM({_FAILED}) AS failures, "
        f"SUM({_FAILED}) * 1e0 / COUNT(*) AS failure_rate, "
        "SUM(CASE WHEN full_scale_share > 0.01 THEN 1 ELSE 0 END) AS saturated FROM tts_records "
        f"WHERE {{where}} AND {_SYNTHESES} GROUP BY COALESCE(voice, '')",
    )
    rows.sort(key=lambda row: (-_at_least(row["failures"], row["attempts"]), -row["failure_rate"], row["voice"]))
    return rows[:limit]


def _at_least(hits: int, tries: int) -> float:
    """Lower bound of Wilson's score interval for a share."""
    z = 1.96
    share, spread = hits / tries, z * z / tries
    middle = share + spread / 2
    return (middle - z * math.sqrt(share * (1 - share) / tries + spread / tries / 4)) / (1 + spread)


def errors(database: Database, wanted: Filter, *, limit: int = 20) -> Rows:
    """Kinds of error, the most frequent first, each with one of its messages."""
    return _ask(
        database,
        wanted,
        "SELECT COALESCE(error_type, status) AS error_type, COUNT(*) AS failures, MAX(error_message) AS error_message, "
        "MAX(created_at) AS created_at FROM tts_records "
        "WHERE {where} AND status IN ('failed', 'interrupted') GROUP BY COALESCE(error_type, status) "
        f"ORDER BY failures DESC, 1 LIMIT {limit:d}",
    )


def choices(database: Database) -> dict[str, list[str]]:
    """What the filters can be set to: users, emotions, models and languages that occur."""
    found = {}
    for name in ("user_id", "emotion", "model_version", "language"):
        rows = database.query(
            f"SELECT {name} FROM tts_records WHERE {name} IS NOT NULL GROUP BY {name} ORDER BY COUNT(*) DESC LIMIT 200"
        )
        found[name] = [str(row[0]) for row in rows]
    return found


def _ask(database: Database, wanted: Filter, sql: str) -> Rows:
    conditions, parameters = wanted.where()
    names, rows = database.columns(sql.replace("{where}", " AND ".join(conditions)), parameters)
    return [dict(zip(names, map(plain, row), strict=True)) for row in rows]


def _summed(
    rows: Iterable[Mapping[str, Any]], key: Callable[[Mapping[str, Any]], tuple[Any, ...]]
) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    sums: dict[tuple[Any, ...], dict[str, Any]] = defaultdict(lambda: dict.fromkeys(_COUNTS, 0))
    for row in rows:
        into = sums[key(row)]
        for name in _COUNTS:
            into[name] += row[name]
    return sorted(sums.items())


def _local(row: Mapping[str, Any], zone: tzinfo) -> datetime:
    local: datetime = row["hour_start"].astimezone(zone)
    return local
