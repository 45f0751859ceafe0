"""The life of one record, from tts_events: made, overwritten, rated, deleted, forgotten; by whom and when."""

from __future__ import annotations

from typing import Any

from sidecar.answers.values import as_dicts
from sidecar.errors import SidecarError
from sidecar.storage.database import Database


def timeline(database: Database, event_id: str) -> list[dict[str, Any]]:
    """Everything that happened to the record, oldest first; rows of the view tts_timeline."""
    rows = as_dicts(database.columns("SELECT * FROM tts_timeline WHERE subject = ? ORDER BY time, id", [event_id]))
    return [{**row, "rating": None if row["rating"] is None else int(row["rating"])} for row in rows]


def resolve(database: Database, text: str) -> str | None:
    """The event_id of the record that a person names: by event_id, row number or audio path.

    Returns:
        None where it names no record, or more than one.
    """
    if text.isascii() and text.isdigit() and len(text) < 19:
        rows = database.query("SELECT event_id FROM tts_records WHERE id = ?", [int(text)])
        return rows[0][0] if rows else None
    rows = database.query("SELECT event_id FROM tts_records WHERE event_id = ?", [text.lower()])
    if not rows:
        named = database.query(
            "SELECT event_id, audio_path FROM tts_records WHERE audio_path = ? AND replaced_by IS NULL", [text]
        )
        rows = [row for row in named if row[1] == text]  # MySQL takes a path with blanks at its end for the same
    return rows[0][0] if len(rows) == 1 else None


def require(database: Database, text: str) -> str:
    """The same, where there has to be one.

    Raises:
        SidecarError: no record answers to that, or more than one.
    """
    event_id = resolve(database, text)
    if event_id is None and _is_a_strangers(database, text):
        raise SidecarError(
            f"row {text} was inserted by another program and has no event that could be spoken of",
            hint="`sidecar find` shows an event_id for every record that can be.",
        )
    if event_id is None:
        raise SidecarError(
            f"no record answers to {text!r}, or more than one",
            hint="Give the id that `sidecar find` shows, the event_id, or the audio's path as recorded.",
        )
    return event_id


def _is_a_strangers(database: Database, text: str) -> bool:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        return False
    return bool(database.query("SELECT 1 FROM tts_records WHERE id = ? AND event_id IS NULL", [int(text)]))
