"""Death at a seam: the shipper dies there, is started again, and the rows must be what the files say."""

from __future__ import annotations

import hashlib
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.events import encode, publish, succeeded
from tests.integration.processes import eventually, sidecar
from tests.servers import Server
from tests.torture.outcome import Line
from tests.torture.seams import SEAMS
from tests.torture.zygote import Zygote

GOOD = 7
# Valid by the schema and refused by every server: MariaDB's JSON ends at 32 levels, MySQL's at 100.
REFUSED = encode(succeeded(data={"deep": {}})).replace(b'"deep":{}', b'"deep":' + b"[" * 150 + b"]" * 150)
WHEN = {"first": 1, "middle": (GOOD + 1) // 2, "last": GOOD}
# Reached once in a batch, or once in a life.
ONCE = {"after scan", "before acknowledge", "after acknowledge", "during isolation", "before drain"}
# How often a connection commits before its first batch: the session, the check, the position, the quarantine's paths.
COMMITS_BEFORE = 4


@dataclass(frozen=True)
class CrashPoint:
    seam: str
    count: int
    """It dies when the seam is reached for the so manieth time."""
    name: str


def crash_points() -> Iterator[CrashPoint]:
    for seam in SEAMS:
        for when, number in WHEN.items():
            if seam in ONCE or "commit" in seam or "position" in seam or "mended" in seam or "quarantine" in seam:
                if when == "first":
                    yield CrashPoint(seam, COMMITS_BEFORE + 1 if "commit" in seam else 1, seam)
            else:
                yield CrashPoint(seam, number, f"{seam}, {when} event")


def make_database(server: Server, place: Path) -> str:
    """One for all crash points of a server: each has a folder and a shipper of its own."""
    name = server.create_database()
    sidecar("migrate", cwd=place, settings={"SIDECAR_DATABASE_URL": server.url(name)})
    return name


def die_at(point: CrashPoint, server: Server, database: str, zygote: Zygote, place: Path, name: str) -> Line:
    """
    Args:
        place: an empty folder.
        name: the shipper's, new for each crash point of a database.

    Raises:
        AssertionError: the seam was not reached, or what became of the bad files is wrong.
    """
    folder = place / "outputs"
    folder.mkdir()
    settings = {
        "SIDECAR_DATABASE_URL": server.url(database),
        "SIDECAR_WATCH_DIR": str(folder),
        "SIDECAR_NAME": name,
        "SIDECAR_LISTEN": "off" if point.seam != "before drain" else "127.0.0.1:0",
        "SIDECAR_SETTLE_SECONDS": "0",
        "SIDECAR_OVERLAP_SECONDS": "0.001",  # nothing is read again that the position covers
        "SIDECAR_STATEMENT_BYTES": "1024",  # a statement for each event
    }
    log = place / "log"
    mended = folder / "mended.json"
    mended.write_bytes(b"{")
    assert zygote.start(settings, log, "run", "--once").wait() == 0, log.read_text()

    log = place / "second.log"
    events = {folder / f"{number}.json": encode(succeeded(f"event {number}")) for number in range(GOOD - 1)}
    events[mended] = encode(succeeded("mended"))
    mended.unlink()
    for path, raw in events.items():
        publish(folder, raw, path.name)
    publish(folder, b"{broken", "broken.json")
    publish(folder, REFUSED, "refused.json")
    time.sleep(0.05)  # all of it is older than the overlap: the batch's position covers the batch

    seam = f"{point.seam}:{point.count}"
    if point.seam == "before drain":
        child = zygote.start(settings, log, "run", seam=seam)
        eventually(lambda: log.exists() and '"ready"' in log.read_text(), "the start")
        child.send(signal.SIGTERM)
    else:
        child = zygote.start(settings, log, "run", "--once", seam=seam)
    assert child.wait() == -signal.SIGKILL, f"the seam was not reached: {log.read_text()}"

    started = time.monotonic()
    assert zygote.start(settings, log, "run", "--once").wait() == 0, log.read_text()
    recovery = time.monotonic() - started
    with server.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT path, reason, status FROM sidecar_quarantine WHERE shipper = %s ORDER BY path", (name,))
        assert cursor.fetchall() == (
            (str(folder / "broken.json"), "invalid_json", "quarantined"),
            (str(mended), "invalid_json", "shipped"),
            (str(folder / "refused.json"), "rejected_by_sink", "quarantined"),
        )
        cursor.execute("SELECT path, sha256 FROM tts_events WHERE shipper = %s", (name,))
        stored = dict(cursor.fetchall())
        cursor.execute(
            "SELECT e.path FROM tts_records r JOIN tts_events e ON e.id = r.event_id WHERE e.shipper = %s", (name,)
        )
        records = Counter(row[0] for row in cursor.fetchall())
    line = Line(times=1, written=len(events), rows=records.total(), recovery=recovery)
    for path, raw in events.items():
        rows = records[str(path)]
        line.missing += not rows
        line.doubled += max(0, rows - 1)
        line.mismatched += stored.get(str(path)) != hashlib.sha256(raw).hexdigest()
    assert stored.keys() == set(map(str, events)), "rows that nobody wrote"
    return line
