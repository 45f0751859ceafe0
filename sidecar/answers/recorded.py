"""All that was recorded of one synthesis: its own event, whole."""

from __future__ import annotations

import json
from typing import Any

from sidecar.event.types import INTERRUPTED, SYNTHESIS
from sidecar.storage.database import Database


def recorded(database: Database, event_id: str) -> dict[str, Any] | None:
    """The event that the record's base columns come from, as a document; None where the tables have none."""
    rows = database.query(
        "SELECT id, type, event FROM tts_events WHERE subject = ? AND type LIKE ?", [event_id, f"{SYNTHESIS}%"]
    )
    if not rows:
        return None
    # What a process reported itself outranks what was concluded after its death.
    own = max(rows, key=lambda row: (row[1] != INTERRUPTED, row[0]))
    document: dict[str, Any] = json.loads(own[2])
    return document
