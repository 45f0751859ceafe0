"""Failures by their cause: how often each came, and the traceback of its latest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sidecar.answers.recorded import recorded
from sidecar.answers.sums import FAILED
from sidecar.answers.values import as_dicts
from sidecar.answers.window import Window
from sidecar.storage.database import Database, in_chunks, marks

MOST = 12
"""Causes that are told."""
_LOOKED_AT = 2000
_TRACED = 5


@dataclass(frozen=True, kw_only=True)
class Cause:
    error_type: str
    """Class of the exception; the outcome where none was recorded."""
    named: bool
    """Whether it is the class of an exception, which can be asked for."""
    failures: int
    last_at: datetime
    event_id: str | None
    """Of the latest."""
    message: str
    traceback: str


def causes(database: Database, found: Window) -> list[Cause]:
    """The causes of the newest failures among these takes, the most frequent first."""
    failed = [line.id for line in found.lines if line.status in FAILED][:_LOOKED_AT]
    groups: dict[str, list[dict[str, Any]]] = {}
    for chunk in in_chunks(failed):
        rows = database.columns(
            "SELECT event_id, created_at, status, error_type, error_message FROM tts_records "
            f"WHERE id IN ({marks(chunk)}) ORDER BY created_at DESC",
            chunk,
        )
        for row in as_dicts(rows):
            groups.setdefault(row["error_type"] or row["status"], []).append(row)
    frequent = sorted(groups.items(), key=lambda each: -len(each[1]))[:MOST]
    return [_cause(database, name, rows, traced=number < _TRACED) for number, (name, rows) in enumerate(frequent)]


def _cause(database: Database, name: str, rows: list[dict[str, Any]], *, traced: bool) -> Cause:
    latest = rows[0]
    document = recorded(database, latest["event_id"]) if traced and latest["event_id"] else None
    error = ((document or {}).get("data") or {}).get("error") or {}
    return Cause(
        error_type=name,
        named=bool(latest["error_type"]),
        failures=len(rows),
        last_at=latest["created_at"],
        event_id=latest["event_id"],
        message=latest["error_message"] or "",
        traceback=error.get("traceback") or "",
    )
