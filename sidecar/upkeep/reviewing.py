"""Deciding on a take: a verdict is an event file in the watched folder, which the shipper carries into the tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from sidecar.answers.doubts import Doubt
from sidecar.event.event import Event
from sidecar.event.publish import Publisher
from sidecar.event.types import REVIEWED
from sidecar.storage.database import Database
from sidecar.upkeep.saying import say_of

VERDICTS = ("keep", "reject")


def decide(
    database: Database,
    publisher: Publisher,
    folders: Sequence[Path],
    event_id: str,
    *,
    verdict: str | None,
    doubts: Iterable[Doubt],
    user: str | None,
) -> Event:
    """Publish whether to keep that record. The latest verdict replaces any earlier one.

    Args:
        folders: the watched folders; see say_of.
        verdict: one of VERDICTS; None takes it back.
        doubts: those that whoever decides was shown.

    Raises:
        PublishError: the folder cannot be written.
        EventError: the name is too long.
    """
    hashes = database.query("SELECT audio_sha256 FROM tts_records WHERE event_id = ?", [event_id])
    data = {
        "verdict": verdict,
        "audio_sha256": next((digest for (digest,) in hashes), None),
        "doubts": [each.kind.value for each in doubts],
        "caller": {"user": user or None},
    }
    [event] = say_of(database, publisher, folders, [event_id], REVIEWED, data)
    return event
