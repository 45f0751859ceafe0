"""The charts, as matplotlib figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sidecar.report.style import SERIES
from sidecar.report.trend import Change, Forecast
from sidecar.wording import Word

_SHADES = 8


def hours(frame: pd.DataFrame, word: Word) -> Figure:
    """Takes hour by hour, over whole days."""
    figure, axes = _new()
    axes.bar(frame.index, frame["takes"], width=1 / 24, align="edge", color=SERIES[0], edgecolor="none")
    _dates(axes)
    axes.set_xlim(frame.index.min().normalize(), frame.index.max().normalize() + pd.Timedelta(days=1))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel(word("takes"))
    axes.grid(axis="x", visible=False)
    return figure


def load(days: pd.DataFrame, ahead: Forecast | None, word: Word) -> Figure:
    """Takes day by day, and the forecast."""
    figure, axes = _new()
    alpha = 1 if ahead is None else 0.42
    axes.bar(days.index, days["takes"], width=0.9, color=SERIES[0], alpha=alpha, lw=0, label=word("takes"))
    if ahead is not None:
        weekly = ahead.fitted.rolling(7, center=True).mean()
        axes.plot(weekly.index, weekly, color=SERIES[0], label=word("trend"))
        band: Any = {"color": SERIES[1], "alpha": 0.22, "lw": 0, "label": word("interval")}
        axes.fill_between(ahead.low.index, ahead.low, ahead.high, **band)
        axes.plot(ahead.expected.index, ahead.expected, color=SERIES[1], lw=1.4, label=word("forecast"))
        _legend(axes)
    else:
        axes.set_ylabel(word("takes"))
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    _dates(axes)
    return figure


def week(grid: pd.DataFrame, word: Word) -> Figure:
    """The darker, the more takes. The shades are one colour, so that they read the same on a light and a dark page."""
    figure, axes = _new(height=2.9)
    shades = ListedColormap([(*to_rgb(SERIES[0]), 0.05 + 0.95 * step / (_SHADES - 1)) for step in range(_SHADES)])
    cells = axes.pcolormesh(
        range(25), range(8), grid.to_numpy(), cmap=shades, vmin=0, vmax=max(grid.to_numpy().max(), 1), lw=0
    )
    axes.invert_yaxis()
    axes.set_yticks([number + 0.5 for number in range(7)], [word(f"day{number}") for number in range(7)])
    axes.set_xticks(range(0, 25, 3))
    axes.set_xlabel(word("hour"))
    axes.grid(visible=False)
    figure.colorbar(cells, ax=axes, label=word("takes_a_week"), pad=0.02).outline.set_visible(False)
    return figure


def emotions(rows: pd.DataFrame, word: Word) -> Figure:
    shown = rows.head(10)
    whole = rows["takes"].sum()
    labels = [f"{value:,} · {value / whole:.1%}" for value in shown["takes"]]
    return _bars([word("emotion_" + name) for name in shown["emotion"]], shown["takes"], labels, SERIES[0])


def emotions_by_user(rows: pd.DataFrame, word: Word) -> Figure:
    """Each of the busiest users' emotions as shares."""
    table = rows.assign(user_id=rows["user_id"].fillna(word("nobody"))).pivot_table(
        index="user_id", columns="emotion", values="takes", aggfunc="sum", fill_value=0
    )
    table = table.loc[table.sum(axis=1).sort_values(ascending=False).index[:10]]
    table = table[table.sum().sort_values(ascending=False).index]
    shares = table.div(table.sum(axis=1), axis=0).iloc[::-1]
    figure, axes = _new(height=1.2 + 0.3 * len(shares))
    left = pd.Series(0.0, index=shares.index)
    for index, emotion in enumerate(shares.columns):
        colour = SERIES[index % len(SERIES)]
        axes.barh(shares.index, shares[emotion], left=left, color=colour, lw=0, label=word(f"emotion_{emotion}"))
        left += shares[emotion]
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xlim(0, 1)
    axes.grid(axis="y", visible=False)
    figure.legend(*axes.get_legend_handles_labels(), ncols=5, loc="outside lower center", fontsize=9)
    return figure


