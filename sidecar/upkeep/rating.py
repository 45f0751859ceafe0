"""Rating an output: a rating is an event file in the watched folder, which the shipper carries into the tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from sidecar.event.event import Event
from sidecar.event.publish import Publisher
from sidecar.event.types import RATED
from sidecar.storage.database import Database
from sidecar.upkeep.saying import say_of


def rate(
    database: Database,
    publisher: Publisher,
    folders: Sequence[Path],
    event_ids: Iterable[str],
    *,
    rating: int | None,
    note: str | None,
    user: str | None,
) -> list[Event]:
    """Publish a rating of these records. The latest one replaces any earlier one, note and all.

    Args:
        folders: the watched folders; see say_of.
        rating: 1 (bad) to 5 (good); None takes it back.

    Raises:
        PublishError: the folder cannot be written.
        EventError: the note or the name is too long.
    """
    data = {"rating": rating, "note": note or None, "caller": {"user": user or None}}
    return say_of(database, publisher, folders, event_ids, RATED, data)
