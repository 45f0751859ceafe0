"""A chart as a page shows it: with how to read it, and the same in a table for whoever sees no picture."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from sidecar.web import charts
from sidecar.wording import Word


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Shown by the macro `charted` of templates/parts.html."""

    svg: Markup
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    hints: Sequence[str] = ()
    """How to read it."""
    title: str = ""
    """Where the name of a word is none."""


def bars(made: list[charts.Bar], of: str, label: str, unit: str, word: Word) -> Picture:
    return Picture(
        svg=charts.bars(made, word(label)), head=[of, word(unit)], rows=[[each.name, each.text] for each in made]
    )


def lines(
    series: list[charts.Series],
    label: str,
    word: Word,
    *,
    percent: bool = False,
    decimals: int = 1,
    marks: Collection[date] = (),
) -> Picture:
    days = sorted({day for each in series for day in each.points})

    def said(value: float | None) -> str:
        return "–" if value is None else f"{value:.1%}" if percent else f"{value:.{decimals}f}"

    return Picture(
        svg=charts.lines(series, word(label), percent=percent, decimals=decimals, marks=marks),
        head=[word("day"), *(each.name for each in series)],
        rows=[[str(day), *(said(each.points.get(day)) for each in series)] for day in days],
    )
