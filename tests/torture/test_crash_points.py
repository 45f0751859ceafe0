"""The process dies at every seam, at the first, a middle and the last event of a batch, and is started again."""

from __future__ import annotations

import hashlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.events import encode, publish, succeeded
from tests.integration.processes import eventually, sidecar
from tests.servers import Server
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


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote() as started:
        yield started


@pytest.fixture(scope="module")
def databases() -> dict[str, str]:
    return {}


@pytest.fixture
def database(server: Server, databases: dict[str, str], tmp_path: Path) -> str:
    """One for all cases of a server: each has a folder and a shipper of its own."""
    if server.kind not in databases:
        databases[server.kind] = name = server.create_database()
        sidecar("migrate", cwd=tmp_path, settings={"SIDECAR_DATABASE_URL": server.url(name)})
    return databases[server.kind]


def cases() -> Iterator[Any]:
    for seam in SEAMS:
        for when, number in WHEN.items():
            if seam in ONCE or "commit" in seam or "position" in seam or "mended" in seam or "quarantine" in seam:
                if when == "first":
                    yield pytest.param(seam, COMMITS_BEFORE + 1 if "commit" in seam else 1, id=seam)
            else:
                yield pytest.param(seam, number, id=f"{seam}, {when} event")


@pytest.mark.parametrize(("seam", "count"), list(cases()))
def test_dying_at_a_seam_loses_nothing_and_doubles_nothing(
    seam: str, count: int, server: Server, database: str, zygote: Zygote, tmp_path: Path
) -> None:
    folder = tmp_path / "outputs"
    folder.mkdir()
    name = f"{tmp_path.parent.name}-{tmp_path.name}"[-64:].replace("_", "-").strip("-")
    settings = {
        "SIDECAR_DATABASE_URL": server.url(database),
        "SIDECAR_WATCH_DIR": str(folder),
        "SIDECAR_NAME": name,
        "SIDECAR_LISTEN": "off" if seam != "before drain" else "127.0.0.1:0",
        "SIDECAR_SETTLE_SECONDS": "0",
        "SIDECAR_OVERLAP_SECONDS": "0.001",  # nothing is read again that the position covers
        "SIDECAR_STATEMENT_BYTES": "1024",  # a statement for each event
    }
    log = tmp_path / "log"
    mended = folder / "mended.json"
    mended.write_bytes(b"{")
    assert zygote.start(settings, log, "run", "--once").wait() == 0, log.read_text()

    log = tmp_path / "second.log"
    events = {folder / f"{number}.json": encode(succeeded(f"event {number}")) for number in range(GOOD - 1)}
    events[mended] = encode(succeeded("mended"))
    mended.unlink()
    for path, raw in events.items():
        publish(folder, raw, path.name)
    publish(folder, b"{broken", "broken.json")
    publish(folder, REFUSED, "refused.json")
    time.sleep(0.05)  # all of it is older than the overlap: the batch's position covers the batch

    if seam == "before drain":
        child = zygote.start(settings, log, "run", seam=f"{seam}:{count}")
        eventually(lambda: log.exists() and '"ready"' in log.read_text(), "the start")
        child.send(signal.SIGTERM)
    else:
        child = zygote.start(settings, log, "run", "--once", seam=f"{seam}:{count}")
    assert child.wait() == -signal.SIGKILL, f"the seam was not reached: {log.read_text()}"

    assert zygote.start(settings, log, "run", "--once").wait() == 0, log.read_text()
    with server.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT path, sha256 FROM tts_events WHERE shipper = %s", (name,))
        stored = cursor.fetchall()
        assert dict(stored) == {str(path): hashlib.sha256(raw).hexdigest() for path, raw in events.items()}
        assert len(stored) == GOOD
        cursor.execute(
            "SELECT COUNT(*), COUNT(DISTINCT r.event_id) FROM tts_records r JOIN tts_events e ON e.id = r.event_id "
            "WHERE e.shipper = %s",
            (name,),
        )
        assert cursor.fetchone() == (GOOD, GOOD)
        cursor.execute("SELECT path, reason, status FROM sidecar_quarantine WHERE shipper = %s ORDER BY path", (name,))
        assert cursor.fetchall() == (
            (str(folder / "broken.json"), "invalid_json", "quarantined"),
            (str(mended), "invalid_json", "shipped"),
            (str(folder / "refused.json"), "rejected_by_sink", "quarantined"),
        )
