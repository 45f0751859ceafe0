"""The charts, as matplotlib figures; the text in them in a font that has Chinese, where the machine has one."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib import font_manager
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sidecar.report.trend import Change, Forecast

_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "WenQuanYi Zen Hei",
    "SimHei", "Noto Sans CJK JP",
)  # fmt: skip
_COLOURS = ("#4449c8", "#c2592f", "#1f7a5c", "#8b4fae", "#b37a00", "#2a8cb8", "#b0417c", "#5b5e6b", "#7d9a2e")
_STYLE: Any = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#c9cbd6",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e8e9ef",
    "xtick.color": "#5b5e6b",
    "ytick.color": "#5b5e6b",
    "text.color": "#1b1c22",
    "axes.labelcolor": "#5b5e6b",
    "font.size": 10,
    "legend.frameon": False,
    "svg.fonttype": "path",  # glyphs as shapes: the reader needs no font
    "svg.hashsalt": "sidecar",
}


def chinese_font() -> str | None:
    """The first installed font that has Chinese."""
    installed = set(font_manager.get_font_names())
    return next((name for name in _FONTS if name in installed), None)


def style() -> Any:
    """A context in which figures look like ours."""
    found = chinese_font()
    family = [found, "DejaVu Sans"] if found else ["DejaVu Sans"]
    return mpl.rc_context({**_STYLE, "font.family": family})


def svg(figure: Figure) -> str:
    """The figure as an SVG element for an HTML page."""
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", bbox_inches="tight", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
    )
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def load(days: pd.DataFrame, ahead: Forecast | None, words: Mapping[str, str]) -> Figure:
    figure, axes = _new()
    axes.bar(days.index, days["takes"], width=1.0, color="#aeb1ea", label=words["takes"])
    if ahead is not None:
        weekly = ahead.fitted.rolling(7, center=True, min_periods=1).mean()
        axes.plot(weekly.index, weekly, color=_COLOURS[0], label=words["trend"])
        band: Any = {"color": _COLOURS[1], "alpha": 0.18, "lw": 0, "label": words["interval"]}
        axes.fill_between(ahead.low.index, ahead.low, ahead.high, **band)
        axes.plot(ahead.expected.index, ahead.expected, color=_COLOURS[1], lw=1.4, label=words["forecast"])
    axes.set_ylim(bottom=0)
    _dates(axes)
    axes.legend(ncols=4, loc="upper left", fontsize=9)
    return figure


def week(grid: pd.DataFrame, words: Mapping[str, str]) -> Figure:
    figure, axes = _new(height=2.9)
    image = axes.imshow(grid.to_numpy(), cmap="Purples", aspect="auto", vmin=0)
    axes.set_yticks(range(7), [words[f"day{number}"] for number in range(7)])
    axes.set_xticks(range(0, 24, 3))
    axes.set_xlabel(words["hour"])
    axes.grid(visible=False)
    figure.colorbar(image, ax=axes, label=words["takes_a_week"], pad=0.02)
    return figure


def emotions(rows: pd.DataFrame, words: Mapping[str, str]) -> Figure:
    shown = rows.head(10).iloc[::-1]
    figure, axes = _new(height=0.8 + 0.3 * len(shown))
    names = [words.get(f"emotion_{name}", name) for name in shown["emotion"]]
    bars = axes.barh(names, shown["takes"], color=_COLOURS[0])
    whole = rows["takes"].sum()
    axes.bar_label(bars, [f"{value:,} · {value / whole:.1%}" for value in shown["takes"]], padding=4, fontsize=9)
    axes.margins(x=0.18)
    axes.grid(axis="y", visible=False)
    return figure


def emotions_by_user(rows: pd.DataFrame, words: Mapping[str, str]) -> Figure:
    """Each of the busiest users' emotions as shares."""
    table = rows.assign(user_id=rows["user_id"].fillna("–")).pivot_table(
        index="user_id", columns="emotion", values="takes", aggfunc="sum", fill_value=0
    )
    table = table.loc[table.sum(axis=1).sort_values(ascending=False).index[:10]]
    table = table[table.sum().sort_values(ascending=False).index]
    shares = table.div(table.sum(axis=1), axis=0).iloc[::-1]
    figure, axes = _new(height=1.2 + 0.3 * len(shares))
    left = pd.Series(0.0, index=shares.index)
    for index, emotion in enumerate(shares.columns):
        colour = _COLOURS[index % len(_COLOURS)]
        axes.barh(
            shares.index, shares[emotion], left=left, color=colour, label=words.get(f"emotion_{emotion}", emotion)
        )
        left += shares[emotion]
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xlim(0, 1)
    axes.legend(ncols=5, loc="upper center", bbox_to_anchor=(0.5, -0.12), fontsize=9)
    return figure


def rtf(frame: pd.DataFrame, found: Mapping[str, Sequence[Change]]) -> Figure:
    figure, axes = _new()
    for index, model in enumerate(frame.columns):
        colour = _COLOURS[index % len(_COLOURS)]
        axes.plot(frame.index, frame[model], color=colour, lw=1.1, label=model or "?")
        _mark(axes, found.get(model, ()), colour)
    axes.set_ylim(bottom=0)
    _dates(axes)
    axes.legend(ncols=6, loc="lower left", fontsize=9)
    return figure


def shares(
    days: pd.DataFrame, names: Sequence[str], found: Mapping[str, Sequence[Change]], words: Mapping[str, str]
) -> Figure:
    figure, axes = _new()
    for index, name in enumerate(names):
        colour = _COLOURS[(index + 1) % len(_COLOURS)]
        weekly = days[name].rolling(7, min_periods=1).sum() / days["takes"].rolling(7, min_periods=1).sum()
        axes.plot(weekly.index, weekly, color=colour, lw=1.3, label=words[name])
        _mark(axes, found.get(name, ()), colour)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    axes.set_ylim(bottom=0)
    _dates(axes)
    axes.legend(ncols=3, loc="upper left", fontsize=9)
    return figure


def voices(rows: pd.DataFrame) -> Figure:
    shown = rows.iloc[::-1]
    figure, axes = _new(height=0.8 + 0.28 * len(shown))
    bars = axes.barh(shown["voice"].str.rpartition("/")[2].replace("", "–"), shown["failure_rate"], color=_COLOURS[1])
    labels = [f"{row.failure_rate:.1%}  ({row.failures:,} / {row.attempts:,})" for row in shown.itertuples()]
    axes.bar_label(bars, labels, padding=4, fontsize=9)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.margins(x=0.25)
    axes.grid(axis="y", visible=False)
    return figure


def _new(height: float = 3.2) -> tuple[Figure, Any]:
    figure = Figure(figsize=(9.0, height), layout="constrained")
    return figure, figure.add_subplot()


def _dates(axes: Any) -> None:
    locator = AutoDateLocator(maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        ConciseDateFormatter(  # type: ignore[no-untyped-call]
            locator,
            formats=["%Y", "%m", "%m-%d", "%H", "%H", "%S"],
            zero_formats=["", "%Y", "%m", "%m-%d", "%H", "%H"],
        )
    )
    axes.margins(x=0.01)


def _mark(axes: Any, found: Sequence[Change], colour: str) -> None:
    for change in found:
        axes.axvline(change.at, color=colour, lw=1, ls=(0, (4, 3)))
        axes.annotate(
            f"{change.at:%m-%d}", (change.at, 1), xycoords=("data", "axes fraction"), xytext=(3, -9),
            textcoords="offset points", fontsize=8, color=colour,
        )  # fmt: skip
