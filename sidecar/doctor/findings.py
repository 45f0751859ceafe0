"""What a check finds, and how bad it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"
    """Works, but somebody may want to know."""
    WARNING = "warning"
    """Works now, but will hurt one day."""
    FAILURE = "failure"
    """Does not work."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    check: str
    """What was checked, in a word or two."""
    level: Level
    message: str
    """What is the case, in one sentence."""
    cure: str = ""
    """What to do about it; given for everything that is not ok."""

    def __post_init__(self) -> None:
        assert bool(self.cure) == (self.level is not Level.OK), f"{self.check}: a finding names its cure"


def ok(check: str, message: str) -> Finding:
    return Finding(check=check, level=Level.OK, message=message)


def note(check: str, message: str, cure: str) -> Finding:
    return Finding(check=check, level=Level.NOTE, message=message, cure=cure)


def warning(check: str, message: str, cure: str) -> Finding:
    return Finding(check=check, level=Level.WARNING, message=message, cure=cure)


def failure(check: str, message: str, cure: str) -> Finding:
    return Finding(check=check, level=Level.FAILURE, message=message, cure=cure)
