"""Puts the report together: asks, looks, draws, and says what to notice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure

from sidecar.answers.filters import Filter
from sidecar.database import Database
from sidecar.report import figures
from sidecar.report.data import Data, gather
from sidecar.report.trend import Change, Forecast, changes, forecast
from sidecar.report.wording import duration, phrases

_SHARES = ("failed", "saturated", "truncated")
_TEMPLATES = Path(__file__).resolve().parent / "templates"
_MIN_DAY = 20  # takes; the share of a day with fewer says little


@dataclass(frozen=True, kw_only=True)
class Report:
    html: str
    figures: Mapping[str, Figure]
    """By name, for whoever wants them as pictures."""
    notices: Sequence[str]
    """What to notice, a sentence each."""

    def save_pictures(self, folder: Path) -> list[Path]:
        """Each figure as a PNG in that folder."""
        folder.mkdir(parents=True, exist_ok=True)
        saved = []
        with figures.style():
            for name, figure in self.figures.items():
                path = folder / f"{name}.png"
                figure.savefig(path, dpi=150, bbox_inches="tight")
                saved.append(path)
        return saved


def build(database: Database, wanted: Filter, *, zone: tzinfo, language: str) -> Report:
    """
    Args:
        wanted: which records; their day is that of `zone`.
        language: en or zh.
    """
    words = phrases(language)
    data = gather(database, wanted, zone)
    drawn: dict[str, Figure] = {}
    notices: list[str] = []
    if data.totals["records"] and not data.days.empty:
        ahead = forecast(_whole_days(data.days["takes"]))
        by_model = {name: changes(data.rtf[name]) for name in data.rtf.columns}
        by_share = {name: _share_changes(data.days, name) for name in _SHARES}
        notices = _notices(data, ahead, by_model, by_share, words)
        with figures.style():
            drawn = _draw(data, ahead, by_model, by_share, words)
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    environment.filters["duration"] = lambda value: duration(value, words)
    with figures.style():
        pictures = {name: figures.svg(figure) for name, figure in drawn.items()}
    html = environment.get_template("report.html").render(
        words=words,
        language=language,
        made_at=datetime.now(timezone.utc).astimezone(zone),
        wanted={name: value for name, value in vars(wanted).items() if value},
        data=data,
        notices=notices,
        pictures=pictures,
        font=figures.chinese_font(),
    )
    return Report(html=html, figures=drawn, notices=notices)


def _whole_days(counts: pd.Series[float]) -> pd.Series[float]:
    """Without the first and the last day, which may have been cut."""
    return counts.iloc[1:-1].astype(float)


def _share_changes(days: pd.DataFrame, name: str) -> list[Change]:
    """Changes of a share; on the angle whose sine is its root, on which noise is the same at every level."""
    enough = days[days["takes"] >= _MIN_DAY]
    if enough.empty:
        return []
    angles = pd.Series(np.arcsin(np.sqrt((enough[name] / enough["takes"]).to_numpy(dtype=float))), index=enough.index)
    noise = float(np.sqrt((1 / (4 * enough["takes"])).mean()))  # of a binomial share, on this scale
    return [
        Change(at=change.at, before=float(np.sin(change.before) ** 2), after=float(np.sin(change.after) ** 2))
        for change in changes(angles, noise)
    ]


def _draw(
    data: Data,
    ahead: Forecast | None,
    by_model: Mapping[str, Sequence[Change]],
    by_share: Mapping[str, Sequence[Change]],
    words: Mapping[str, str],
) -> dict[str, Figure]:
    drawn = {"load": figures.load(data.days, ahead, words), "week": figures.week(data.week, words)}
    if not data.emotions.empty:
        drawn["emotions"] = figures.emotions(data.emotions, words)
        drawn["emotions_by_user"] = figures.emotions_by_user(data.emotions_by_user, words)
    if not data.rtf.empty:
        drawn["rtf"] = figures.rtf(data.rtf, by_model)
    drawn["quality"] = figures.shares(data.days, _SHARES, by_share, words)
    if not data.voices.empty:
        drawn["voices"] = figures.voices(data.voices)
    return drawn


def _notices(
    data: Data,
    ahead: Forecast | None,
    by_model: Mapping[str, Sequence[Change]],
    by_share: Mapping[str, Sequence[Change]],
    words: Mapping[str, str],
) -> list[str]:
    found = []
    busiest: Any = data.week.stack().idxmax()
    found.append(
        words["notice_peak"].format(
            day=words[f"day{busiest[0]}"], hour=busiest[1], takes=data.week.loc[busiest[0], busiest[1]]
        )
    )
    if ahead is not None:
        found.append(
            words["notice_growth"].format(
                growth=ahead.monthly_growth, expected=ahead.expected.sum(), low=ahead.low.mean(), high=ahead.high.mean()
            )
        )
    for model, several in by_model.items():
        found += [_level(words[_pace(change)], change, model=model or "?") for change in several if _matters(change)]
    for name, several in by_share.items():
        moved = [change for change in several if abs(change.after - change.before) >= 0.005]
        found += [_level(words["notice_share"], change, name=words[name]) for change in moved]
    if data.repeats["repeats"]:
        found.append(
            words["notice_repeats"].format(
                repeats=data.repeats["repeats"],
                share=data.repeats["wasted_seconds"] / (data.totals["compute_seconds"] or 1),
                wasted=duration(data.repeats["wasted_seconds"], words),
            )
        )
    tried = data.totals["failed"] + data.totals["succeeded"]
    overall = data.totals["failed"] / tried if tried else 0
    if not data.voices.empty:
        worst = data.voices.iloc[0]
        if worst["failures"] >= 5 and worst["failure_rate"] > 2 * overall:
            found.append(
                words["notice_voice"].format(voice=worst["voice"], rate=worst["failure_rate"], overall=overall)
            )
    return found


def _matters(change: Change) -> bool:
    return abs(change.after - change.before) >= 0.1 * change.before


def _pace(change: Change) -> str:
    return "notice_slower" if change.after > change.before else "notice_faster"


def _level(phrase: str, change: Change, **more: str) -> str:
    return phrase.format(at=change.at, before=change.before, after=change.after, **more)
