"""What was measured of takes' sound."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sidecar.storage.database import Database, in_chunks, marks


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Of one take; None where it was not measured."""

    loudness: float | None = None
    """LUFS."""
    true_peak: float | None = None
    """dBTP."""
    mos_overall: float | None = None
    """1 to 5."""


def measured(database: Database, event_ids: Iterable[str]) -> dict[str, Measured]:
    """By event_id; those without a score are left out.

    Raises:
        TemporarySinkError: the database cannot serve.
    """
    found: dict[str, Measured] = {}
    for chunk in in_chunks(event_ids):
        for event_id, loudness, true_peak, mos in database.query(
            f"SELECT event_id, loudness, true_peak, mos_overall FROM tts_scores WHERE event_id IN ({marks(chunk)})",
            chunk,
        ):
            found[str(event_id)] = Measured(loudness=loudness, true_peak=true_peak, mos_overall=mos)
    return found
