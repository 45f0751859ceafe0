"""Poisoned files and what must become of each: stored exactly, put aside, left alone, or known by its id already."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymysql.cursors import SSCursor

from sidecar.errors import EventError, NotAnEvent
from sidecar.event.event import Event
from sidecar.shipping.limits import FolderLimits
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
    meaning: str = ""
    """See meaning()."""

    @classmethod
    def of(cls, raw: bytes) -> Sent:
        sha256 = hashlib.sha256(raw).hexdigest()
        if len(raw) > _MAX_BYTES:
            return cls(sha256, "")
        try:
            return cls(sha256, Event.decode(raw).id, meaning=meaning(raw))
        except NotAnEvent:
            return cls(sha256, "", foreign=True)
        except EventError:
            return cls(sha256, "")


def meaning(raw: str | bytes) -> str:
    """The same for all JSON that says the same: MySQL sorts the members, and its numbers are 64 bits wide. OceanBase's
    zero has no sign, and of a number beyond 64 bits it keeps the first 15 digits.
    """

    def number(text: str) -> float:
        return float(f"{float(text):.15g}") + 0.0

    document = json.loads(raw, parse_int=number, parse_float=number)
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def settle(
    sent: dict[str, Sent], stored: Iterable[tuple[str, str, str, str]], aside: Iterable[str], *, verbatim: bool
) -> tuple[Line, Poison]:
    """The books against the tables.

    Args:
        sent: by file name.
        stored: path, SHA-256, id and event of each row of tts_events.
        aside: path of each row of sidecar_quarantine.
        verbatim: whether this database keeps JSON byte by byte.
    """
    line = Line(times=len(sent), written=len(sent))
    times: Counter[str] = Counter()
    ids = set()
    for path, sha256, id_, event in stored:
        name = Path(path).name
        times[name] += 1
        ids.add(id_)
        entry = sent.get(name)
        kept = (
            hashlib.sha256(event.encode()).hexdigest() == sha256
            if verbatim
            else entry and entry.meaning == meaning(event)
        )
        line.mismatched += entry is None or entry.sha256 != sha256 or not kept
    refused = {Path(path).name for path in aside}
    line.rows, line.doubled = times.total(), times.total() - len(times)
    found = Poison(stored=len(times), quarantined=len(refused))
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
                    return not shipper.total("sidecar_pending_events") and _known(server, database, sent) == len(sent)

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


def _known(server: Server, database: str, sent: dict[str, Sent]) -> int:
    """How many of the files have an outcome; no two hold the same event."""
    with server.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT COUNT(*) FROM tts_events) + (SELECT COUNT(*) FROM sidecar_quarantine)")
        row = cursor.fetchone()
    assert row is not None, "a SELECT of a number has one row"
    return int(row[0]) + sum(entry.foreign for entry in sent.values())


def _settled(server: Server, database: str, sent: dict[str, Sent]) -> tuple[Line, Poison]:
    with server.connect(database) as connection, connection.cursor(SSCursor) as cursor:
        cursor.execute("SELECT path FROM sidecar_quarantine")
        aside = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT path, sha256, id, event FROM tts_events")
        stored: Any = cursor.fetchall_unbuffered()
        return settle(sent, stored, aside, verbatim=server.kind == "mariadb")
