"""What a check finds, and how bad it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"
    """Works, but somebody may want to know."""
    WARNING = "warning"
    """Works now, but will hurt one day."""
    FAILURE = "failure"
    """Does not work."""


@dataclass(frozen=True)
class Finding:
    check: str
    """What was checked, in a word or two."""
    level: Level = field(kw_only=True)
    message: str
    """What is the case, in one sentence."""
    cure: str = ""
    """What to do about it; given for everything that is not ok."""

    def __post_init__(self) -> None:
        assert bool(self.cure) == (self.level is not Level.OK), f"{self.check}: a finding names its cure"


ok = partial(Finding, level=Level.OK)
note = partial(Finding, level=Level.NOTE)
warning = partial(Finding, level=Level.WARNING)
failure = partial(Finding, level=Level.FAILURE)
