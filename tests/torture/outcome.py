"""What is known at the end: one line for each fault, and the sum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

FRESH_SECONDS = 5.0
RETURN_SECONDS = 5.0
"""After a database that was away is back, the first commit comes within this."""


@dataclass
class Line:
    """What is known of one fault at the end."""

    times: int = 0
    written: int = 0
    rows: int = 0
    missing: int = 0
    mismatched: int = 0
    doubled: int = 0
    stall: float = 0.0
    """The longest time without a commit, seconds, while it lasted and until it was over."""
    recovery: float = 0.0
    """The longest time from its end to the next commit."""

    def add(self, other: Line) -> None:
        for name in ("times", "written", "rows", "missing", "mismatched", "doubled"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.stall = max(self.stall, other.stall)
        self.recovery = max(self.recovery, other.recovery)

    @property
    def damage(self) -> int:
        return self.missing + self.doubled + self.mismatched


@dataclass
class Poison:
    """What became of the poisoned files, and how much memory the shipper held meanwhile."""

    stored: int = 0
    quarantined: int = 0
    foreign: int = 0
    """Files of other programs, which are left alone."""
    repeated: int = 0
    """Files whose event another file had brought already."""
    resident: list[float] = field(default_factory=list)
    """MiB: before the first file, and after each part of them."""


@dataclass
class Outcome:
    """Of one server; several runs on it add up."""

    server: str
    lines: dict[str, Line] = field(default_factory=dict)
    kills: int = 0
    """Ends of a shipper by SIGKILL."""
    database_faults: int = 0
    quarantined: int = 0
    """Good events that were put aside."""
    strangers: int = 0
    """Rows that nobody wrote."""
    fresh: float = 0.0
    """Seconds from an event's publication after calm to its row, the longest."""
    unproven: int = 0
    """Faults that were made and left no trace; they do not count, and were made again."""
    slow_returns: list[str] = field(default_factory=list)
    """Database faults after which the first commit took too long."""
    latencies: dict[str, list[float]] = field(default_factory=dict)
    """Seconds that publishing an event took, by what was under way."""
    left_out: list[str] = field(default_factory=list)
    poison: Poison | None = None
    failures: list[str] = field(default_factory=list)
    """What kept a part of it from its end."""

    def line(self, name: str) -> Line:
        return self.lines.setdefault(name, Line())

    def add(self, other: Outcome) -> None:
        for name, line in other.lines.items():
            self.line(name).add(line)
        for name in ("kills", "database_faults", "quarantined", "strangers", "unproven"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.fresh = max(self.fresh, other.fresh)
        self.slow_returns += other.slow_returns
        self.failures += other.failures
        for name, values in other.latencies.items():
            self.latencies.setdefault(name, []).extend(values)
        self.left_out = sorted({*self.left_out, *other.left_out})
        self.poison = self.poison or other.poison

    @property
    def whole(self) -> bool:
        return (
            not any(line.damage for line in self.lines.values())
            and not self.quarantined
            and not self.strangers
            and not self.slow_returns
            and not self.failures
            and self.fresh <= FRESH_SECONDS
        )


def total(lines: Iterable[Line]) -> Line:
    found = Line()
    for line in lines:
        found.add(line)
    return found


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def grouped(latencies: dict[str, list[float]], names: set[str]) -> list[float]:
    return [value for during, values in latencies.items() if during in names for value in values]
