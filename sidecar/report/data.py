"""What the report is made of: counts made by the database, never single records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import pandas as pd

from sidecar.answers import questions, sums
from sidecar.answers.filters import Filter
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
    """Mean takes per week, by weekday (rows, 0 is Monday) and hour (columns)."""
    rtf: Frame
    """Indexed by local day, one column for each model: seconds of computing per second of audio."""
    speeds: pd.Series[float]
    """The same by model, over all days."""
    emotions: Frame
    emotions_by_user: Frame
    failing: Frame
    """Voices that failed at least once, the worst first."""
    errors: sums.Counts

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
    return Data(
        totals=sums.totals(usage),
        repeats=questions.repeats(database, wanted, limit=12),
        hours=hours if hours.empty else hours.set_index(pd.DatetimeIndex(hours.pop("at"))),
        days=days,
        week=_week(sums.by_weekday(activity, zone), len(days)),
        rtf=_rtf(Frame(sums.by_day(activity, zone, models=True))),
        speeds=pd.Series(speeds, dtype=float).dropna(),
        emotions=Frame(sums.emotions(usage)),
        emotions_by_user=Frame(sums.emotions_by_user(usage)),
        failing=Frame([row for row in questions.voices(database, wanted, limit=12) if row["failures"]]),
        errors=questions.errors(database, wanted, limit=10),
    )


def _days(rows: Frame) -> Frame:
    if rows.empty:
        return rows
    rows = rows.set_index(pd.DatetimeIndex(rows.pop("day")))
    return rows.asfreq("D", fill_value=0)


def _week(rows: sums.Counts, days: int) -> Frame:
    grid = Frame(0.0, index=range(7), columns=range(24))
    weeks = max(days / 7, 1.0)
    for row in rows:
        grid.loc[row["weekday"], row["hour"]] = row["takes"] / weeks
    return grid


def _rtf(rows: Frame) -> Frame:
    if rows.empty:
        return rows
    rows = rows[rows["audio_seconds"] > 0]
    rows = rows.assign(day=pd.to_datetime(rows["day"]), rtf=rows["compute_seconds"] / rows["audio_seconds"])
    return rows.pivot(index="day", columns="model_version", values="rtf").asfreq("D")
