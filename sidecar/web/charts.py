"""Charts as SVG, drawn on the server: they need no script, follow the theme by classes, and tell their values."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

_WIDTH, _HEIGHT = 490, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 10, 24
_INNER_WIDTH = _WIDTH - _LEFT - _RIGHT
_INNER_HEIGHT = _HEIGHT - _TOP - _BOTTOM
_SERIES = 4
_MANY_DAYS = 120
_SUMMED = ("takes", "failed", "saturated", "truncated", "audio_seconds", "compute_seconds")

Rows = Sequence[Mapping[str, Any]]
Points = dict[date, float]


def is_long(rows: Rows) -> bool:
    """Whether the days are too many to draw one by one."""
    days = [row["day"] for row in rows]
    return bool(days) and (max(days) - min(days)).days >= _MANY_DAYS


def weekly(rows: Rows) -> list[dict[str, Any]]:
    """The rows of each day summed into weeks, each under its Monday."""
    weeks: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        monday = row["day"] - timedelta(days=row["day"].weekday())
        key = (monday, row.get("model_version"))
        into = weeks.setdefault(key, {**row, "day": monday, **dict.fromkeys(_SUMMED, 0)})
        for name in _SUMMED:
            into[name] += row[name]
    return [weeks[key] for key in sorted(weeks)]


def rates(rows: Rows, above: str, below: str) -> dict[str, Points]:
    """One quantity over another, day by day, a series for each model."""
    found: dict[str, Points] = defaultdict(dict)
    for row in rows:
        if row[below]:
            found[row["model_version"] or "?"][row["day"]] = row[above] / row[below]
    return dict(found)


def share(rows: Rows, name: str) -> Points:
    return {row["day"]: row[name] / row["takes"] for row in rows if row["takes"]}


def columns(rows: Rows, name: str, label: str, *, step: int) -> Markup:
    """One column for each row, `step` days wide."""
    points = {row["day"]: float(row[name]) for row in rows}
    if not points:
        return Markup("")
    days = _days(points)
    top = _nice(max(points.values()))
    width = _INNER_WIDTH / (days + step - 1)
    first = min(points)
    shapes = []
    for day, value in points.items():
        height = value / top * _INNER_HEIGHT
        x = _LEFT + (day - first).days * width
        broad, y = max(width * step - 1, 0.8), _TOP + _INNER_HEIGHT - height
        shapes.append(
            f'<rect class="s0" x="{x:.1f}" y="{y:.1f}" width="{broad:.1f}" height="{height:.1f}">'
            f"<title>{day}: {value:,.0f}</title></rect>"
        )
    return _figure(label, _scale(top, percent=False, decimals=0) + "".join(shapes) + _dates(first, days))


def lines(series: Mapping[str, Points], label: str, *, percent: bool = False, decimals: int = 1) -> Markup:
    """One line for each series, day by day, with its name at its end."""
    kept = {name: points for name, points in series.items() if points}
    if not kept:
        return Markup("")
    every = [day for points in kept.values() for day in points]
    first, days = min(every), _days(every)
    top = _nice(max(value for points in kept.values() for value in points.values()) or 1.0)
    step = _INNER_WIDTH / max(days - 1, 1)
    shapes = []
    for index, (name, points) in enumerate(sorted(kept.items())):
        style = f"s{index % _SERIES}"
        places = [
            (_LEFT + (day - first).days * step, _TOP + _INNER_HEIGHT * (1 - value / top), day, value)
            for day, value in sorted(points.items())
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in places)
        shapes.append(f'<polyline class="line {style}" points="{path}"/>')
        for x, y, day, value in places:
            text = f"{value:.1%}" if percent else f"{value:.{decimals}f}"
            shapes.append(
                f'<circle class="dot {style}" cx="{x:.1f}" cy="{y:.1f}" r="4">'
                f"<title>{_escaped(name)}, {day}: {text}</title></circle>"
            )
    names = [
        f'<span class="key"><i class="swatch s{index % _SERIES}"></i>{_escaped(name)}</span>'
        for index, name in enumerate(sorted(kept))
    ]
    figure = _figure(label, _scale(top, percent=percent, decimals=decimals) + "".join(shapes) + _dates(first, days))
    return figure + Markup(f'<p class="legend">{"".join(names)}</p>')


def week(rows: Rows, weekdays: Sequence[str], label: str) -> Markup:
    """Seven by twenty-four cells, the darker the more."""
    if not rows:
        return Markup("")
    most = max(row["takes"] for row in rows) or 1
    cell, left, top = 18.5, 42, 4
    shapes = []
    for row in rows:
        level = math.ceil(row["takes"] / most * 6)
        shapes.append(
            f'<rect class="heat h{level}" x="{left + row["hour"] * cell:.1f}" y="{top + row["weekday"] * 22}" '
            f'width="{cell - 2:.1f}" height="20" rx="3"><title>{weekdays[row["weekday"]]} {row["hour"]:02}:00: '
            f"{row['takes']:,}</title></rect>"
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


def bars(values: Sequence[tuple[str, int]], label: str) -> Markup:
    """Horizontal bars with their names and numbers."""
    if not values:
        return Markup("")
    most = max(value for _, value in values) or 1
    whole = sum(value for _, value in values) or 1
    shapes = []
    for index, (name, value) in enumerate(values):
        y = index * 28
        width = value / most * (_WIDTH - 220)
        shapes.append(
            f'<text class="name" x="88" y="{y + 17}" text-anchor="end">{_escaped(name)}</text>'
            f'<rect class="s0" x="98" y="{y + 3}" width="{max(width, 1):.1f}" height="20" rx="3"/>'
            f'<text class="value" x="{106 + width:.1f}" y="{y + 17}">{value:,} · {value / whole:.1%}</text>'
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
        text = f"{value:.1%}" if percent else f"{value:,.{decimals}f}"
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="axis" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>'
        )
    return "".join(parts)


def _dates(first: date, days: int) -> str:
    every = max(1, math.ceil(days / 6))
    step = _INNER_WIDTH / max(days - 1, 1)
    return "".join(
        f'<text class="axis" x="{_LEFT + offset * step:.1f}" y="{_HEIGHT - 8}" text-anchor="middle">'
        f"{date.fromordinal(first.toordinal() + offset):%m-%d}</text>"
        for offset in range(0, days, every)
        if offset * step < _INNER_WIDTH - 14
    )


def _days(points: Sequence[date] | Mapping[date, float]) -> int:
    return (max(points) - min(points)).days + 1


def _nice(value: float) -> float:
    """The next round number for the top of a scale."""
    if value <= 0:
        return 1.0
    power = 10 ** math.floor(math.log10(value))
    return float(next(step * power for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * 0.9999))


def _escaped(text: str) -> str:
    return str(Markup.escape(text))
