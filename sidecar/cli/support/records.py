"""The record that somebody names on the command line."""

from __future__ import annotations

from sidecar.answers.timeline import resolve
from sidecar.errors import SidecarError
from sidecar.storage.database import Database


def resolve_record(database: Database, words: str) -> str:
    """The event_id of a record.

    Args:
        words: its id, its event_id or its audio path.

    Raises:
        SidecarError: no record answers to that, or more than one.
    """
    event_id = resolve(database, words)
    if event_id is None:
        raise SidecarError(
            f"no record answers to {words!r}, or more than one",
            hint="Give the id that `sidecar find` shows, the event_id, or the audio's path as recorded.",
        )
    return event_id
