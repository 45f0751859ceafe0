"""Rating an output: a rating is an event file in the watched folder, which the shipper carries into the tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sidecar.answers.audio import home
from sidecar.event.event import Event
from sidecar.event.publish import Publisher
from sidecar.event.types import RATED
from sidecar.storage.database import Database


def rate(
    database: Database,
    publisher: Publisher,
    folders: Sequence[Path],
    event_id: str,
    *,
    rating: int | None,
    note: str | None,
    user: str | None,
) -> Event:
    """Publish a rating of that record. The latest one replaces any earlier one, note and all.

    Args:
        folders: the watched folders; the event goes to the one that holds the record's own, else to the first.
        rating: 1 (bad) to 5 (good); None takes it back.

    Raises:
        PublishError: the folder cannot be written.
        EventError: the note or the name is too long.
    """
    folder = home(database, folders, event_id) or folders[0]
    data = {"rating": rating, "note": note or None, "caller": {"user": user or None}}
    return publisher.publish(folder, RATED, event_id, data)
