"""Preferring one take to others it was compared with: an event file in the watched folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from sidecar.errors import UsageError
from sidecar.event.event import Event
from sidecar.event.publish import Publisher
from sidecar.event.types import PREFERRED
from sidecar.storage.database import Database
from sidecar.upkeep.saying import say_of

MAX_COMPARED = 100
"""Takes that one is preferred to at once, as in the schema."""


def prefer(
    database: Database,
    publisher: Publisher,
    folders: Sequence[Path],
    event_id: str,
    *,
    over: Iterable[str],
    user: str | None,
) -> Event:
    """Publish that somebody prefers that record to these. It counts for each of them; of a pair the latest that a
    person said counts.

    Args:
        folders: the watched folders; see say_of.

    Raises:
        UsageError: there is nothing that it is preferred to, or it is itself among it, or those are too many.
        PublishError: the folder cannot be written.
        EventError: the name is too long.
    """
    others = list(dict.fromkeys(over))
    if not others or event_id in others:
        raise UsageError("a take is preferred to another one", hint="Name two different takes.")
    if len(others) > MAX_COMPARED:
        raise UsageError(f"a take is preferred to at most {MAX_COMPARED} others at once", hint="Name fewer.")
    data = {"over": others, "caller": {"user": user or None}}
    [event] = say_of(database, publisher, folders, [event_id], PREFERRED, data)
    return event
