"""Charts as SVG, drawn on the server: they need no script, follow the theme through classes, and show their values: to
a mouse as titles, to a finger below the picture (app.js). Whoever sees no picture has the table under it (counting.py).
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from markupsafe import Markup

from sidecar.palette import css_name

_WIDTH, _HEIGHT = 490, 190
_RIGHT, _TOP, _BOTTOM = 8, 12, 26
_INNER_HEIGHT = _HEIGHT - _TOP - _BOTTOM
_DAY = timedelta(days=1)
_LETTER = 9.6  # width of a digit, at the size that narrow screens show
_GAP = 8
_LONGEST_NAME = 15  # letters beside a bar
_TICKS = 5  # that fit side by side on a narrow screen, years and months included

Points = Mapping[date, float]


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line of a chart."""

    name: str
    colour: str
    """A thing of the palette."""
    points: Points


@dataclass(frozen=True, kw_only=True)
class Bar:
    name: str
    colour: str
    """A thing of the palette."""
    value: float
    text: str
    """What is written at its end."""


def columns(
    values: Mapping[datetime, float],
    label: str,
    *,
    step: timedelta,
    incomplete: Collection[datetime] = (),
    incomplete_word: str = "",
) -> Markup:
    """One column for each time, `step` wide; the axis spans whole days.

    Args:
        incomplete: the times whose count is not of a whole step; they are pale.
        incomplete_word: what the title of such a column says besides.
    """
    first = min(values).replace(hour=0)
    last = max(values) + step
    end = last if last == last.replace(hour=0) else last.replace(hour=0) + _DAY
    top = _nice(max(values.values()))
    scale, left = _scale(top, percent=False, decimals=0)
    width = (_WIDTH - left - _RIGHT) / ((end - first) / step)
    shapes = []
    for at, value in values.items():
        height = value / top * _INNER_HEIGHT
        x, y = left + (at - first) / step * width, _TOP + _INNER_HEIGHT - height
        text = f"{at:%Y-%m-%d}" if step >= _DAY else f"{at:%Y-%m-%d %H:00}"
        text += f": {value:,.0f}" + (f" ({incomplete_word})" if at in incomplete else "")
        part = " part" if at in incomplete else ""
        shapes.append(
            f'<rect class="fill c-takes{part}" data-mark x="{x:.1f}" y="{y:.1f}" '
            f'width="{max(width - 1, 0.8):.1f}" height="{height:.1f}"><title>{_escaped(text)}</title></rect>'
        )
    return _picture(label, scale + "".join(shapes) + _times(first, end, left))


def lines(
    series: Sequence[Series], label: str, *, percent: bool = False, decimals: int = 1, marks: Collection[date] = ()
) -> Markup:
    """One line for each series, day by day, with a legend below; a series of a single day is a dot.

    Args:
        marks: days that get a dashed line across, within those of the series.
    """
    kept = [each for each in series if each.points]
    if not kept:
        return Markup("")
    every = [day for each in kept for day in each.points]
    first, days = min(every), (max(every) - min(every)).days
    top = _nice(max(value for each in kept for value in each.points.values()))
    scale, left = _scale(top, percent=percent, decimals=decimals)
    step = (_WIDTH - left - _RIGHT) / max(days, 1)
    shapes, names = [], []
    for each in kept:
        style = f"c-{css_name(each.colour)}"
        names.append(f'<span class="key"><i class="swatch {style}"></i>{_escaped(each.name)}</span>')
        places = [
            (left + (day - first).days * step, _TOP + _INNER_HEIGHT * (1 - value / top), day, value)
            for day, value in sorted(each.points.items())
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in places)
        shapes.append(f'<polyline class="line {style}" points="{path}"/>')
        seen = "seen " if len(places) == 1 else ""
        for x, y, day, value in places:
            text = f"{value:.1%}" if percent else f"{value:.{decimals}f}"
            shapes.append(
                f'<circle class="dot fill {seen}{style}" data-mark cx="{x:.1f}" cy="{y:.1f}" r="4">'
                f"<title>{_escaped(each.name)}, {day}: {text}</title></circle>"
            )
    shapes += [_mark(day, left + (day - first).days * step) for day in marks if 0 <= (day - first).days <= days]
    begin = datetime.combine(first, datetime.min.time())
    axis = _times(begin, begin + max(days, 1) * _DAY, left)
    return _picture(label, scale + "".join(shapes) + axis) + Markup(f'<p class="legend">{"".join(names)}</p>')


