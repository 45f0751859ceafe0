"""How takes sound, for the report: the score of each model, what changed, and the sums in tables."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sidecar import palette
from sidecar.answers.drift import By, Drift, Group, Measure
from sidecar.answers.telling import Table, name, reasons, tables, unit
from sidecar.report import figures
from sidecar.wording import Word

_MOST_CHANGES = 6
"""Drawn, the latest first."""


def scores(drift: Drift, word: Word) -> Figure:
    """The median score of each model day by day, and where its level changed."""
    figure, axes = figures.new()
    for group in sorted(drift.of(By.MODEL), key=lambda group: group.name):
        _line(axes, group, Measure.SCORE, figures.colour_of(palette.model(group.name)), name(group, word))
    figures.dates(axes)
    figures.legend(axes)
    return figure


def changed(drift: Drift, word: Word) -> Figure:
    """What changed, one below the other: a line of daily values, and where its level changed."""
    found = {(group.by, group.name, group.language, change.measure): group for group, change in drift.changed}
    shown = list(found.items())[:_MOST_CHANGES]
    figure = Figure(figsize=(9.0, 0.4 + 1.9 * len(shown)), layout="constrained")
    every = figure.subplots(len(shown), 1, squeeze=False, sharex=True)[:, 0]
    for axes, ((*_, measure), group) in zip(every, shown, strict=True):
        _line(axes, group, measure, figures.colour_of("takes"), "")
        axes.set_title(f"{name(group, word)}: {unit(measure, word)}", loc="left", fontsize=9)
        if measure is Measure.DOUBTS:
            axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            axes.set_ylim(bottom=0)
        figures.dates(axes)
    return figure


def _line(axes: Any, group: Group, measure: Measure, colour: str, label: str) -> None:
    values = pd.Series({pd.Timestamp(at): getattr(cell, measure.value) for at, cell in group.days.items()}).dropna()
    axes.plot(values.index, values, color=colour, lw=1.1, marker="o", ms=2.5, label=label)
    for change in group.changes:
        if change.measure is measure:
            figures.mark_day(axes, pd.Timestamp(change.step.at), colour)


def in_tables(drift: Drift, word: Word) -> list[Table]:
    """Doubts by reason, weeks, voices, models and emotions."""
    doubts = Table(
        title=word("sound_reasons"),
        head=[word("reason"), word("takes")],
        rows=[[reason, text] for reason, _, text in reasons(drift, word)],
    )
    return [doubts, *tables(drift, word)]