def speeds(values: pd.Series[float], word: Word) -> Figure:
    """The real-time factor of each model over all days."""
    names = [name or word("unnamed_model") for name in values.index]
    return _bars(names, values, [f"{value:.2f}" for value in values], SERIES[0])


def rtf(frame: pd.DataFrame, changes: Mapping[str, Sequence[Change]], word: Word) -> Figure:
    """The real-time factor of each model day by day, and where its level changed."""
    figure, axes = _new()
    for index, model in enumerate(frame.columns):
        colour, values = SERIES[index % len(SERIES)], frame[model]
        axes.plot(frame.index, values, color=colour, lw=1.1, label=model or word("unnamed_model"))
        alone = values[values.notna() & values.shift(1).isna() & values.shift(-1).isna()]
        axes.plot(alone.index, alone, color=colour, ls="", marker="o", ms=3)  # a line of one point shows nothing
        _mark(axes, changes.get(model, ()), colour)
    axes.set_ylim(bottom=0)
    _dates(axes)
    _legend(axes)
    return figure


def wrong(days: pd.DataFrame, names: Sequence[str], word: Word) -> Figure:
    """How many of all takes failed, were saturated, and so on."""
    whole = days["takes"].sum()
    counts = [days[name].sum() for name in names]
    labels = [f"{count:,} / {whole:,} · {count / whole:.1%}" for count in counts]
    return _bars([word(name) for name in names], [count / whole for count in counts], labels, SERIES[1])


def shares(days: pd.DataFrame, names: Sequence[str], changes: Mapping[str, Sequence[Change]], word: Word) -> Figure:
    """The share of takes that failed and so on, over a rolling seven days."""
    figure, axes = _new()
    for index, name in enumerate(names):
        colour = SERIES[(index + 1) % len(SERIES)]
        weekly = days[name].rolling(7, min_periods=1).sum() / days["takes"].rolling(7, min_periods=1).sum()
        axes.plot(weekly.index, weekly, color=colour, lw=1.3, label=word(name))
        _mark(axes, changes.get(name, ()), colour)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    axes.set_ylim(bottom=0)
    _dates(axes)
    _legend(axes)
    return figure


def voices(rows: pd.DataFrame) -> Figure:
    """Failure rates of the voices that failed at all."""
    labels = [f"{row.failure_rate:.1%}  ({row.failures:,} / {row.attempts:,})" for row in rows.itertuples()]
    names = rows["voice"].str.rpartition("/")[2].replace("", "–")
    return _bars(names, rows["failure_rate"], labels, SERIES[1])


def _bars(names: Any, values: Any, labels: Sequence[str], colour: str) -> Figure:
    """Horizontal bars, the first at the top; the text at their ends stands in for an axis."""
    figure, axes = _new(height=0.3 + 0.3 * len(labels))
    places = range(len(labels))
    bars = axes.barh(places, values, color=colour, lw=0, height=0.75)
    axes.set_yticks(places, names)
    axes.tick_params(axis="y", length=0)
    axes.bar_label(bars, labels, padding=4, fontsize=9)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlim(0, max(max(values), 1e-9) * 1.25)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.grid(visible=False)
    return figure


def _new(height: float = 3.2) -> tuple[Figure, Any]:
    figure = Figure(figsize=(9.0, height), layout="constrained")
    return figure, figure.add_subplot()


def _legend(axes: Any) -> None:
    axes.legend(ncols=6, loc="lower left", bbox_to_anchor=(0, 1), fontsize=9)


def _dates(axes: Any) -> None:
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
        axes.axvline(change.at, color=colour, lw=1, ls=(0, (4, 3)))
        axes.annotate(
            f"{change.at:%m-%d}", (change.at, 1), xycoords=("data", "axes fraction"), xytext=(3, -9),
            textcoords="offset points", fontsize=8, color=colour,
        )  # fmt: skip