def week(hours: Sequence[Mapping[str, Any]], weekdays: Sequence[str], label: str) -> Markup:
    """Takes by hour of the week, as sums.by_weekday gives them: seven by twenty-four cells, the darker the more."""
    most = max((row["takes"] for row in hours), default=1)
    cell, left, top = 18.5, 42, 4
    known = {(row["weekday"], row["hour"]): row["takes"] for row in hours}
    shapes = []
    for weekday, name in enumerate(weekdays):
        for hour in range(24):
            takes = known.get((weekday, hour), 0)
            shapes.append(
                f'<rect class="heat h{math.ceil(takes / most * 6)}" data-mark x="{left + hour * cell:.1f}" '
                f'y="{top + weekday * 22}" width="{cell - 2:.1f}" height="20" rx="3">'
                f"<title>{_escaped(name)} {hour:02}:00: {takes:,}</title></rect>"
            )
    texts = [
        f'<text class="axis" x="{left - 8}" y="{top + index * 22 + 15}" text-anchor="end">{_escaped(name)}</text>'
        for index, name in enumerate(weekdays)
    ] + [
        f'<text class="axis" x="{left + hour * cell + cell / 2 - 1}" y="{top + 7 * 22 + 15}" '
        f'text-anchor="middle">{hour}</text>'
        for hour in range(0, 24, 3)
    ]
    return _picture(label, "".join(shapes + texts), height=top + 7 * 22 + 22)


def bars(values: Sequence[Bar], label: str, *, whole: float = 0) -> Markup:
    """Horizontal bars: for each a name, a length, and the text at its end.

    Args:
        whole: the value of the longest bar that there can be; else the largest one is.
    """
    if not values:
        return Markup("")
    most = whole or max(each.value for each in values) or 1
    left = max(_room(_clipped(each.name)) for each in values) * _LETTER + 4
    room = _WIDTH - left - 2 * _GAP - max(_room(each.text) for each in values) * _LETTER
    shapes = []
    for index, each in enumerate(values):
        y = index * 28
        width = max(each.value / most * room, 1)
        shapes.append(
            f'<text class="name" x="{left:.1f}" y="{y + 18}" text-anchor="end"><title>{_escaped(each.name)}</title>'
            f"{_escaped(_clipped(each.name))}</text>"
            f'<rect class="fill c-{css_name(each.colour)}" data-mark x="{left + _GAP:.1f}" y="{y + 3}" '
            f'width="{width:.1f}" height="20" rx="3"><title>{_escaped(each.name)}: {_escaped(each.text)}</title></rect>'
            f'<text class="value" x="{left + 1.5 * _GAP + width:.1f}" y="{y + 18}">{_escaped(each.text)}</text>'
        )
    return _picture(label, "".join(shapes), height=len(values) * 28)


def _mark(day: date, x: float) -> str:
    """A dashed line where a new level begins."""
    return (
        f'<line class="line c-other" data-change="{day}" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" '
        f'y2="{_TOP + _INNER_HEIGHT}" stroke-dasharray="4 3"><title>{day}</title></line>'
    )


def _picture(label: str, inner: str, *, height: float = _HEIGHT) -> Markup:
    name = _escaped(label)
    return Markup(
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{name}">{inner}</svg>'
    )


def _scale(top: float, *, percent: bool, decimals: int) -> tuple[str, float]:
    """The lines across with their numbers, and where the picture begins to the right of them."""
    marks = [share * top for share in (0, 0.5, 1)]
    if not percent and not decimals:
        marks = [value for value in marks if value == int(value)]  # there is no half a take
    texts = [f"{value:.1%}" if percent else f"{value:,.{decimals}f}" for value in marks]
    left = max(map(len, texts)) * _LETTER + _GAP
    parts = []
    for value, text in zip(marks, texts, strict=True):
        y = _TOP + _INNER_HEIGHT * (1 - value / top)
        parts.append(
            f'<line class="grid" x1="{left:.1f}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="axis" x="{left - 6:.1f}" y="{y + 5:.1f}" text-anchor="end">{text}</text>'
        )
    return "".join(parts), left


def _times(first: datetime, end: datetime, left: float) -> str:
    """Ticks along the axis: hours within one day, else days, else months with their year."""
    days = (end - first) / _DAY
    if days <= 1:
        every, shape = timedelta(hours=6), "%H:00"
    else:
        every, shape = max(1, math.ceil(days / _TICKS)) * _DAY, "%m-%d" if days < 300 else "%Y-%m"
    inner = _WIDTH - left - _RIGHT
    marks = []
    at = first
    while at < end:
        text = at.strftime(shape)
        x, half = left + (at - first) / (end - first) * inner, len(text) * _LETTER / 2
        if x + half <= _WIDTH:
            anchor, x = ("start", 0.0) if x - half < 0 else ("middle", x)
            marks.append(f'<text class="axis" x="{x:.1f}" y="{_HEIGHT - 6}" text-anchor="{anchor}">{text}</text>')
        at += every
    return "".join(marks)


def _nice(value: float) -> float:
    """The next round number for the top of a scale."""
    if value <= 0:
        return 1.0
    power = 10 ** math.floor(math.log10(value))
    return float(next(step * power for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * 0.9999))


def _room(text: str) -> int:
    """How many letters wide it is; a Chinese character is as wide as two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _clipped(name: str) -> str:
    """As much of a name as fits."""
    room = _LONGEST_NAME
    for index, character in enumerate(name):
        room -= _room(character)
        if room < 0:
            return name[: max(index - 1, 1)] + "…"
    return name


def _escaped(text: str) -> str:
    return str(Markup.escape(text))
