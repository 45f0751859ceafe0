"""What a take was made on."""

from __future__ import annotations

from typing import Any

from sidecar.answers.values import as_dicts
from sidecar.storage.columns import PROCESS_COLUMNS
from sidecar.storage.database import Database

_TELL = ", ".join(column.name for column in PROCESS_COLUMNS)


def machine(database: Database, source: str | None) -> dict[str, Any] | None:
    """The row of tts_processes of a record's source; None where its process left no word of itself."""
    rows = database.columns(f"SELECT {_TELL} FROM tts_processes WHERE source = ?", [source or ""])
    return next(iter(as_dicts(rows)), None)
