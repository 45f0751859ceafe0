"""What the report is made of: a dozen counts, each made by the database, none of them a row a record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import pandas as pd

from sidecar.answers import questions
from sidecar.answers.filters import Filter
from sidecar.database import Database

Frame = pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class Data:
    totals: dict[str, Any]
    repeats: dict[str, Any]
    days: Frame
    """Indexed by local day, without gaps: takes, failed, saturated, truncated, audio_seconds, compute_seconds."""
    week: Frame
    """Takes by weekday (rows, 0 is Monday) and hour (columns), a week's mean."""
    rtf: Frame
    """Indexed by local day, a column for each model: computing seconds for one second of audio."""
    emotions: Frame
    emotions_by_user: Frame
    voices: Frame
    errors: questions.Rows
    duplicates: questions.Rows


def gather(database: Database, wanted: Filter, zone: tzinfo) -> Data:
    """Ask the database."""
    hours = questions.activity(database, wanted)
    days = _days(Frame(questions.by_day(hours, zone)))
    return Data(
        totals=questions.totals(database, wanted),
        repeats=questions.repeats(database, wanted),
        days=days,
        week=_week(questions.by_weekday(hours, zone), len(days)),
        rtf=_rtf(Frame(questions.by_day(hours, zone, models=True))),
        emotions=Frame(questions.emotions(database, wanted)),
        emotions_by_user=Frame(questions.emotions_by_user(database, wanted)),
        voices=Frame(questions.voices(database, wanted, limit=12)),
        errors=questions.errors(database, wanted, limit=10),
        duplicates=questions.duplicates(database, wanted, limit=12),
    )


def _days(rows: Frame) -> Frame:
    if rows.empty:
        return rows
    rows = rows.set_index(pd.DatetimeIndex(rows.pop("day")))
    return rows.asfreq("D", fill_value=0)


def _week(rows: questions.Rows, days: int) -> Frame:
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
