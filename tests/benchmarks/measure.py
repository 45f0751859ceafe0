"""What a measurement is, and how it is put beside what it is compared with."""

from __future__ import annotations

import os
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table: a figure of ours, the peer's figure in the same rounds, and what their ratio should be."""

    what: str
    unit: str
    ours: Sequence[float]
    """One figure a round."""
    against: str
    theirs: Sequence[float] = ()
    """The peer's figure of the same round; empty where the limit is a plain number."""
    at_least: float | None = None
    """The ratio ours / theirs that should be reached; with no peer, the figure itself."""
    at_most: float | None = None
    """The ratio, or figure, not to be exceeded."""
    steady: bool = True
    """Whether the peer is bound by what we are bound by. Where not, its own rate moves the ratio tenfold."""
    difference: bool = False
    """Compare by ours - theirs instead of the ratio."""
    details: dict[str, Any] = field(default_factory=dict)
    note: str = ""

    @property
    def scores(self) -> list[float]:
        """What is held against the limit, one a round."""
        if not self.theirs:
            return list(self.ours)
        pairs = zip(self.ours, self.theirs, strict=True)
        return [ours - theirs if self.difference else ours / theirs for ours, theirs in pairs]

    @property
    def score(self) -> float:
        return statistics.median(self.scores)

    @property
    def reached(self) -> bool:
        return (self.at_least is None or self.score >= self.at_least) and (
            self.at_most is None or self.score <= self.at_most
        )

    @property
    def beyond_noise(self) -> bool:
        """Missed by a factor of two in every round: no neighbour on the machine explains that."""
        if self.difference or not self.theirs or not self.steady:
            return False  # absolute figures move with the machine
        return (self.at_least is not None and max(self.scores) < self.at_least / 2) or (
            self.at_most is not None and min(self.scores) > self.at_most * 2
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "unit": self.unit,
            "ours": list(self.ours),
            "against": self.against,
            "theirs": list(self.theirs),
            "scores": self.scores,
            "score": self.score,
            "at_least": self.at_least,
            "at_most": self.at_most,
            "reached": self.reached,
            "details": self.details,
            "note": self.note,
        }


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used so far (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def peak_resident_bytes(pid: int) -> int:
    """What the process has held in memory at most. getrusage would give the figure of the process that started it,
    where that was larger."""
    return _told(pid, "VmHWM")


def resident_bytes(pid: int) -> int:
    """What the process holds in memory now."""
    return _told(pid, "VmRSS")


def _told(pid: int, what: str) -> int:
    """Bytes, by /proc/PID/status of proc(5); 0 where the process has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(rf"{what}:\s+(\d+) kB", status)
    return int(found.group(1)) * 1024 if found else 0


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
