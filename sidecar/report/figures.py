"""The charts, as matplotlib figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sidecar import palette
from sidecar.report.trend import Change, Forecast
from sidecar.wording import Word

_SHADES = 8
_TAKES = palette.THINGS["takes"].light


def hours(frame: pd.DataFrame, word: Word) -> Figure:
    """Takes hour by hour, over whole days."""
    figure, axes = new()
    axes.bar(frame.index, frame["takes"], width=1 / 24, align="edge", color=_TAKES, edgecolor="none")
    dates(axes)
    axes.set_xlim(frame.index.min().normalize(), frame.index.max().normalize() + pd.Timedelta(days=1))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel(word("takes"))
    axes.grid(axis="x", visible=False)
    return figure


def load(days: pd.DataFrame, partial: Collection[pd.Timestamp], ahead: Forecast | None, word: Word) -> Figure:
    """Takes day by day, and the forecast, all in the colour of takes. Days that are not whole are pale."""
    figure, axes = new()
    strength = 1 if ahead is None else 0.42
    for several, alpha, label in (
        (days[~days.index.isin(partial)], strength, word("takes")),
        (days[days.index.isin(partial)], strength / 3, None),
    ):
        axes.bar(several.index, several["takes"], width=0.9, color=_TAKES, alpha=alpha, lw=0, label=label)
    if ahead is not None:
        axes.plot(ahead.trend.index, ahead.trend, color=_TAKES, label=word("trend"))
        band: Any = {"color": _TAKES, "alpha": 0.18, "lw": 0, "label": word("interval")}
        axes.fill_between(ahead.low.index, ahead.low, ahead.high, **band)
        axes.plot(ahead.expected.index, ahead.expected, color=_TAKES, lw=1.4, ls=(0, (3, 2)), label=word("forecast"))
        legend(axes)
    else:
        axes.set_ylabel(word("takes"))
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    dates(axes)
    return figure


def week(grid: pd.DataFrame, word: Word) -> Figure:
    """The darker, the more takes."""
    figure, axes = new(height=2.9)
    cells = axes.pcolormesh(
        range(25), range(8), grid.to_numpy(), cmap=_shades(), vmin=0, vmax=max(grid.to_numpy().max(), 1), lw=0
    )
    axes.invert_yaxis()
    axes.set_yticks([number + 0.5 for number in range(7)], [word(f"day{number}") for number in range(7)])
    axes.set_xticks(range(0, 25, 3))
    axes.set_xlabel(word("hour"))
    axes.grid(visible=False)
    figure.colorbar(cells, ax=axes, label=word("takes_an_hour"), pad=0.02).outline.set_visible(False)
    return figure


def emotions(rows: pd.DataFrame, word: Word) -> Figure:
    shown = rows.head(10)
    whole = rows["takes"].sum()
    labels = [f"{value:,} · {value / whole:.1%}" for value in shown["takes"]]
    colours = [colour_of(palette.emotion(name)) for name in shown["emotion"]]
    return _bars([word("emotion_" + name) for name in shown["emotion"]], shown["takes"], labels, colours)


def emotions_by_user(rows: pd.DataFrame, word: Word) -> Figure:
    """Each of the busiest users' emotions as shares, the darker the more: ten colours nobody could tell apart."""
    table = rows.assign(user_id=rows["user_id"].fillna(word("nobody"))).pivot_table(
        index="user_id", columns="emotion", values="takes", aggfunc="sum", fill_value=0
    )
    table = table.loc[table.sum(axis=1).sort_values(ascending=False).index[:10]]
    whole = table.sum(axis=1)
    table = table[table.sum().sort_values(ascending=False).index[:10]]
    shares = table.div(whole, axis=0)
    figure, axes = new(height=0.9 + 0.3 * len(shares))
    axes.pcolormesh(shares.to_numpy(), cmap=_shades(), vmin=0, vmax=1, lw=0)
    for (row, column), share in np.ndenumerate(shares.to_numpy()):
        light = share > 0.55  # on a cell that is nearly the full colour
        text = {
            "color": colour_of("line") if light else colour_of("text"),
            "ha": "center",
            "va": "center",
            "fontsize": 8.5,
        }
        if share:
            axes.text(column + 0.5, row + 0.5, f"{share:.0%}", **text)
    axes.set_yticks(np.arange(len(shares)) + 0.5, shares.index)
    axes.set_xticks(np.arange(len(shares.columns)) + 0.5, [word(f"emotion_{name}") for name in shares.columns])
    axes.tick_params(length=0, top=False, labeltop=True, labelbottom=False)
    axes.invert_yaxis()
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)
    return figure


def speeds(values: pd.Series[float], word: Word) -> Figure:
    """The real-time factor of each model over all days."""
    names = [name or word("unnamed_model") for name in values.index]
    colours = [colour_of(palette.model(name)) for name in values.index]
    return _bars(names, values, [f"{value:.2f}" for value in values], colours)


