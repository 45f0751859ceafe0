"""What a recogniser heard in a take, beside what should have been said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rapidfuzz.distance import Levenshtein

from sidecar.scoring.spelling import spelt

MOST_CHARACTERS = 20_000
"""Of a text and of a transcript; a longer one is not compared."""
_MOST_DIFFERENCES = 500
"""Kept with a transcript; one that has more says something else altogether."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A place where something else was heard."""

    start: int
    """Where it begins in the text, in characters."""
    end: int
    """Where it ends; the start, where something was heard that is not in the text."""
    heard: str
    """Instead; empty where nothing was."""


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """As schema/event/ describes it under "score"; None where there is no such thing."""

    recogniser: str
    """What heard it."""
    text: str | None = None
    cer: float | None = None
    """Character error rate: characters to be changed, added or left out, for each that should have been heard."""
    differences: tuple[Difference, ...] = ()
    """In the text's order."""
    problem: str | None = None
    """Why there is no transcript, or no comparison."""

    def as_data(self) -> Mapping[str, Any]:
        """By name, as an event has it."""
        return {**asdict(self), "differences": [asdict(each) for each in self.differences]}


def compared(text: str, heard: str, recogniser: str) -> Transcript:
    """The transcript beside the text, both in one spelling (sidecar.scoring.spelling)."""
    if max(len(text), len(heard)) > MOST_CHARACTERS:
        return Transcript(recogniser=recogniser, problem=f"more than {MOST_CHARACTERS:,} characters are not compared")
    wanted, got = spelt(text), spelt(heard)
    if not wanted.text:
        return Transcript(recogniser=recogniser, text=heard)
    edits = Levenshtein.opcodes(wanted.text, got.text)
    distance = sum(
        max(edit.src_end - edit.src_start, edit.dest_end - edit.dest_start) for edit in edits if edit.tag != "equal"
    )
    found = []
    for edit in edits:
        if edit.tag == "equal":
            continue
        if edit.src_start < edit.src_end:
            start, end = wanted.places[edit.src_start][0], wanted.places[edit.src_end - 1][1]
        else:
            start = end = wanted.places[edit.src_start - 1][1] if edit.src_start else 0
        said = ""
        if edit.dest_start < edit.dest_end:
            said = heard[got.places[edit.dest_start][0] : got.places[edit.dest_end - 1][1]]
        found.append(Difference(start=start, end=end, heard=said))
    return Transcript(
        recogniser=recogniser,
        text=heard,
        cer=round(distance / len(wanted.text), 4),
        differences=tuple(found[:_MOST_DIFFERENCES]),
    )
