"""A period beside the one before it, as long as itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone, tzinfo

from sidecar.answers import questions, sums
from sidecar.answers.filters import Filter
from sidecar.storage.database import Database

_DAYS = 28
"""Compared where nobody asked for a period: four weeks, so that each weekday counts equally often on both sides."""


@dataclass(frozen=True, kw_only=True)
class Period:
    wanted: Filter
    """Which takes: since and until are set."""
    takes: int
    failed: int
    audio_seconds: float
    rtf: float | None
    """Seconds of computing per second of audio; None without audio."""

    @property
    def failure_rate(self) -> float:
        return self.failed / self.takes


@dataclass(frozen=True, kw_only=True)
class Comparison:
    now: Period
    before: Period


def compare(
    database: Database, wanted: Filter, activity: sums.Counts, whole_days: Iterable[date], zone: tzinfo
) -> Comparison | None:
    """What was asked for beside as long a time before it; where it had no beginning, its last four weeks beside the
    four before, of what is counted already.

    Args:
        activity: of `wanted`.
        whole_days: the days in it that were counted whole, in order.

    Returns:
        None where nothing was made on one of the two sides, or less than eight weeks are on record.
    """
    if wanted.since is None:
        return _of_days(wanted, activity, list(whole_days), zone)
    end = min(wanted.until or _now(), _now())
    now = replace(wanted, until=end)
    before = replace(wanted, since=wanted.since - (end - wanted.since), until=wanted.since)
    return _compared(now, activity, before, questions.activity(database, before))


def _of_days(wanted: Filter, activity: sums.Counts, days: list[date], zone: tzinfo) -> Comparison | None:
    if len(days) < 2 * _DAYS:
        return None
    begin, middle, end = (days[-1] + timedelta(days=1 - back) for back in (2 * _DAYS, _DAYS, 0))
    sides = []
    for first, last in ((begin, middle), (middle, end)):
        inside = [row for row in activity if first <= row["hour_start"].astimezone(zone).date() < last]
        asked = replace(wanted, since=_midnight(first, zone), until=_midnight(last, zone))
        sides.append((asked, inside))
    return _compared(*sides[1], *sides[0])


def _compared(now: Filter, since: sums.Counts, before: Filter, earlier: sums.Counts) -> Comparison | None:
    if not since or not earlier:
        return None
    return Comparison(now=_period(now, since), before=_period(before, earlier))


def _period(wanted: Filter, activity: sums.Counts) -> Period:
    whole = {
        name: sum(row[name] for row in activity) for name in ("takes", "failed", "audio_seconds", "compute_seconds")
    }
    return Period(
        wanted=wanted,
        takes=whole["takes"],
        failed=whole["failed"],
        audio_seconds=whole["audio_seconds"],
        rtf=sums.rtf(whole),
    )


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(timezone.utc)


def _now() -> datetime:
    return datetime.now(timezone.utc)
