"""Puts the report together: queries, observes, draws, and says what to notice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure

from sidecar import palette
from sidecar.answers.drift import By
from sidecar.answers.filters import SEVERAL, Filter
from sidecar.answers.sums import FAULTS
from sidecar.report import figures, sound, style
from sidecar.report.data import Data, gather
from sidecar.report.links import Links
from sidecar.report.observations import Observations, observe, remarks
from sidecar.storage.database import Database
from sidecar.wording import Language, Word, languages, length, translator
from sidecar.wording.moments import minute, zone_name

_TEMPLATES = Path(__file__).resolve().parent / "templates"


@dataclass(frozen=True, kw_only=True)
class Report:
    html: str
    figures: Mapping[str, Figure]
    """By name, for whoever wants them as pictures."""
    remarks: Sequence[str]
    """What to notice, one sentence each."""
    language: str
    without_font: Sequence[Language]
    """The languages whose characters are boxes in the figures."""

    def save_pictures(self, folder: Path) -> list[Path]:
        """Each figure as a PNG in that folder."""
        folder.mkdir(parents=True, exist_ok=True)
        saved = []
        with style.ours(self.language):
            for name, figure in self.figures.items():
                path = folder / f"{name}.png"
                figure.savefig(path, dpi=150, bbox_inches="tight")
                saved.append(path)
        return saved


def build(database: Database, wanted: Filter, *, zone: tzinfo, language: str, library: str = "") -> Report:
    """
    Args:
        wanted: which records; days begin at midnight in `zone`.
        language: a code of wording.languages().
        library: where the reader's library answers, for links into it; empty where that is not known.
    """
    word = translator(language)
    data = gather(database, wanted, zone)
    drawn: dict[str, Figure] = {}
    pictures: dict[str, str] = {}
    sentences: list[str] = []
    missing: list[Language] = []
    if data.totals["records"] and not data.days.empty:
        observed = observe(data)
        sentences = remarks(data, observed, zone, word)
        with style.ours(language) as boxes:
            drawn = _draw(data, observed, word)
            pictures = {name: style.svg(figure) for name, figure in drawn.items()}
        missing = style.without_font() if boxes else []
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    environment.filters["duration"] = lambda value: length(value, word)
    html = environment.get_template("report.html").render(
        _=word,
        tag=languages()[language].tag,
        made_at=datetime.now(timezone.utc).astimezone(zone),
        asked=_asked(wanted, zone, word),
        data=data,
        links=Links(library=library, wanted=wanted),
        minute=lambda value: minute(value, zone),
        hints=_hints(data, observed) if drawn else {},
        remarks=sentences,
        pictures=pictures,
        sound_tables=sound.in_tables(data.drift, word),
        colours=palette.css(),
        zone_name=zone_name(zone),
        without_font=missing,
    )
    return Report(html=html, figures=drawn, remarks=sentences, language=language, without_font=missing)


def _asked(wanted: Filter, zone: tzinfo, word: Word) -> dict[str, str]:
    """What the report is limited to, as people call it."""
    asked = {}
    for name, value in vars(wanted).items():
        called = word("text_language" if name == "language" else name)
        if isinstance(value, datetime):
            asked[called] = minute(value, zone)
        elif name in SEVERAL:
            values = [_said(name, each, word) for each in value]
            values += [f"≠ {_said(name, each, word)}" for other, each in wanted.without if other == name]
            if values:
                asked[called] = ", ".join(values)
        elif value and name != "without":
            asked[called] = str(value)
    return asked


def _said(name: str, value: str, word: Word) -> str:
    return word(f"emotion_{value}") if name == "emotion" else value


def _draw(data: Data, observed: Observations, word: Word) -> dict[str, Figure]:
    """The figures by the names of their headings. A figure that would show nothing is left out."""
    drawn: dict[str, Figure] = {}
    if data.is_brief:
        drawn["load_hour"] = figures.hours(data.hours, word)
    else:
        drawn["load_day"] = figures.load(data.days, data.partial, observed.forecast, word)
        drawn["week"] = figures.week(data.week, word)
    if not data.emotions.empty:
        drawn["emotions"] = figures.emotions(data.emotions, word)
        if data.emotions_by_user["user_id"].nunique() > 1:
            drawn["emotions_by_user"] = figures.emotions_by_user(data.emotions_by_user, word)
    if not data.speeds.empty:
        speeds = figures.speeds(data.speeds, word) if data.is_brief else figures.rtf(data.rtf, observed.by_model, word)
        drawn["rtf_by_model"] = speeds
    if data.is_brief:
        drawn["quality"] = figures.wrong(data.days, FAULTS, word)
    else:
        drawn["quality"] = figures.shares(data.days, FAULTS, observed.by_share, word)
    if any(group.whole.score is not None for group in data.drift.of(By.MODEL)):
        drawn["sound_score"] = sound.scores(data.drift, word)
    if data.drift.changed:
        drawn["sound"] = sound.changed(data.drift, word)
    if not data.failing.empty:
        drawn["voices"] = figures.voices(data.failing)
    return drawn


def _hints(data: Data, observed: Observations) -> dict[str, list[str]]:
    """For below each figure: the names of the words that tell how to read it."""
    rtf = ["rtf_hint", *(["changed_hint"] if any(observed.by_model.values()) else [])]
    quality = ["quality_hint", *(["changed_hint"] if any(observed.by_share.values()) else [])]
    return {
        "load_day": [*(["load_day_hint"] if observed.forecast else []), *(["incomplete_hint"] if data.partial else [])],
        "rtf_by_model": rtf,
        "sound_score": ["sound_hint"],
        "quality": [] if data.is_brief else quality,
    }
