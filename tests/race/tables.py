"""The race as people read it: Markdown that can be pasted; and what its JSON keeps."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.race.legs import Figures


@dataclass(kw_only=True)
class Leg:
    """One table: what was run, its columns, and who did what in it."""

    title: str
    columns: Sequence[str]
    spread: str = ""
    """The column whose lowest and highest round are shown beside its median; none where there is one round alone."""
    rounds: dict[str, list[Figures]] = field(default_factory=dict)
    """By peer, a line a round."""
    stopped: dict[str, str] = field(default_factory=dict)
    """By peer, what stopped it in any round."""

    def add(self, peer: str, figures: Figures) -> None:
        self.rounds.setdefault(peer, []).append(figures)

    def stop(self, peer: str, why: str) -> None:
        self.stopped.setdefault(peer, why)

    def medians(self, peer: str) -> Figures:
        """Of each column; of what went missing or came twice the worst round."""
        rounds = self.rounds.get(peer, [])
        names = dict.fromkeys(name for each in rounds for name in each)
        return {
            name: (max if name in ("lost", "twice") else statistics.median)(
                [each[name] for each in rounds if name in each]
            )
            for name in names
        }

    def markdown(self) -> str:
        peers = list(dict.fromkeys([*self.rounds, *self.stopped]))
        rows = [self._row(peer) for peer in peers]
        lines = [
            self.title,
            "",
            *table(["", *self.columns, *([f"{self.spread}, rounds"] if self.spread else [])], rows),
        ]
        notes = [f"- {peer} was stopped: {why}" for peer, why in self.stopped.items()]
        return "\n".join([*lines, "", *notes])

    def _row(self, peer: str) -> list[str]:
        figures = self.medians(peer)
        spread = [each[self.spread] for each in self.rounds.get(peer, []) if self.spread in each]
        beside = f"{number(min(spread))} .. {number(max(spread))}" if len(spread) > 1 else ""
        cells = [number(figures[name]) if name in figures else "" for name in self.columns]
        return [peer, *cells, *([beside] if self.spread else [])]

    def as_json(self) -> dict[str, object]:
        return {"title": self.title, "rounds": self.rounds, "stopped": self.stopped}


def number(value: float) -> str:
    """Three digits or more, and no decimals that say nothing."""
    if value == int(value) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Markdown whose columns stand below each other: the first to the left, all others to the right."""
    widths = [max(3, *(len(each[column]) for each in [headings, *rows])) for column in range(len(headings))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return [_line(each, widths) for each in (headings, rule, *rows)]


def foot(configurations: Mapping[str, str]) -> str:
    return "\n".join(f"- {name}: {text}" for name, text in configurations.items())


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cells[0].ljust(widths[0]),
        *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)),
    ]
    return f"| {' | '.join(padded)} |"
