"""What a recogniser heard in a take, beside what should have been said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sidecar.storage.database import Database


@dataclass(frozen=True, kw_only=True)
class Heard:
    recogniser: str
    transcript: str | None
    """None where there is none."""
    cer: float | None
    """Character error rate; None where it was not compared."""
    differences: Sequence[Mapping[str, Any]]
    """start and end in the text, in characters, and what was heard there; in the text's order."""
    problem: str | None
    """Why there is no transcript, or no comparison."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch of a text."""

    text: str
    """As it should have been said; empty where something was added."""
    heard: str | None = None
    """What was heard in its place; None where it was said so."""


def heard(database: Database, event_id: str) -> Heard | None:
    """What a recogniser heard in the take; None where none has listened.

    Raises:
        TemporarySinkError: the database cannot serve.
    """
    rows = database.query(
        "SELECT recogniser, transcript, cer, differences, transcript_problem FROM tts_scores WHERE event_id = ?",
        [event_id],
    )
    for recogniser, transcript, cer, differences, problem in rows:
        if recogniser is not None:
            return Heard(
                recogniser=str(recogniser),
                transcript=transcript,
                cer=cer,
                differences=json.loads(differences) if differences else [],
                problem=problem,
            )
    return None


def pieces(text: str, differences: Sequence[Mapping[str, Any]]) -> Iterator[Piece]:
    """The text cut at the places where something else was heard. A place that is not in the text is left out: the text
    is another than the one that was compared."""
    at = 0
    for each in differences:
        start, end = each["start"], each["end"]
        if not at <= start <= end <= len(text):
            continue
        if start > at:
            yield Piece(text=text[at:start])
        yield Piece(text=text[start:end], heard=each["heard"])
        at = end
    if at < len(text):
        yield Piece(text=text[at:])
