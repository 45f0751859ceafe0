"""What the rows of questions.usage and questions.activity add up to: one reading of the table serves them all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

Group = Mapping[str, Any]
"""One line of counts, as GROUP BY gives them: names and values."""
Groups = list[dict[str, Any]]
FEW_DAYS = 7
"""What spans fewer is told hour by hour and in sums: a line of single points shows nothing."""
_MADE = ("succeeded", "reused")
_FAILED = ("failed", "interrupted")
_COUNTS = ("takes", "failed", "saturated", "truncated", "audio_seconds", "compute_seconds", "queue_seconds")


def totals(usage: Iterable[Group]) -> dict[str, Any]:
    """Everything in one line: records, what became of them, seconds of audio and of computing."""
    used = list(usage)

    def counted(*statuses: str) -> int:
        return sum(row["records"] for row in used if row["status"] in statuses)

    return {
        "records": sum(row["records"] for row in used),
        "succeeded": counted("succeeded"),
        "failed": counted(*_FAILED),
        "reused": counted("reused"),
        "audio_seconds": sum(row["audio_seconds"] for row in used),
        "compute_seconds": sum(row["compute_seconds"] for row in used),
        "users": len({row["user_id"] for row in used if row["user_id"] is not None}),
        "first_at": min((row["first_at"] for row in used), default=None),
        "last_at": max((row["last_at"] for row in used), default=None),
    }


def emotions(usage: Iterable[Group]) -> Groups:
    """Emotions by use, the most used first."""
    found: dict[str, dict[str, Any]] = {}
    users: dict[str, set[str]] = defaultdict(set)
    for row in usage:
        if row["status"] in _MADE:
            name = row["emotion"]
            into = found.setdefault(name, {"emotion": name, "takes": 0, "users": 0, "audio_seconds": 0})
            into["takes"] += row["records"]
            into["audio_seconds"] += row["audio_seconds"]
            if row["user_id"] is not None:
                users[name].add(row["user_id"])
                into["users"] = len(users[name])
    return sorted(found.values(), key=lambda row: (-row["takes"], row["emotion"]))


def emotions_by_user(usage: Iterable[Group]) -> Groups:
    """Who uses which emotion, the most used first."""
    takes: dict[tuple[str | None, str], int] = defaultdict(int)
    for row in usage:
        if row["status"] in _MADE:
            takes[row["user_id"], row["emotion"]] += row["records"]
    found = [{"user_id": user, "emotion": emotion, "takes": count} for (user, emotion), count in takes.items()]
    return sorted(found, key=lambda row: (-row["takes"], row["user_id"] or "", row["emotion"]))


def users(usage: Iterable[Group]) -> Groups:
    """Who made how much, the busiest first."""
    found: dict[str | None, dict[str, Any]] = {}
    for row in usage:
        user = row["user_id"]
        into = found.setdefault(user, {"user_id": user} | dict.fromkeys(("takes", "failures"), 0))
        into["takes"] += row["records"]
        into["failures"] += row["records"] if row["status"] in _FAILED else 0
        for name in ("audio_seconds", "compute_seconds"):
            into[name] = into.get(name, 0) + row[name]
    return sorted(found.values(), key=lambda row: (-row["takes"], row["user_id"] or ""))


def by_hour(activity: Groups, zone: tzinfo) -> Groups:
    """Activity of each hour, as that time zone's clocks show it."""

    def key(row: Group) -> tuple[Any, ...]:
        return (_local(row, zone).replace(tzinfo=None),)

    return [{"at": at} | sums for (at,), sums in _summed(activity, key)]


def by_day(activity: Groups, zone: tzinfo, *, models: bool = False, weeks: bool = False) -> Groups:
    """Activity of each day of that time zone.

    Args:
        models: of each model apart.
        weeks: of each week, under its Monday.
    """

    def key(row: Group) -> tuple[Any, ...]:
        day = _local(row, zone).date()
        day -= timedelta(days=day.weekday() if weeks else 0)
        return (day, row["model_version"]) if models else (day,)

    names = ("day", "model_version") if models else ("day",)
    return [dict(zip(names, where, strict=True)) | sums for where, sums in _summed(activity, key)]


def by_weekday(activity: Groups, zone: tzinfo) -> Groups:
    """Activity of each hour of the week in that time zone; weekday 0 is Monday."""

    def key(row: Group) -> tuple[Any, ...]:
        local = _local(row, zone)
        return local.weekday(), local.hour

    return [{"weekday": weekday, "hour": hour} | sums for (weekday, hour), sums in _summed(activity, key)]


def by_model(activity: Groups) -> Groups:
    """Activity of each version of the model."""
    return [
        {"model_version": model} | sums for (model,), sums in _summed(activity, lambda row: (row["model_version"],))
    ]


def _summed(
    rows: Iterable[Group], key: Callable[[Group], tuple[Any, ...]]
) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    sums: dict[tuple[Any, ...], dict[str, Any]] = defaultdict(lambda: dict.fromkeys(_COUNTS, 0))
    for row in rows:
        into = sums[key(row)]
        for name in _COUNTS:
            into[name] += row[name]
    return sorted(sums.items(), key=lambda item: item[0])


def _local(row: Group, zone: tzinfo) -> datetime:
    local: datetime = row["hour_start"].astimezone(zone)
    return local
