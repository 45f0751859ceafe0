"""The quarantine: files that could not become rows, and what a person decides about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sidecar.storage.database import Database, Parameter, in_chunks, marks

STATUSES = ("quarantined", "shipped", "dropped")


@dataclass(frozen=True)
class Entry:
    """One row of sidecar_quarantine, without the bytes."""

    id: int
    shipper: str
    path: str
    reason: str
    message: str
    status: str
    bytes: int
    attempts: int
    first_seen_at: datetime
    last_seen_at: datetime


_COLUMNS = ", ".join(field.name for field in fields(Entry))


def newest(database: Database, *, reason: str | None, status: str, limit: int) -> tuple[list[Entry], int]:
    """The newest entries with that status, and how many there are in all.

    Args:
        reason: a reason code; None for all.
    """
    where, parameters = _where((), reason, status)
    ((total,),) = database.query(f"SELECT COUNT(*) FROM sidecar_quarantine {where}", parameters)
    return _entries(database, f"{where} ORDER BY id DESC LIMIT {limit}", parameters), int(total)


def entry(database: Database, id_: int) -> tuple[Entry, bytes] | None:
    """One entry, whatever its status, and the bytes that were kept of the file."""
    rows = database.query(f"SELECT {_COLUMNS}, content FROM sidecar_quarantine WHERE id = ?", (id_,))
    return (Entry(*rows[0][:-1]), bytes(rows[0][-1])) if rows else None


def waiting(database: Database, ids: Sequence[int] = (), reason: str | None = None) -> list[Entry]:
    """The entries that are in quarantine now: all of them, or those with these ids and this reason."""
    return _entries(database, *_where(ids, reason, "quarantined"))


def drop(database: Database, entries: Sequence[Entry]) -> None:
    """Count these as settled. Neither the files nor what was kept of them is deleted."""
    for chunk in in_chunks([each.id for each in entries]):
        database.execute(f"UPDATE sidecar_quarantine SET status = 'dropped' WHERE id IN ({marks(chunk)})", chunk)


def _where(ids: Sequence[int], reason: str | None, status: str) -> tuple[str, list[Parameter]]:
    where, parameters = "WHERE status = ?", [status]
    if reason:
        where += " AND reason = ?"
        parameters.append(reason)
    if ids:
        where += f" AND id IN ({marks(ids)})"
    return where, [*parameters, *ids]


def _entries(database: Database, where: str, parameters: Sequence[Parameter]) -> list[Entry]:
    rows = database.query(f"SELECT {_COLUMNS} FROM sidecar_quarantine {where}", parameters)
    return [Entry(*row) for row in rows]
