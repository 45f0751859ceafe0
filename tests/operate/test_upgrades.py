"""Tables may be newer than the program: a migration only adds, so an older shipper goes on through it."""

from __future__ import annotations

import re
import threading
from pathlib import Path

from sidecar.storage.migrations import migrations
from tests.events import publish, succeeded
from tests.integration.processes import running
from tests.operate.scene import set_scene

# What 004 finds where 003 was the last; the rows that a shipper has made by then stay.
BEFORE_004 = (
    "ALTER TABLE sidecar_positions MODIFY shipper VARCHAR(64) NOT NULL",
    "ALTER TABLE sidecar_quarantine MODIFY shipper VARCHAR(64) NOT NULL",
    "DELETE FROM sidecar_migrations WHERE number = 4",
)
# What a later release's migrations may do: a column that may be null, a column with a default, an index, a table.
EXPANSIONS = (
    "ALTER TABLE tts_records ADD COLUMN from_the_future VARCHAR(32) NULL",
    "ALTER TABLE tts_events ADD COLUMN from_the_future INT NOT NULL DEFAULT 0",
    "ALTER TABLE sidecar_positions ADD COLUMN from_the_future INT NOT NULL DEFAULT 0",
    "CREATE INDEX idx_from_the_future ON tts_records (status, created_at)",
    "CREATE TABLE from_the_future (id BIGINT NOT NULL PRIMARY KEY)",
)
# What contracts: none of it may be in a migration while a supported version needs it.
CONTRACTIONS = re.compile(r"\b(DROP\s+(COLUMN|TABLE)|RENAME|CHANGE\s+COLUMN|TRUNCATE|DELETE\s+FROM)\b", re.IGNORECASE)


def test_an_older_shipper_goes_on_through_a_migration(tmp_path: Path, mysql_url: str) -> None:
    scene = set_scene(tmp_path, mysql_url)
    stop = threading.Event()
    written: list[str] = []

    def speak() -> None:
        while not stop.wait(0.005):
            event = succeeded(sequence=len(written) + 1)
            publish(scene.folder, event)
            written.append(event["id"])

    with running(cwd=scene.place, settings=scene.settings) as shipper:
        speaker = threading.Thread(target=speak)
        speaker.start()
        shipper.shipped(1)
        for statement in BEFORE_004:
            scene.execute(statement)
        assert "applied 004_exact_shippers" in scene.run("migrate")
        for statement in EXPANSIONS:
            scene.execute(statement)
        scene.execute("INSERT INTO sidecar_migrations VALUES (999, '999_from_the_future', UTC_TIMESTAMP(6))")
        before = len(written)
        while len(written) < before + 50:
            stop.wait(0.01)
        stop.set()
        speaker.join()
        shipper.shipped(len(written))
        assert not shipper.total("sidecar_events_quarantined_total")
    assert {row[0] for row in scene.query("SELECT event_id FROM tts_records")} == set(written)
    # Also one that starts now, and the commands.
    publish(scene.folder, succeeded(sequence=len(written) + 1))
    scene.ship()
    assert scene.query("SELECT COUNT(*) FROM tts_records") == [(len(written) + 1,)]
    assert scene.facts("rebuild")["records"] == len(written) + 1
    assert scene.run("migrate").startswith("the tables are up to date")


def test_no_migration_takes_anything_away() -> None:
    for dialect in ("mysql", "sqlite"):
        for migration in migrations(dialect):
            for statement in migration.statements:
                assert not CONTRACTIONS.search(statement), migration.name
