"""What the counts of questions.usage and questions.activity add up to: one pass over the table serves all of these."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

Count = Mapping[str, Any]
"""One line of counts, by name; beside them, what was counted."""
Counts = list[dict[str, Any]]
FAULTS = ("failed", "saturated", "truncated")
"""What can go wrong with a take; each is a count in activity."""
FEW_DAYS = 7
"""A shorter span is shown hour by hour and in sums: a line with a point or two shows nothing."""
_MADE = ("succeeded", "reused")
FAILED = ("failed", "interrupted")
"""The outcomes of a synthesis that made no audio."""
_COUNTS = ("takes", *FAULTS, "audio_seconds", "compute_seconds", "queue_seconds")


def totals(usage: Iterable[Count]) -> dict[str, Any]:
    """Everything in one line: records, their outcomes, seconds of audio and of computing."""
    used = list(usage)

    def counted(*statuses: str) -> int:
        return sum(row["records"] for row in used if row["status"] in statuses)

    return {
        "records": sum(row["records"] for row in used),
        "succeeded": counted("succeeded"),
        "failed": counted(*FAILED),
        "reused": counted("reused"),
        "audio_seconds": sum(row["audio_seconds"] for row in used),
        "compute_seconds": sum(row["compute_seconds"] for row in used),
        "users": len({row["user_id"] for row in used if row["user_id"] is not None}),
        "first_at": min((row["first_at"] for row in used), default=None),
        "last_at": max((row["last_at"] for row in used), default=None),
    }


def emotions(usage: Iterable[Count]) -> Counts:
    """Emotions, the most used first."""
    by_name: dict[str, dict[str, Any]] = {}
    users: dict[str, set[str]] = defaultdict(set)
    for row in usage:
        if row["status"] in _MADE:
            name = row["emotion"]
            into = by_name.setdefault(name, {"emotion": name, "takes": 0, "users": 0, "audio_seconds": 0})
            into["takes"] += row["records"]
            into["audio_seconds"] += row["audio_seconds"]
            if row["user_id"] is not None:
                users[name].add(row["user_id"])
                into["users"] = len(users[name])
    return sorted(by_name.values(), key=lambda row: (-row["takes"], row["emotion"]))


def emotions_by_user(usage: Iterable[Count]) -> Counts:
    """Who uses which emotion, the most used first."""
    takes: dict[tuple[str | None, str], int] = defaultdict(int)
    for row in usage:
        if row["status"] in _MADE:
            takes[row["user_id"], row["emotion"]] += row["records"]
    counts = [{"user_id": user, "emotion": emotion, "takes": count} for (user, emotion), count in takes.items()]
    return sorted(counts, key=lambda row: (-row["takes"], row["user_id"] or "", row["emotion"]))


def users(usage: Iterable[Count]) -> Counts:
    """Who made how much, the busiest first."""
    by_user: dict[str | None, dict[str, Any]] = {}
    for row in usage:
        user = row["user_id"]
        into = by_user.setdefault(user, {"user_id": user} | dict.fromkeys(("takes", "failures"), 0))
        into["takes"] += row["records"]
        into["failures"] += row["records"] if row["status"] in FAILED else 0
        for name in ("audio_seconds", "compute_seconds"):
            into[name] = into.get(name, 0) + row[name]
    return sorted(by_user.values(), key=lambda row: (-row["takes"], row["user_id"] or ""))


def by_hour(activity: Counts, zone: tzinfo) -> Counts:
    """Activity by hour, as clocks in that time zone show it."""

    return _summed(activity, ("at",), lambda row: (_local(row, zone).replace(tzinfo=None),))


def by_day(activity: Counts, zone: tzinfo, *, models: bool = False, weeks: bool = False) -> Counts:
    """Activity by day in that time zone.

    Args:
        models: separately for each model.
        weeks: by week instead, under its Monday.
    """

    def key(row: Count) -> tuple[Any, ...]:
        day = _local(row, zone).date()
        day -= timedelta(days=day.weekday() if weeks else 0)
        return (day, row["model_version"]) if models else (day,)

    return _summed(activity, ("day", "model_version") if models else ("day",), key)


def by_weekday(activity: Counts, zone: tzinfo) -> Counts:
    """Activity by hour of the week in that time zone; weekday 0 is Monday."""

    def key(row: Count) -> tuple[Any, ...]:
        local = _local(row, zone)
        return local.weekday(), local.hour

    return _summed(activity, ("weekday", "hour"), key)


def by_model(activity: Counts) -> Counts:
    """Activity by version of the model."""
    return _summed(activity, ("model_version",), lambda row: (row["model_version"],))


def rtf(row: Count) -> float | None:
    """The real-time factor: seconds of computing per second of audio; None without audio."""
    audio = row["audio_seconds"]
    return row["compute_seconds"] / audio if audio else None


def incomplete(starts: Iterable[datetime], step: timedelta, begin: datetime, end: datetime) -> set[datetime]:
    """Which of the days or weeks that begin then were not counted whole: the first and the last mostly, which look like
    a crash where nobody says so.

    Args:
        starts, begin, end: as clocks in the reader's time zone show them; what was counted lies between the last two.
    """
    return {start for start in starts if start < begin or start + step > end}


def counted_between(
    since: datetime | None, until: datetime | None, activity: Counts, zone: tzinfo
) -> tuple[datetime, datetime]:
    """When what was counted begins and ends, as clocks in that time zone show it.

    Args:
        since, until: as they were asked for.
        activity: what was found, at least one row; where nothing was asked for, the first of it is the beginning.
    """
    now = datetime.now(timezone.utc)
    begin, end = since or activity[0]["hour_start"], min(until or now, now)
    return begin.astimezone(zone).replace(tzinfo=None), end.astimezone(zone).replace(tzinfo=None)


def _summed(rows: Iterable[Count], names: Sequence[str], key: Callable[[Count], tuple[Any, ...]]) -> Counts:
    """The sums of the rows with equal keys, in the order of the keys, whose parts get these names."""
    sums: dict[tuple[Any, ...], dict[str, Any]] = defaultdict(lambda: dict.fromkeys(_COUNTS, 0))
    for row in rows:
        into = sums[key(row)]
        for name in _COUNTS:
            into[name] += row[name]
    return [dict(zip(names, where, strict=True)) | sums[where] for where in sorted(sums)]


def _local(row: Count, zone: tzinfo) -> datetime:
    local: datetime = row["hour_start"].astimezone(zone)
    return local