def rtf(frame: pd.DataFrame, changes: Mapping[str, Sequence[Change]], word: Word) -> Figure:
    """The real-time factor of each model day by day, and where its level changed."""
    figure, axes = new()
    for model in frame.columns:
        colour, values = colour_of(palette.model(model)), frame[model]
        axes.plot(frame.index, values, color=colour, lw=1.1, label=model or word("unnamed_model"))
        alone = values[values.notna() & values.shift(1).isna() & values.shift(-1).isna()]
        axes.plot(alone.index, alone, color=colour, ls="", marker="o", ms=3)  # a line of one point shows nothing
        _mark(axes, changes.get(model, ()), colour)
    axes.set_ylim(bottom=0)
    dates(axes)
    legend(axes)
    return figure


def wrong(days: pd.DataFrame, names: Sequence[str], word: Word) -> Figure:
    """How many of all takes failed, were saturated, and so on."""
    whole = days["takes"].sum()
    counts = [days[name].sum() for name in names]
    labels = [f"{count:,} / {whole:,} · {count / whole:.1%}" for count in counts]
    return _bars(
        [word(name) for name in names], [count / whole for count in counts], labels, list(map(colour_of, names))
    )


def shares(days: pd.DataFrame, names: Sequence[str], changes: Mapping[str, Sequence[Change]], word: Word) -> Figure:
    """The share of takes that failed and so on, over a rolling seven days."""
    figure, axes = new()
    for name in names:
        colour = colour_of(name)
        weekly = days[name].rolling(7, min_periods=1).sum() / days["takes"].rolling(7, min_periods=1).sum()
        axes.plot(weekly.index, weekly, color=colour, lw=1.3, label=word(name))
        _mark(axes, changes.get(name, ()), colour)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    axes.set_ylim(bottom=0)
    dates(axes)
    legend(axes)
    return figure


def voices(rows: pd.DataFrame) -> Figure:
    """Failure rates of the voices that failed at all, the highest first."""
    rows = rows.sort_values("failure_rate", ascending=False, kind="stable")
    labels = [f"{row.failure_rate:.1%}  ({row.failures:,} / {row.attempts:,})" for row in rows.itertuples()]
    names = rows["voice"].str.rpartition("/")[2].replace("", "–")
    return _bars(names, rows["failure_rate"], labels, [colour_of("failed")] * len(rows))


def _bars(names: Any, values: Any, labels: Sequence[str], colours: Sequence[str]) -> Figure:
    """Horizontal bars, the first at the top; the text at their ends stands in for an axis."""
    figure, axes = new(height=0.3 + 0.3 * len(labels))
    places = range(len(labels))
    bars = axes.barh(places, values, color=colours, lw=0, height=0.75)
    axes.set_yticks(places, names)
    axes.tick_params(axis="y", length=0)
    axes.bar_label(bars, labels, padding=4, fontsize=9)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlim(0, max(max(values), 1e-9) * 1.25)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.grid(visible=False)
    return figure


def colour_of(name: str) -> str:
    """As figures are drawn with it; style.svg gives it its dark shade on a dark page."""
    return {**palette.SURFACES, **palette.THINGS}[name].light


def _shades() -> ListedColormap:
    """Shades of one colour, so that they read the same on a light and a dark page."""
    return ListedColormap([(*to_rgb(_TAKES), 0.05 + 0.95 * step / (_SHADES - 1)) for step in range(_SHADES)])


def new(height: float = 3.2) -> tuple[Figure, Any]:
    figure = Figure(figsize=(9.0, height), layout="constrained")
    return figure, figure.add_subplot()


def legend(axes: Any) -> None:
    axes.legend(ncols=6, loc="lower left", bbox_to_anchor=(0, 1), fontsize=9)


def dates(axes: Any) -> None:
    locator = AutoDateLocator(maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        ConciseDateFormatter(  # type: ignore[no-untyped-call]
            locator,
            formats=["%Y", "%m", "%m-%d", "%H:%M", "%H:%M", "%S"],
            zero_formats=["", "%Y", "%m", "%m-%d", "%H:%M", "%H:%M"],
            show_offset=False,
        )
    )
    axes.margins(x=0.01)


def _mark(axes: Any, changes: Sequence[Change], colour: str) -> None:
    for change in changes:
        mark_day(axes, change.at, colour)


def mark_day(axes: Any, day: pd.Timestamp, colour: str) -> None:
    """A dashed line where a new level begins."""
    axes.axvline(day, color=colour, lw=1, ls=(0, (4, 3)))
    axes.annotate(
        f"{day:%m-%d}", (day, 1), xycoords=("data", "axes fraction"), xytext=(3, -9), textcoords="offset points",
        fontsize=8, color=colour,
    )  # fmt: skip
