"""Charts as SVG, drawn on the server: they need no script, follow the theme through classes, and show their values."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from markupsafe import Markup

_WIDTH, _HEIGHT = 490, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 10, 24
_INNER_WIDTH = _WIDTH - _LEFT - _RIGHT
_INNER_HEIGHT = _HEIGHT - _TOP - _BOTTOM
_SERIES = 4
_DAY = timedelta(days=1)
_LETTER = 8.4  # width of a digit, at the size that narrow screens show
_NAME = 11  # letters that fit beside a bar

Points = Mapping[date, float]


def columns(values: Mapping[datetime, float], label: str, *, step: timedelta) -> Markup:
    """One column for each time, `step` wide; the axis spans whole days."""
    first = min(values).replace(hour=0)
    last = max(values) + step
    end = last if last == last.replace(hour=0) else last.replace(hour=0) + _DAY
    width = _INNER_WIDTH / ((end - first) / step)
    top = _nice(max(values.values()))
    shapes = []
    for at, value in values.items():
        height = value / top * _INNER_HEIGHT
        x, y = _LEFT + (at - first) / step * width, _TOP + _INNER_HEIGHT - height
        at_text = f"{at:%Y-%m-%d}" if step >= _DAY else f"{at:%Y-%m-%d %H:00}"
        shapes.append(
            f'<rect class="s0" x="{x:.1f}" y="{y:.1f}" width="{max(width - 1, 0.8):.1f}" height="{height:.1f}">'
            f"<title>{at_text}: {value:,.0f}</title></rect>"
        )
    return _figure(label, _scale(top, percent=False, decimals=0) + "".join(shapes) + _times(first, end))


def lines(series: Mapping[str, Points], label: str, *, percent: bool = False, decimals: int = 1) -> Markup:
    """One line for each series, day by day, with a legend below; a series of a single day is a dot."""
    kept = {name: points for name, points in series.items() if points}
    if not kept:
        return Markup("")
    every = [day for points in kept.values() for day in points]
    first, days = min(every), (max(every) - min(every)).days
    top = _nice(max(value for points in kept.values() for value in points.values()))
    step = _INNER_WIDTH / max(days, 1)
    shapes, names = [], []
    for index, (name, points) in enumerate(sorted(kept.items())):
        style = f"s{index % _SERIES}"
        names.append(f'<span class="key"><i class="swatch {style}"></i>{_escaped(name)}</span>')
        places = [
            (_LEFT + (day - first).days * step, _TOP + _INNER_HEIGHT * (1 - value / top), day, value)
            for day, value in sorted(points.items())
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in places)
        shapes.append(f'<polyline class="line {style}" points="{path}"/>')
        seen = "seen " if len(places) == 1 else ""
        for x, y, day, value in places:
            text = f"{value:.1%}" if percent else f"{value:.{decimals}f}"
            shapes.append(
                f'<circle class="dot {seen}{style}" cx="{x:.1f}" cy="{y:.1f}" r="4">'
                f"<title>{_escaped(name)}, {day}: {text}</title></circle>"
            )
    begin = datetime.combine(first, datetime.min.time())
    axis = _times(begin, begin + max(days, 1) * _DAY)
    figure = _figure(label, _scale(top, percent=percent, decimals=decimals) + "".join(shapes) + axis)
    return figure + Markup(f'<p class="legend">{"".join(names)}</p>')


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
                f'<rect class="heat h{math.ceil(takes / most * 6)}" x="{left + hour * cell:.1f}" '
                f'y="{top + weekday * 22}" width="{cell - 2:.1f}" height="20" rx="3">'
                f"<title>{_escaped(name)} {hour:02}:00: {takes:,}</title></rect>"
            )
    texts = [
        f'<text class="axis" x="{left - 8}" y="{top + index * 22 + 14}" text-anchor="end">{_escaped(name)}</text>'
        for index, name in enumerate(weekdays)
    ] + [
        f'<text class="axis" x="{left + hour * cell + cell / 2 - 1}" y="{top + 7 * 22 + 14}" '
        f'text-anchor="middle">{hour}</text>'
        for hour in range(0, 24, 3)
    ]
    return _figure(label, "".join(shapes + texts), height=top + 7 * 22 + 22)


def bars(values: Sequence[tuple[str, float, str]], label: str) -> Markup:
    """Horizontal bars: for each a name, a length, and the text at its end."""
    if not values:
        return Markup("")
    most = max(value for _, value, _ in values) or 1
    room = _WIDTH - 98 - max(len(text) for _, _, text in values) * _LETTER - 14
    shapes = []
    for index, (name, value, text) in enumerate(values):
        y = index * 28
        width = value / most * room
        shapes.append(
            f'<text class="name" x="88" y="{y + 17}" text-anchor="end"><title>{_escaped(name)}</title>'
            f"{_escaped(_clipped(name))}</text>"
            f'<rect class="s0" x="98" y="{y + 3}" width="{max(width, 1):.1f}" height="20" rx="3"/>'
            f'<text class="value" x="{106 + width:.1f}" y="{y + 17}">{_escaped(text)}</text>'
        )
    return _figure(label, "".join(shapes), height=len(values) * 28)


def _figure(label: str, inner: str, *, height: float = _HEIGHT) -> Markup:
    name = _escaped(label)
    return Markup(
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{name}">{inner}</svg>'
    )


def _scale(top: float, *, percent: bool, decimals: int) -> str:
    parts = []
    for share_of_top in (0, 0.5, 1):
        y = _TOP + _INNER_HEIGHT * (1 - share_of_top)
        value = top * share_of_top
        if not percent and not decimals and value != int(value):
            continue  # half a take
        text = f"{value:.1%}" if percent else f"{value:,.{decimals}f}"
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="axis" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>'
        )
    return "".join(parts)


def _times(first: datetime, end: datetime) -> str:
    """Ticks along the axis: hours within one day, else days, else months with their year."""
    days = (end - first) / _DAY
    if days <= 1:
        every, shape = timedelta(hours=3), "%H:00"
    else:
        every, shape = max(1, math.ceil(days / 6)) * _DAY, "%m-%d" if days < 300 else "%Y-%m"
    marks = []
    at = first
    while (x := (at - first) / (end - first) * _INNER_WIDTH) < _INNER_WIDTH - 14:
        marks.append(
            f'<text class="axis" x="{_LEFT + x:.1f}" y="{_HEIGHT - 8}" text-anchor="middle">{at.strftime(shape)}</text>'
        )
        at += every
    return "".join(marks)


def _nice(value: float) -> float:
    """The next round number for the top of a scale."""
    if value <= 0:
        return 1.0
    power = 10 ** math.floor(math.log10(value))
    return float(next(step * power for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * 0.9999))


def _clipped(name: str) -> str:
    """As much of a name as fits; a Chinese character is as wide as two others."""
    room = _NAME
    for index, character in enumerate(name):
        room -= 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if room < 0:
            return name[: max(index - 1, 1)] + "…"
    return name


def _escaped(text: str) -> str:
    return str(Markup.escape(text))
