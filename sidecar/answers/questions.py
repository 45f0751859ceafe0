"""Counting: who uses which emotion, what was made twice, when load is highest, what got worse, what fails.

Each question has a view of the same meaning in schema/; here it can also be asked of some of the records. Reading a
large table takes seconds, so what a single pass can count is counted together, and sums.py makes answers of it.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from sidecar.answers.filters import SATURATED, Filter
from sidecar.answers.sums import Counts
from sidecar.answers.values import as_dicts, as_time
from sidecar.storage.database import Database

_HOUR = {
    "mysql": "DATE_FORMAT(created_at, '%Y-%m-%d %H:00:00')",
    "sqlite": "strftime('%Y-%m-%d %H:00:00', created_at)",
}
_SATURATED = f"SUM(CASE WHEN {SATURATED} THEN 1 ELSE 0 END) AS saturated"
_FAILED = "CASE WHEN status IN ('failed', 'interrupted') THEN 1 ELSE 0 END"
_SYNTHESES = "status IN ('succeeded', 'failed', 'interrupted')"
_OVERALL = ("requests", "all_repeats", "all_wasted")
# The first take's id and computing time in one value, so that the minimum of the one brings the other along.
_FIRST_TAKE = {
    "mysql": "MIN(CONCAT(event_id, COALESCE(wall_time, 0)))",
    "sqlite": "MIN(event_id || COALESCE(wall_time, 0))",
}
_FIRST_ID, _WASTED = "SUBSTR(g.first_take, 1, 36)", "g.compute_seconds - (SUBSTR(g.first_take, 37) + 0e0)"


def usage(database: Database, wanted: Filter) -> Counts:
    """One row for each user, emotion and outcome: the input of sums.totals, emotions and users."""
    rows = _ask(
        database,
        wanted,
        # The outer query gives one spelling to emotions that the collation holds equal. Users are told apart by bytes.
        "SELECT user_id, MIN(emotion) OVER (PARTITION BY emotion) AS emotion, "
        "status, records, audio_seconds, compute_seconds, first_at, last_at FROM ("
        "SELECT user_id, emotion, status, COUNT(*) AS records, SUM(COALESCE(duration, 0)) AS audio_seconds, "
        "SUM(COALESCE(wall_time, 0)) AS compute_seconds, MIN(created_at) AS first_at, MAX(created_at) AS last_at "
        f"FROM tts_records WHERE {{where}} GROUP BY {_in_table_order(database, 'user_id', 'emotion', 'status')}, "
        "HEX(user_id)) g",
    )
    return [{**row, "first_at": as_time(row["first_at"]), "last_at": as_time(row["last_at"])} for row in rows]


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """Requests that were made more than once. The first take of each counts as the one that was needed."""

    requests: int
    """How many there are."""
    repeats: int
    """All their takes but the first."""
    wasted_seconds: float
    """Their computing time."""
    costliest: Counts
    """The costliest requests first; their wasted_seconds is the computing time of all takes but the first."""


def repeats(database: Database, wanted: Filter, *, limit: int = 50) -> Repeats:
    """
    Args:
        limit: length of `costliest`.
    """
    rows = _ask(
        database,
        wanted,
        "SELECT d.request_hash, d.takes, f.event_id, f.text_input, f.emotion, f.voice, f.model_version, "
        "f.created_at AS created_at, d.last_at, d.compute_seconds, d.wasted_seconds, d.requests, d.all_repeats, "
        "d.all_wasted FROM ("
        f"SELECT g.request_hash, g.takes, {_FIRST_ID} AS first_event_id, g.last_at, g.compute_seconds, "
        f"{_WASTED} AS wasted_seconds, COUNT(*) OVER () AS requests, SUM(g.takes - 1) OVER () AS all_repeats, "
        f"SUM({_WASTED}) OVER () AS all_wasted FROM ("
        f"SELECT request_hash, COUNT(*) AS takes, {_FIRST_TAKE[database.dialect]} AS first_take, "
        "MAX(created_at) AS last_at, SUM(COALESCE(wall_time, 0)) AS compute_seconds FROM tts_records "
        "WHERE {where} AND request_hash IS NOT NULL AND event_id IS NOT NULL AND status = 'succeeded' "
        "GROUP BY request_hash HAVING COUNT(*) > 1) g "
        f"ORDER BY wasted_seconds DESC, g.request_hash LIMIT {limit:d}) d "
        "JOIN tts_records f ON f.event_id = d.first_event_id ORDER BY d.wasted_seconds DESC, d.request_hash",
    )
    overall = rows[0] if rows else dict.fromkeys(_OVERALL, 0)
    return Repeats(
        requests=overall["requests"],
        repeats=overall["all_repeats"],
        wasted_seconds=overall["all_wasted"],
        costliest=[
            {**{name: row[name] for name in row if name not in _OVERALL}, "last_at": as_time(row["last_at"])}
            for row in rows
        ],
    )


def activity(database: Database, wanted: Filter) -> Counts:
    """One row for each hour (UTC) and model with at least one synthesis: the input of load and quality."""
    rows = _ask(
        database,
        wanted,
        f"SELECT {_HOUR[database.dialect]} AS hour_start, COALESCE(model_version, '') AS model_version, "
        f"COUNT(*) AS takes, SUM({_FAILED}) AS failed, "
        f"{_SATURATED}, "
        "SUM(CASE WHEN truncated <> 0 THEN 1 ELSE 0 END) AS truncated, "
        "SUM(CASE WHEN status = 'succeeded' THEN COALESCE(duration, 0) ELSE 0 END) AS audio_seconds, "
        "SUM(CASE WHEN status = 'succeeded' AND duration IS NOT NULL THEN COALESCE(wall_time, 0) ELSE 0 END) "
        "AS compute_seconds, SUM(COALESCE(queue_wait, 0)) AS queue_seconds FROM tts_records "
        f"WHERE {{where}} AND {_SYNTHESES} GROUP BY hour_start, COALESCE(model_version, '') ORDER BY 1, 2",
    )
    return [{**row, "hour_start": as_time(row["hour_start"])} for row in rows]


def voices(database: Database, wanted: Filter, *, limit: int = 50) -> Counts:
    """Speaker prompts by failure rate, the worst first: by the rate's lower bound (Wilson, 95 %), so that one failure
    in two attempts does not rank above a hundred in a thousand.
    """
    rows = _ask(
        database,
        wanted,
        f"SELECT COALESCE(voice, '') AS voice, COUNT(*) AS attempts, SUM({_FAILED}) AS failures, "
        f"SUM({_FAILED}) * 1e0 / COUNT(*) AS failure_rate, "
        f"{_SATURATED} FROM tts_records "
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


def errors(database: Database, wanted: Filter, *, limit: int = 20) -> Counts:
    """Kinds of error, the most frequent first, each with one of its messages."""
    return _ask(
        database,
        wanted,
        "SELECT COALESCE(error_type, status) AS error_type, COUNT(*) AS failures, MAX(error_message) AS error_message, "
        "MAX(created_at) AS created_at FROM tts_records "
        "WHERE {where} AND status IN ('failed', 'interrupted') GROUP BY COALESCE(error_type, status) "
        f"ORDER BY failures DESC, 1 LIMIT {limit:d}",
    )


_CHOICES = ("user_id", "emotion", "model_version", "language")
_MOST_CHOICES = 200


def choices(database: Database) -> dict[str, list[str]]:
    """What the filters offer: users, emotions, models and languages that occur, the most frequent first."""
    counters: dict[str, Counter[str]] = {name: Counter() for name in _CHOICES}
    names = ", ".join(_CHOICES)
    grouped = _in_table_order(database, *_CHOICES)
    for *values, count in database.query(f"SELECT {names}, COUNT(*) FROM tts_records GROUP BY {grouped}, HEX(user_id)"):
        for name, value in zip(_CHOICES, values, strict=True):
            if value is not None:
                counters[name][str(value)] += int(count)
    return {name: [value for value, _ in counted.most_common(_MOST_CHOICES)] for name, counted in counters.items()}


def _in_table_order(database: Database, *names: str) -> str:
    """For GROUP BY. SQLite would follow an index that begins with the first column and look up each record, which takes
    ten times as long; no index is used for an expression.
    """
    return ", ".join(f"+{name}" if database.dialect == "sqlite" else name for name in names)


def _ask(database: Database, wanted: Filter, sql: str) -> Counts:
    conditions, parameters = wanted.where()
    return as_dicts(database.columns(sql.replace("{where}", " AND ".join(conditions)), parameters))
