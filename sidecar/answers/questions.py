"""Counting: who uses which emotion, what was made twice, when load is highest, what got worse, what fails.

Each question has a view of the same meaning in schema/; here it can also be asked of some of the records. Reading a
large table takes seconds, so what a single pass can count is counted together, and sums.py makes answers of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from sidecar.answers.best import best
from sidecar.answers.chance import at_least
from sidecar.answers.filters import SATURATED, Filter
from sidecar.answers.said import tag_counts
from sidecar.answers.sums import FAILED, Counts
from sidecar.answers.values import as_dicts, as_time
from sidecar.answers.window import FACETS, Sum
from sidecar.storage.database import Database
from sidecar.storage.said import FAVOURITE

# A time cut off after its hour; hours since 1970. Formatting times takes half as long again in either database.
_HOUR = {"mysql": "TIMESTAMPDIFF(HOUR, '1970-01-01', created_at)", "sqlite": "substr(created_at, 1, 13)"}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SATURATED = f"SUM(CASE WHEN {SATURATED} THEN 1 ELSE 0 END) AS saturated"
_FAILED = "CASE WHEN status IN ('failed', 'interrupted') THEN 1 ELSE 0 END"
_SYNTHESES = "status IN ('succeeded', 'failed', 'interrupted')"
_OVERALL = ("requests", "all_repeats", "all_wasted")
# The first take's id and computing time in one value, so that the minimum of the one brings the other along.
_FIRST_TAKE = {
    "mysql": "MIN(CONCAT(event_id, COALESCE(wall_time, 0)))",
    "sqlite": "MIN(event_id || COALESCE(wall_time, 0))",
}
# Few requests are made twice, and grouping them all takes most of the time of a report. SQLite reads the few off the
# index of hashes and looks up their takes in the order of the table; the servers sort instead of keeping a temporary
# table of a row for each request, which would outgrow memory.
_HINT = {"mysql": "SQL_BIG_RESULT ", "sqlite": ""}
_TWICE = {
    "mysql": "",
    "sqlite": "AND id IN (SELECT id FROM tts_records WHERE request_hash IN (SELECT request_hash FROM tts_records "
    "WHERE request_hash IS NOT NULL GROUP BY request_hash HAVING COUNT(*) > 1)) ",
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
    """The costliest requests first; their wasted_seconds is the computing time of all takes but the first, their
    best_event_id the best of all takes ever made of them (sidecar.answers.best).
    """


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
        f"SELECT {_HINT[database.dialect]}request_hash, COUNT(*) AS takes, "
        f"{_FIRST_TAKE[database.dialect]} AS first_take, "
        "MAX(created_at) AS last_at, SUM(COALESCE(wall_time, 0)) AS compute_seconds FROM tts_records "
        "WHERE {where} AND request_hash IS NOT NULL AND event_id IS NOT NULL AND status = 'succeeded' "
        f"{_TWICE[database.dialect]}GROUP BY {_in_table_order(database, 'request_hash')} HAVING COUNT(*) > 1) g "
        f"ORDER BY wasted_seconds DESC, g.request_hash LIMIT {limit:d}) d "
        "JOIN tts_records f ON f.event_id = d.first_event_id ORDER BY d.wasted_seconds DESC, d.request_hash",
    )
    overall = rows[0] if rows else dict.fromkeys(_OVERALL, 0)
    bests = best(database, (row["request_hash"] for row in rows))
    return Repeats(
        requests=overall["requests"],
        repeats=overall["all_repeats"],
        wasted_seconds=overall["all_wasted"],
        costliest=[
            {
                **{name: row[name] for name in row if name not in _OVERALL},
                "last_at": as_time(row["last_at"]),
                "best_event_id": (known := bests.get(row["request_hash"])) and known.event_id,
            }
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
    return [{**row, "hour_start": _hour(row["hour_start"])} for row in rows]


def _hour(told: int | str) -> datetime | None:
    return _EPOCH + timedelta(hours=told) if isinstance(told, int) else as_time(told)


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
    rows.sort(key=lambda row: (-at_least(row["failures"], row["attempts"]), -row["failure_rate"], row["voice"]))
    return rows[:limit]


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


_MOST_CHOICES = 200


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What there is to choose from."""

    values: dict[str, dict[str, int]]
    """For each of window.FACETS, its values and how many takes have each, the most frequent first; of `tag` as well."""
    total: Sum
    """Of all takes."""


def choices(database: Database) -> Choices:
    """What the filters offer."""
    counters: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    names = ", ".join(FACETS.values())
    takes, seconds = 0, 0.0
    for *values, count, length in database.query(
        f"SELECT {names}, COUNT(*), SUM(COALESCE(duration, 0)) FROM tts_records WHERE status <> 'pending' "
        f"GROUP BY {_in_table_order(database, *FACETS.values())}, HEX(user_id)"
    ):
        takes, seconds = takes + int(count), seconds + float(length)
        for name, value in zip(FACETS, values, strict=True):
            if value is not None:
                counters[name][str(value)] += int(count)
    failed = sum(counters["status"][name] for name in FAILED)
    tags = {tag: count for tag, count in tag_counts(database, _MOST_CHOICES) if tag != FAVOURITE}
    return Choices(
        values={name: dict(counted.most_common(_MOST_CHOICES)) for name, counted in counters.items()} | {"tag": tags},
        total=Sum(takes=takes, seconds=seconds, failed=failed),
    )


def _in_table_order(database: Database, *names: str) -> str:
    """For GROUP BY. SQLite would follow an index that begins with the first column and look up each record, which takes
    ten times as long; no index is used for an expression.
    """
    return ", ".join(f"+{name}" if database.dialect == "sqlite" else name for name in names)


def _ask(database: Database, wanted: Filter, sql: str) -> Counts:
    conditions, parameters = wanted.where()
    return as_dicts(database.columns(sql.replace("{where}", " AND ".join(conditions)), parameters))
