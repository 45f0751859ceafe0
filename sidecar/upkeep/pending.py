"""What was forgotten and is not gone, or not known to be gone, from one host and the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sidecar.answers.folders import Folders
from sidecar.event.types import FORGOTTEN
from sidecar.shipping.tree import not_shipped
from sidecar.storage.database import Database
from sidecar.storage.tombstones import forgotten, ids_in
from sidecar.upkeep.documents import documents, unreadable
from sidecar.upkeep.erasures import hosts


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where it is forgotten."""

    database: Database
    folders: Sequence[Path]
    """The watched folders, in which files are removed."""
    host: str
    """This machine's name as events have it."""
    shipper: str
    """SIDECAR_NAME."""


def pending(place: Place) -> frozenset[str]:
    """Ids of what was forgotten and is not gone, or not known to be gone, from this host and the database."""
    database = place.database
    left: set[str] = set()
    for host, (_, ids) in hosts(database).items():
        if host == place.host:
            left |= ids
    tombs = f"tts_events t ON t.type = '{FORGOTTEN}'"
    for sql in (
        f"SELECT e.subject FROM tts_events e JOIN {tombs} AND t.subject = e.subject AND e.type <> '{FORGOTTEN}'",
        f"SELECT e.id FROM tts_events e JOIN {tombs} AND t.subject = e.id AND e.type <> '{FORGOTTEN}'",
        f"SELECT r.event_id FROM tts_records r JOIN {tombs} AND t.subject = r.event_id",
    ):
        left.update(str(row[0]) for row in database.query(sql))
    here, told = set(), set()
    for folder in place.folders:
        for document in documents(folder, []):
            if not document.erases:
                here |= ids_in(document.raw)
            elif document.event is not None and document.event.get("type") == FORGOTTEN:
                told.add(str(document.event.get("subject")))
    known = forgotten(database, here | told)
    return frozenset(left | (here & (known | told)) | (told - known))


def unseen(place: Place) -> list[str]:
    """The folders that other shippers of the database watch, those below ours that hold events and that nobody
    watches, and files of ours that cannot be read: what is not shipped from there is known there alone."""
    known = Folders(place.folders)
    rows = place.database.query("SELECT shipper, folder FROM sidecar_positions ORDER BY shipper, folder")
    below = [each for folder in place.folders for each in not_shipped(folder, place.folders)]
    others = [
        f"{shipper}: {folder}" for shipper, folder in rows if shipper != place.shipper or not known.of(f"{folder}/any")
    ]
    return others + sorted(set(map(str, below))) + [line for folder in place.folders for line in unreadable(folder)]
