"""replay ships chosen files again; rebuild folds the log again, beside a shipper at work."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from sidecar.upkeep.rebuild import rebuild
from tests.events import envelope, failed, publish, succeeded
from tests.integration.processes import running, sidecar
from tests.operate.scene import Scene, set_scene
from tests.servers import sqlite_url


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return set_scene(tmp_path, sqlite_url(tmp_path / "sidecar.db"))


def test_what_was_deleted_comes_back_and_what_is_there_stays(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    for number in range(1, 8):
        scene.speak(f"spk_{number}.wav", sequence=number)
    scene.ship()
    before = scene.records()
    scene.execute("DELETE FROM tts_events WHERE sequence > 4")
    scene.execute("DELETE FROM tts_records WHERE audio_path IN ('outputs/spk_6.wav', 'outputs/spk_1.wav')")
    facts = scene.facts("replay", "--all")
    assert (facts["chosen"], facts["new"], facts["known"], facts["refused"]) == (7, 3, 4, {})
    assert [row[1:] for row in scene.records()] == [row[1:] for row in before]
    assert scene.facts("verify")["findings"] == []


def test_files_are_chosen_by_time_source_and_name(scene: Scene) -> None:
    scene.speak("old.wav", time="2026-01-01T00:00:00.000000Z", source="indextts://studio/1")
    scene.speak("new.wav", time="2026-06-01T00:00:00.000000Z", source="indextts://studio/2")
    scene.speak("far.wav", time="2026-06-01T00:00:00.000000Z", source="indextts://render/1")
    chosen = {
        ("--since", "2026-03-01"): 2,
        ("--until", "2026-03-01"): 1,
        ("--source", "indextts://studio/*"): 2,
        ("--source", "indextts://studio/*", "--since", "2026-03-01"): 1,
        (str(scene.folder / "far.wav.json"),): 1,
        ("--all",): 3,
    }
    for arguments, count in chosen.items():
        facts = scene.facts("replay", "--dry-run", "--timezone", "UTC", *arguments)
        assert (facts["chosen"], facts["new"]) == (count, 0), arguments
    assert scene.query("SELECT COUNT(*) FROM tts_events") == [(0,)]


def test_a_named_file_that_is_not_there_is_a_mistake_and_nothing_is_shipped(scene: Scene) -> None:
    scene.speak("there.wav")
    name = str(scene.folder / "there.wav.json")
    done = sidecar("replay", name, "nope.json", cwd=scene.place, settings=scene.settings, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "nope.json is no event file of a watched folder" in done.stderr
    assert scene.query("SELECT COUNT(*) FROM tts_events") == [(0,)]
    assert scene.facts("replay", name, name)["new"] == 1


def test_nothing_chosen_is_a_mistake(scene: Scene) -> None:
    scene.run("replay", code=2)


def test_a_file_in_quarantine_that_was_mended_is_shipped_and_leaves_it(scene: Scene) -> None:
    (scene.folder / "spk_1.wav.json").write_bytes(b"{")
    scene.ship()
    assert scene.query("SELECT status FROM sidecar_quarantine") == [("quarantined",)]
    (scene.folder / "spk_1.wav.json").unlink()
    scene.speak("spk_1.wav")
    assert scene.facts("replay", "--all")["new"] == 1
    assert scene.query("SELECT status FROM sidecar_quarantine") == [("shipped",)]


def test_what_is_no_event_is_named(scene: Scene) -> None:
    (scene.folder / "broken.json").write_bytes(b"{")
    scene.speak("spk_1.wav")
    facts = scene.facts("replay", "--all", code=1)
    assert facts["new"] == 1
    assert list(facts["refused"]) == [str(scene.folder / "broken.json")]


def fill(scene: Scene) -> None:
    """Every way of folding: syntheses, a failure, an overwritten file, ratings out of order, a removal."""
    first = scene.speak("spk_1.wav", sequence=1)
    scene.speak("spk_1b.wav", sequence=2, data={"audio": {"path": "outputs/spk_1.wav", "replaces": first["id"]}})
    publish(scene.folder, failed(sequence=3))
    rated = {"rating": 2, "note": "too fast", "caller": {"user": "anna"}}
    publish(scene.folder, envelope("audio.rated", rated, subject=first["id"], time="2026-11-23T00:00:00.000000Z"))
    rated = rated | {"rating": 5, "note": "好"}
    publish(scene.folder, envelope("audio.rated", rated, subject=first["id"], time="2026-11-24T00:00:00.000000Z"))
    publish(scene.folder, envelope("audio.deleted", {"reason": "old"}, subject=first["id"]))
    scene.ship()


def test_rebuild_gives_the_same_records_with_the_same_ids(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    fill(scene)
    scene.execute("INSERT INTO tts_records (text_input, audio_path) VALUES ('of another program', 'x.wav')")
    before = scene.records()
    facts = scene.facts("rebuild")
    assert scene.records() == before
    assert (facts["events"], facts["unreadable"], facts["dropped"]) == (6, 0, 0)


def test_rebuild_undoes_what_somebody_did_to_the_table(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    fill(scene)
    before = scene.records()
    scene.execute("UPDATE tts_records SET emotion = 'furious', rating = NULL, status = 'lost', fold_key = '9:'")
    (row,) = scene.query("SELECT MIN(id) FROM tts_records")
    scene.execute(
        "INSERT INTO tts_records (text_input, audio_path, event_id) "
        "VALUES ('made up', '', '01920000-0000-7000-8000-000000000000')"
    )
    assert scene.facts("rebuild")["dropped"] == 1
    assert scene.records() == before
    assert row == scene.query("SELECT MIN(id) FROM tts_records")[0]


def test_a_rebuild_of_what_is_right_touches_nothing(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    fill(scene)
    scene.execute(_TRIGGER[database_url.partition(":")[0]])
    scene.execute("CREATE TABLE touched (id INTEGER)" if "sqlite" in database_url else "CREATE TABLE touched (id INT)")
    facts = scene.facts("rebuild")
    assert (facts["added"], facts["changed"], facts["dropped"]) == (0, 0, 0)
    assert scene.query("SELECT COUNT(*) FROM touched") == [(0,)]


_TRIGGER = {
    "mysql": "CREATE TRIGGER watches AFTER UPDATE ON tts_records FOR EACH ROW INSERT INTO touched VALUES (NEW.id)",
    "sqlite": "CREATE TRIGGER watches AFTER UPDATE ON tts_records BEGIN INSERT INTO touched VALUES (NEW.id); END",
}


def test_what_people_built_on_the_table_stays(tmp_path: Path, database_url: str) -> None:
    """Columns of their own, also generated ones and one with a reserved name, triggers, foreign keys, rows."""
    scene = set_scene(tmp_path, database_url)
    fill(scene)
    scene.execute("INSERT INTO tts_records (text_input, audio_path) VALUES ('of another program', 'x.wav')")
    own = "INTEGER" if "sqlite" in database_url else "BIGINT"
    quoted = '"order"' if "sqlite" in database_url else "`order`"
    for column in ("project TEXT", f"{quoted} {own}", "twice DOUBLE GENERATED ALWAYS AS (duration * 2) VIRTUAL"):
        scene.execute(f"ALTER TABLE tts_records ADD COLUMN {column}")
    scene.execute(f"CREATE TABLE notes (record {own}, FOREIGN KEY (record) REFERENCES tts_records (id))")
    scene.execute("INSERT INTO notes SELECT id FROM tts_records")
    scene.execute("CREATE TABLE touched (id INTEGER)")
    scene.execute(_TRIGGER[database_url.partition(":")[0]])
    scene.execute(f"UPDATE tts_records SET project = 'p', {quoted} = id")
    scene.execute("DELETE FROM touched")
    before = scene.records()
    scene.execute("UPDATE tts_records SET emotion = 'furious' WHERE status = 'failed'")
    facts = scene.facts("rebuild")
    assert (facts["added"], facts["changed"], facts["dropped"], facts["kept"]) == (0, 1, 0, 0)
    assert scene.records() == before
    assert scene.query("SELECT COUNT(*) FROM touched") == [(2,)]  # by hand, and back
    assert scene.query("SELECT COUNT(*) FROM notes n JOIN tts_records r ON r.id = n.record") == [(len(before),)]


def test_a_record_without_events_that_a_table_refers_to_is_kept(tmp_path: Path, mysql_url: str) -> None:
    scene = set_scene(tmp_path, mysql_url)
    fill(scene)
    for number in (1, 2):
        id_ = f"01920000-0000-7000-8000-00000000000{number}"
        scene.execute(f"INSERT INTO tts_records (text_input, audio_path, event_id) VALUES ('made up', '', '{id_}')")
    scene.execute("CREATE TABLE notes (record BIGINT, FOREIGN KEY (record) REFERENCES tts_records (id))")
    scene.execute("INSERT INTO notes SELECT MAX(id) FROM tts_records")
    facts = scene.facts("rebuild")
    assert (facts["dropped"], facts["kept"]) == (1, 1)


def test_an_empty_table_is_filled_again(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    fill(scene)
    before = [row[1:] for row in scene.records()]
    scene.execute("DELETE FROM tts_records")
    assert scene.facts("rebuild")["added"] == len(before)
    assert [row[1:] for row in scene.records()] == before


def test_a_record_of_events_that_cannot_be_read_stays_as_it_is(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    fill(scene)
    scene.execute("UPDATE tts_events SET event = '{}' WHERE type = 'indextts.synthesis.failed'")
    before = scene.records()
    assert (scene.facts("rebuild")["unreadable"], scene.records()) == (1, before)


def test_rebuild_while_events_and_rows_of_others_arrive_loses_none(tmp_path: Path, mysql_url: str) -> None:
    scene = set_scene(tmp_path, mysql_url)
    for number in range(1, 300):
        publish(scene.folder, succeeded(sequence=number))
    with running(cwd=scene.place, settings=scene.settings) as shipper:
        shipper.shipped(299)
        spoken = threading.Event()

        def speak() -> None:
            with closing(scene.database()) as database:
                for number in range(300, 600):
                    publish(scene.folder, succeeded(sequence=number))
                    database.execute("INSERT INTO tts_records (text_input, audio_path) VALUES ('of another', 'x.wav')")
            spoken.set()

        speaker = threading.Thread(target=speak)
        speaker.start()
        with closing(scene.database()) as database:
            while not spoken.is_set():
                database.execute("UPDATE tts_records SET emotion = 'furious', rating = 1 WHERE event_id IS NOT NULL")
                rebuild(database, lambda items, *_: iter(items))
        speaker.join()
        shipper.shipped(599)
    scene.run("rebuild")
    assert scene.query("SELECT COUNT(*), COUNT(DISTINCT event_id), SUM(emotion = 'furious') FROM tts_records") == [
        (899, 599, 0)
    ]
    assert scene.query("SELECT COUNT(*) FROM tts_events") == [(599,)]
