"""The cost of an event as the tables grow, as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("agg")
from matplotlib import pyplot


def plot_growth(path: Path, costs: Mapping[str, Sequence[float]], rows_a_part: int, most: float) -> None:
    """
    Args:
        path: where to write it; its ending tells the format.
        costs: of each server, microseconds an event, one figure for each part of the rows.
        most: how many times the first part's cost an event may cost.
    """
    figure, axes = pyplot.subplots(figsize=(8, 3.5), layout="constrained")
    for name, values in costs.items():
        rows = [rows_a_part * number / 1e6 for number in range(1, len(values) + 1)]
        (line,) = axes.plot(rows, values, marker=".", markersize=3, linewidth=1, label=name)
        axes.axhline(values[0] * most, color=line.get_color(), linestyle=":", linewidth=1)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("rows in the tables, million")
    axes.set_ylabel("µs an event")
    axes.set_title(f"What an event costs the server (dotted: {most:g} times the first {rows_a_part:,})", fontsize=10)
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)
