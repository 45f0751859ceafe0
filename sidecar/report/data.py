"""What the report is made of: counts made by the database, never single records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Any

import pandas as pd

from sidecar.answers import questions, review, sums
from sidecar.answers.drift import Drift, drift
from sidecar.answers.filters import Filter
from sidecar.report.comparison import Comparison, compare
from sidecar.storage.database import Database

Frame = pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class Data:
    totals: dict[str, Any]
    repeats: questions.Repeats
    hours: Frame
    """Indexed by local hour: the columns of `days`, for the hours with at least one synthesis."""
    days: Frame
    """Indexed by local day, without gaps: takes, failed, saturated, truncated, audio_seconds, compute_seconds."""
    week: Frame
    """Mean takes, by weekday (rows, 0 is Monday) and hour (columns), over the days on record."""
    partial: frozenset[pd.Timestamp]
    """The days that were not counted whole."""
    computing: Frame
    """Indexed by local day, one column for each model: seconds of computing for audio; absent without any."""
    audio: Frame
    """The same for seconds of audio."""
    speeds: pd.Series[float]
    """Seconds of computing per second of audio, by model, over all days."""
    emotions: Frame
    emotions_by_user: Frame
    failing: Frame
    """Voices that failed at least once, the worst first."""
    errors: sums.Counts
    compared: Comparison | None
    drift: Drift
    """How the takes sound that were scored."""

    @property
    def rtf(self) -> Frame:
        """Seconds of computing per second of audio: by local day, one column for each model."""
        return self.computing / self.audio

    @property
    def is_brief(self) -> bool:
        """Whether there are too few days for charts by day."""
        return len(self.days) < sums.FEW_DAYS


def gather(database: Database, wanted: Filter, zone: tzinfo) -> Data:
    """Query the database."""
    activity = questions.activity(database, wanted)
    usage = questions.usage(database, wanted)
    hours = Frame(sums.by_hour(activity, zone))
    speeds = {row["model_version"]: sums.rtf(row) for row in sums.by_model(activity)}
    days = _days(Frame(sums.by_day(activity, zone)))
    by_model = Frame(sums.by_day(activity, zone, models=True))
    partial = _partial(days, activity, wanted, zone)
    whole = [day.date() for day in days.index if day not in partial] if not days.empty else []
    return Data(
        totals=sums.totals(usage),
        repeats=questions.repeats(database, wanted, limit=12),
        hours=hours if hours.empty else hours.set_index(pd.DatetimeIndex(hours.pop("at"))),
        days=days,
        partial=partial,
        week=_week(sums.by_weekday(activity, zone), days),
        computing=_daily(by_model, "compute_seconds"),
        audio=_daily(by_model, "audio_seconds"),
        speeds=pd.Series(speeds, dtype=float).dropna(),
        emotions=Frame(sums.emotions(usage)),
        emotions_by_user=Frame(sums.emotions_by_user(usage)),
        failing=Frame([row for row in questions.voices(database, wanted, limit=12) if row["failures"]]),
        errors=questions.errors(database, wanted, limit=10),
        compared=compare(database, wanted, activity, whole, zone),
        drift=drift(database, wanted, review.usual(database), zone),
    )


def _days(rows: Frame) -> Frame:
    if rows.empty:
        return rows
    rows = rows.set_index(pd.DatetimeIndex(rows.pop("day")))
    return rows.asfreq("D", fill_value=0)


def _partial(days: Frame, activity: sums.Counts, wanted: Filter, zone: tzinfo) -> frozenset[pd.Timestamp]:
    if days.empty:
        return frozenset()
    begin, end = sums.counted_between(wanted.since, wanted.until, activity, zone)
    return frozenset(map(pd.Timestamp, sums.incomplete(days.index, timedelta(days=1), begin, end)))


def _week(rows: sums.Counts, days: Frame) -> Frame:
    grid = Frame(0.0, index=range(7), columns=range(24))
    if days.empty:
        return grid
    how_many = pd.Series(pd.DatetimeIndex(days.index).day_of_week).value_counts()
    for row in rows:
        grid.loc[row["weekday"], row["hour"]] = row["takes"] / how_many[row["weekday"]]
    return grid


def _daily(rows: Frame, name: str) -> Frame:
    if rows.empty:
        return rows
    rows = rows[rows["audio_seconds"] > 0]
    rows = rows.assign(day=pd.to_datetime(rows["day"]))
    return rows.pivot(index="day", columns="model_version", values=name).asfreq("D")
