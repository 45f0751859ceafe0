"""How things stand: the running shipper, the folders, the positions, the tables. One look, which changes nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sidecar.event.names import is_event_name, printable
from sidecar.service.metrics.scrape import Page, difference, parse, read
from sidecar.storage.database import Database


@dataclass(kw_only=True)
class Process:
    """The shipper at SIDECAR_LISTEN."""

    answers: bool
    difference: str = ""
    """From what the settings say: another name or other folders, another database; empty where there is none."""
    version: str = ""
    reasons: list[str] = field(default_factory=list)
    """Why it is not ready; or why it does not answer."""
    pending: int = 0
    shipped: int = 0
    quarantined: int = 0
    oldest_pending: datetime | None = None


@dataclass(kw_only=True)
class FolderStatus:
    folder: str
    error: str = ""
    event_files: int = 0
    newer: int = 0
    """Event files that came after the position: waiting to be shipped, or on their way."""
    position: datetime | None = None
    """Every event file up to this moment is in the database."""
    moved_at: datetime | None = None


@dataclass(kw_only=True)
class TablesStatus:
    error: str = ""
    events: int = 0
    records: int = 0
    quarantined: dict[str, int] = field(default_factory=dict)
    """Open entries by reason."""
    last_event: datetime | None = None
    shippers: list[dict[str, Any]] = field(default_factory=list)
    """Every shipper of this database and how far it has come."""


def ask_process(address: tuple[str, int] | None, fingerprint: str, database: str) -> Process:
    """
    Args:
        address: SIDECAR_LISTEN.
        fingerprint: Settings.fingerprint.
        database: Settings.database_fingerprint.
    """
    if address is None or address[1] == 0:
        return Process(answers=False, reasons=["SIDECAR_LISTEN names no fixed port, so nobody can be asked"])
    status, ready = read(address, "/readyz")
    if not status:
        return Process(answers=False, reasons=[ready])
    page: Page = parse(read(address, "/metrics")[1])
    oldest = page.total("sidecar_oldest_pending_timestamp_seconds")
    return Process(
        answers=True,
        difference=difference(page, fingerprint, database),
        version=page.text("sidecar_build_info", "version"),
        reasons=[] if status == 200 else ready.strip().splitlines(),
        pending=int(page.total("sidecar_pending_events")),
        shipped=int(page.total("sidecar_events_shipped_total")),
        quarantined=int(page.total("sidecar_events_quarantined_total")),
        oldest_pending=datetime.fromtimestamp(oldest, timezone.utc) if oldest else None,
    )


def ask_tables(database: Database) -> TablesStatus:
    """
    Raises:
        TemporarySinkError: the database cannot serve.
    """
    ((events,),) = database.query("SELECT COUNT(*) FROM tts_events")
    ((records,),) = database.query("SELECT COUNT(*) FROM tts_records")
    last = database.query("SELECT recorded_at FROM tts_events ORDER BY id DESC LIMIT 1")
    quarantined = database.query(
        "SELECT reason, COUNT(*) FROM sidecar_quarantine WHERE status = 'quarantined' GROUP BY reason"
    )
    shippers = database.query(
        "SELECT shipper, folder, ctime_ns, files, updated_at FROM sidecar_positions ORDER BY shipper, folder"
    )
    return TablesStatus(
        events=int(events),
        records=int(records),
        quarantined={str(reason): int(count) for reason, count in quarantined},
        last_event=last[0][0] if last else None,
        shippers=[
            {"shipper": row[0], "folder": row[1], "position": _moment(row[2]), "files": row[3], "moved_at": row[4]}
            for row in shippers
        ],
    )


def ask_folder(folder: Path, name: str, database: Database | None) -> FolderStatus:
    """
    Args:
        name: SIDECAR_NAME.
        database: None where it cannot serve; then only the folder is described.
    """
    status = FolderStatus(folder=str(folder))
    ctime_ns = 0
    if database is not None:
        rows = database.query(
            "SELECT ctime_ns, updated_at FROM sidecar_positions WHERE shipper = ? AND folder = ?",
            [name, printable(str(folder))],
        )
        if rows:
            ctime_ns, status.moved_at = int(rows[0][0]), rows[0][1]
            status.position = _moment(ctime_ns)
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_event_name(entry.name):
                    status.event_files += 1
                    status.newer += entry.stat(follow_symlinks=False).st_ctime_ns > ctime_ns
    except OSError as error:
        status.error = error.strerror or type(error).__name__
    return status


def _moment(nanoseconds: int) -> datetime | None:
    return datetime.fromtimestamp(nanoseconds / 1e9, timezone.utc) if nanoseconds else None
