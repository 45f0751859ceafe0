"""Tables may be newer than the program: a migration only adds, so an older shipper goes on through it.

They may also be older than the first release, which made them in two steps of what had been six.
"""

from __future__ import annotations

import re
import threading
from contextlib import closing
from pathlib import Path

import pytest

from sidecar.storage.migrations import migrations
from tests.events import failed, publish, started, succeeded
from tests.integration.processes import running, sidecar
from tests.operate.scene import Scene, set_scene

OLD = Path(__file__).parent / "old_migrations"
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
        scene.execute("DELETE FROM sidecar_migrations WHERE number = 2")
        assert "applied 002_views" in scene.run("migrate")
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


def test_a_view_of_before_tells_users_apart_after_a_migrate(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    scene.execute("DROP VIEW tts_emotion_usage")
    scene.execute("CREATE VIEW tts_emotion_usage AS SELECT 1 AS takes FROM tts_records")
    scene.execute("DELETE FROM sidecar_migrations WHERE number = 8")
    assert scene.run("migrate").startswith("applied 008_emotion_usage\n")
    for name in ("anna", "anna ", "ANNA"):
        scene.speak(f"{len(name)}{name[0]}.wav", data={"caller": {"user": name}})
    scene.ship()
    assert scene.query("SELECT takes FROM tts_emotion_usage") == [(1,)] * 3


def test_no_migration_takes_anything_away() -> None:
    for dialect in ("mysql", "sqlite"):
        for migration in migrations(dialect):
            for statement in migration.statements:
                assert not CONTRACTIONS.search(statement), migration.name


def old_tables(place: Path, url: str, steps: int) -> Scene:
    """A folder, and tables as a checkout with so many of the six steps has made them."""
    (place / "outputs").mkdir()
    scene = Scene(place, {"SIDECAR_DATABASE_URL": url, "SIDECAR_WATCH_DIR": str(place / "outputs")})
    with closing(scene.database()) as database:
        database.execute(
            "CREATE TABLE sidecar_migrations (number INT NOT NULL PRIMARY KEY, name VARCHAR(255) NOT NULL, "
            "applied_at DATETIME(6) NOT NULL) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
        )
        for number, path in enumerate(sorted(OLD.glob("*.sql"))[:steps], 1):
            script = re.sub(r"^--.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
            for statement in filter(None, map(str.strip, script.split(";\n"))):
                database.execute(statement)
            database.execute("INSERT INTO sidecar_migrations VALUES (?, ?, UTC_TIMESTAMP(6))", (number, path.stem))
    return scene


def test_tables_made_in_six_steps_go_on_as_they_are(tmp_path: Path, own_tables_url: str) -> None:
    scene = old_tables(tmp_path, own_tables_url, 6)
    applied = [each.name for each in migrations("mysql") if each.number > 6]
    assert scene.run("migrate").startswith("".join(f"applied {name}\n" for name in applied))
    events = [succeeded(), failed()]
    for event in events:
        publish(scene.folder, event)
    scene.ship()
    scene.ship()  # an upsert of the same
    assert {row[0] for row in scene.query("SELECT event_id FROM tts_records")} == {event["id"] for event in events}
    assert scene.facts("rebuild")["records"] == len(events)
    assert "table version" in scene.run("doctor", "--json")
    assert len(scene.run("find", "欢迎", "--json").splitlines()) == 1
    assert scene.query("SELECT type FROM tts_timeline WHERE error_type IS NOT NULL") == [("indextts.synthesis.failed",)]


def test_processes_that_an_older_program_only_logged_are_told_after_a_rebuild(
    tmp_path: Path, database_url: str
) -> None:
    scene = set_scene(tmp_path, database_url)
    for event in (process := started(), succeeded(source=process["source"])):
        publish(scene.folder, event)
    scene.ship()
    scene.execute("DROP TABLE tts_processes")
    scene.execute("DELETE FROM sidecar_migrations WHERE name = '010_processes'")
    done = sidecar("run", "--once", "--listen", "off", cwd=scene.place, settings=scene.settings, check=False)
    assert (done.returncode, "010_processes is not applied" in done.stderr) == (1, True), done.stderr
    assert scene.run("migrate").startswith("applied 010_processes\n")
    assert scene.query("SELECT COUNT(*) FROM tts_processes") == [(0,)]
    assert scene.facts("rebuild")["processes"] == 1
    assert scene.query("SELECT p.torch FROM tts_records r JOIN tts_processes p ON p.source = r.source") == [
        ("2.8.0+cu128",)
    ]


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_tables_made_in_some_of_six_steps_are_told_what_to_do(tmp_path: Path, own_tables_url: str, steps: int) -> None:
    scene = old_tables(tmp_path, own_tables_url, steps)
    for arguments in (("migrate",), ("run", "--once", "--listen", "off")):
        done = sidecar(*arguments, cwd=scene.place, settings=scene.settings, check=False)
        assert done.returncode == 1
        assert "an unreleased version" in done.stderr
        assert "Run `sidecar migrate` of the last checkout" in done.stderr


def test_columns_that_a_killed_migration_has_added_are_taken_as_they_are(tmp_path: Path, database_url: str) -> None:
    """MySQL commits each ALTER by itself: the migration may be done and not noted."""
    scene = set_scene(tmp_path, database_url)
    timing = {"wall": 2.0, "elapsed": 9.5, "stage": "s2mel"}
    publish(scene.folder, failed(data={"timing": timing, "generation": {"tokens": 321}}))
    scene.ship()
    found = "SELECT tokens, elapsed_time, last_stage, wall_time FROM tts_records"
    assert scene.query(found) == [(321, 9.5, "s2mel", 2.0)]
    scene.execute("DELETE FROM sidecar_migrations WHERE name = '012_generation'")
    assert scene.run("migrate").startswith("applied 012_generation\n")
    assert scene.query(found) == [(321, 9.5, "s2mel", 2.0)]
