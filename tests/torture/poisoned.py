"""Poisoned files and what must become of each: stored exactly, put aside, left alone, or known by its id already."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sidecar.errors import EventError, NotAnEvent
from sidecar.event import Event
from sidecar.folder import FolderLimits
from tests.events import publish
from tests.integration.processes import eventually, running, sidecar
from tests.servers import Server
from tests.torture.outcome import Line, Poison
from tests.torture.poison import corpus

PARTS = 4
_SECONDS = 900.0
_MAX_BYTES = FolderLimits().event_max_bytes  # larger ones are not even looked into


@dataclass(frozen=True)
class Sent:
    """One poisoned file, as its writer's books have it."""

    sha256: str
    id: str
    """Of the event that it holds; empty where it holds none."""
    foreign: bool = False
    """Whether it is another program's file."""

    @classmethod
    def of(cls, raw: bytes) -> Sent:
        sha256 = hashlib.sha256(raw).hexdigest()
        if len(raw) > _MAX_BYTES:
            return cls(sha256, "")
        try:
            return cls(sha256, Event.decode(raw).id)
        except NotAnEvent:
            return cls(sha256, "", foreign=True)
        except EventError:
            return cls(sha256, "")


def settle(sent: dict[str, Sent], stored: Iterable[tuple[str, str, str]], aside: Iterable[str]) -> tuple[Line, Poison]:
    """The books against the tables.

    Args:
        sent: by file name.
        stored: path, SHA-256 and id of each row of tts_events.
        aside: path of each row of sidecar_quarantine.
    """
    rows = [(Path(path).name, sha256, id_) for path, sha256, id_ in stored]
    times = Counter(name for name, _, _ in rows)
    ids = {id_ for _, _, id_ in rows}
    refused = {Path(path).name for path in aside}
    line = Line(times=len(sent), written=len(sent), rows=len(rows), doubled=sum(times.values()) - len(times))
    line.mismatched = sum(name not in sent or sent[name].sha256 != sha256 for name, sha256, _ in rows)
    found = Poison(stored=len(rows), quarantined=len(refused))
    for name, entry in sent.items():
        known = (name in times) + (name in refused)
        if entry.foreign:
            found.foreign += not known
            line.mismatched += bool(known)
        elif not known and entry.id in ids:
            found.repeated += 1
        else:
            line.missing += not known
            # One that is no event by its own bytes is put aside; none is both.
            line.mismatched += known > 1 or (name in times and not entry.id)
    return line, found


def ship(server: Server, *, seed: int, count: int) -> tuple[Line, Poison]:
    """Write them in four parts for one shipper that lives through all of them.

    Raises:
        AssertionError: the shipper ended, or did not get through.
    """
    sent: dict[str, Sent] = {}
    database = server.create_database()
    with tempfile.TemporaryDirectory(prefix="poison-") as name:
        place = Path(name)
        folder = place / "outputs"
        folder.mkdir()
        settings = {
            "SIDECAR_DATABASE_URL": server.url(database),
            "SIDECAR_WATCH_DIR": str(folder),
            "SIDECAR_SETTLE_SECONDS": "0",
            "SIDECAR_LOG_LEVEL": "info",
        }
        sidecar("migrate", cwd=place, settings=settings)
        with running(cwd=place, settings=settings) as shipper:
            eventually(lambda: shipper.get("/readyz")[0] == 200, "the start")
            resident = [shipper.total("process_resident_memory_bytes") / 2**20]
            for part in range(PARTS):
                files = _write(folder, corpus(seed + part, count // PARTS), len(sent), sent)

                def through() -> bool:
                    assert shipper.process.poll() is None, f"it ended: {shipper.log[-3000:]}"
                    seen = shipper.metrics()
                    if seen["sidecar_pending_events"] or seen["sidecar_events_discovered_total"] < len(sent):
                        return False
                    return not _settled(server, database, sent)[0].missing

                eventually(through, "a part of the poison", _SECONDS, pause=0.5)
                resident.append(shipper.total("process_resident_memory_bytes") / 2**20)
                for path in files:
                    path.unlink()
    line, found = _settled(server, database, sent)
    found.resident = resident
    return line, found


def _write(folder: Path, contents: Iterator[bytes], number: int, sent: dict[str, Sent]) -> list[Path]:
    files: list[Path] = []
    for raw in contents:
        name = f"{number + len(files)}.json"
        files.append(publish(folder, raw, name))
        sent[name] = Sent.of(raw)
    return files


def _settled(server: Server, database: str, sent: dict[str, Sent]) -> tuple[Line, Poison]:
    with server.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT path, sha256, id FROM tts_events")
        stored: Any = cursor.fetchall()
        cursor.execute("SELECT path FROM sidecar_quarantine")
        aside = [row[0] for row in cursor.fetchall()]
    return settle(sent, stored, aside)
