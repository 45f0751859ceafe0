"""How takes sound over time, for the page of charts: score, speech rate and doubts, and what changed when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sidecar import palette
from sidecar.answers.drift import By, Drift, Group, Measure
from sidecar.answers.telling import Table, name, reasons, sentence, tables, unit
from sidecar.web import charts
from sidecar.web.pictures import Picture, bars, lines
from sidecar.wording import Word

_MOST_CHANGES = 6
"""Pictures of what changed, the latest first."""
_MANY_DAYS = 120


@dataclass(frozen=True, kw_only=True)
class Sounding:
    said: Sequence[str]
    """What changed, a sentence each; or that nothing did."""
    pictures: Sequence[Picture]
    tables: Sequence[Table]


def sounding(drift: Drift, word: Word) -> Sounding | None:
    """None where no take has a score."""
    if not drift.whole.takes:
        return None
    said = [sentence(group, change, word) for group, change in drift.changed]
    if not said:
        said = [word("sound_same", takes=drift.whole.takes, series=len(Measure) * len(drift.groups))]
    if drift.since is not None:
        said.append(word("sound_cut", takes=drift.whole.takes, since=drift.since))
    return Sounding(
        said=said,
        pictures=[*filter(None, [_scores(drift, word), *_changed(drift, word), _reasons(drift, word)])],
        tables=tables(drift, word),
    )


def _scores(drift: Drift, word: Word) -> Picture | None:
    """The score by day or week, one series for each model."""
    series = [
        charts.Series(name=name(group, word), colour=palette.model(group.name), points=_points(group, Measure.SCORE))
        for group in sorted(drift.of(By.MODEL), key=lambda group: group.name)
    ]
    if not any(each.points for each in series):
        return None
    made = lines(series, "sound_score", word, decimals=2, marks=_days(drift.of(By.MODEL), Measure.SCORE))
    return replace(made, hints=[word("sound_hint")], title=word("sound_score"))


def _changed(drift: Drift, word: Word) -> list[Picture]:
    """A picture of each group and measure that changed."""
    latest = dict.fromkeys((group.by, group.name, group.language, change.measure) for group, change in drift.changed)
    by_key = {(group.by, group.name, group.language): group for group in drift.groups}
    made = []
    for by, named, language, measure in list(latest)[:_MOST_CHANGES]:
        group = by_key[by, named, language]
        series = charts.Series(name=unit(measure, word), colour="takes", points=_points(group, measure))
        days = _days([group], measure)
        picture = lines([series], "sound", word, decimals=2, percent=measure is Measure.DOUBTS, marks=days)
        said = [sentence(group, change, word) for change in group.changes if change.measure is measure]
        made.append(replace(picture, title=f"{name(group, word)}: {unit(measure, word)}", hints=said))
    return made


def _reasons(drift: Drift, word: Word) -> Picture | None:
    """How many takes are in doubt for each reason."""
    told = [charts.Bar(name=name, colour="takes", value=count, text=text) for name, count, text in reasons(drift, word)]
    return (
        replace(bars(told, word("reason"), "sound_reasons", "takes", word), title=word("sound_reasons"))
        if told
        else None
    )


def _points(group: Group, measure: Measure) -> dict[date, float]:
    many = len(group.days) and (max(group.days) - min(group.days)).days > _MANY_DAYS
    found = {at: getattr(cell, measure.value) for at, cell in (group.weeks if many else group.days).items()}
    return {at: value for at, value in found.items() if value is not None}


def _days(groups: Sequence[Group], measure: Measure) -> list[date]:
    return sorted({change.step.at for group in groups for change in group.changes if change.measure is measure})
