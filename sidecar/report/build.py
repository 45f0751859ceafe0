"""Puts the report together: asks, looks, draws, and says what to notice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure

from sidecar.answers.filters import Filter
from sidecar.report import figures, style
from sidecar.report.data import Data, gather
from sidecar.report.observations import WRONG, Findings, look, notices
from sidecar.storage.database import Database
from sidecar.wording import Word, length, translator

_TEMPLATES = Path(__file__).resolve().parent / "templates"


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
        with style.ours():
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
    word = translator(language)
    data = gather(database, wanted, zone)
    drawn: dict[str, Figure] = {}
    told: list[str] = []
    if data.totals["records"] and not data.days.empty:
        found = look(data)
        told = notices(data, found, word)
        with style.ours():
            drawn = _draw(data, found, word)
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    environment.filters["duration"] = lambda value: length(value, word)
    with style.ours():
        pictures = {name: style.svg(figure) for name, figure in drawn.items()}
    html = environment.get_template("report.html").render(
        _=word,
        language=language,
        made_at=datetime.now(timezone.utc).astimezone(zone),
        wanted={name: value for name, value in vars(wanted).items() if value},
        data=data,
        hints=_hints(data, found) if drawn else {},
        notices=told,
        pictures=pictures,
        palette=style.PALETTE,
        font=style.chinese_font(),
    )
    return Report(html=html, figures=drawn, notices=told)


def _draw(data: Data, found: Findings, word: Word) -> dict[str, Figure]:
    """The figures by the names of their headings. What would show nothing is left out."""
    drawn: dict[str, Figure] = {}
    if data.is_brief:
        drawn["load_hour"] = figures.hours(data.hours, word)
    else:
        drawn["load_day"] = figures.load(data.days, found.ahead, word)
        drawn["week"] = figures.week(data.week, word)
    if not data.emotions.empty:
        drawn["emotions"] = figures.emotions(data.emotions, word)
        if data.emotions_by_user["user_id"].nunique() > 1:
            drawn["emotions_by_user"] = figures.emotions_by_user(data.emotions_by_user, word)
    if not data.speeds.empty:
        speeds = figures.speeds(data.speeds, word) if data.is_brief else figures.rtf(data.rtf, found.by_model, word)
        drawn["rtf_by_model"] = speeds
    if data.is_brief:
        drawn["quality"] = figures.wrong(data.days, WRONG, word)
    else:
        drawn["quality"] = figures.shares(data.days, WRONG, found.by_share, word)
    if not data.failing.empty:
        drawn["voices"] = figures.voices(data.failing)
    return drawn


def _hints(data: Data, found: Findings) -> dict[str, list[str]]:
    """Below each figure: the names of the words that tell how to read it."""
    rtf = ["rtf_hint", *(["changed_hint"] if any(found.by_model.values()) else [])]
    quality = ["quality_hint", *(["changed_hint"] if any(found.by_share.values()) else [])]
    return {
        "load_day": ["load_day_hint"] if found.ahead else [],
        "rtf_by_model": rtf,
        "quality": [] if data.is_brief else quality,
    }
