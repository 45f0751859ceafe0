"""replay ships chosen files again; rebuild folds the log again, beside a shipper at work."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sidecar.upkeep.rebuild import rebuild
from tests.events import envelope, failed, publish, succeeded
from tests.integration.processes import running
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


def test_rebuild_while_events_arrive_loses_none(tmp_path: Path, mysql_url: str) -> None:
    scene = set_scene(tmp_path, mysql_url)
    for number in range(1, 400):
        publish(scene.folder, succeeded(sequence=number))
    with running(cwd=scene.place, settings=scene.settings) as shipper:
        shipper.shipped(399)
        spoken = threading.Event()

        def speak() -> None:
            for number in range(400, 800):
                publish(scene.folder, succeeded(sequence=number))
            spoken.set()

        speaker = threading.Thread(target=speak)
        speaker.start()
        rounds = late = 0
        while not spoken.is_set() or not rounds:
            late += rebuild(scene.database, lambda events, *_: iter(events)).late
            rounds += 1
        speaker.join()
        shipper.shipped(799)
    assert scene.query("SELECT COUNT(*), COUNT(DISTINCT event_id), SUM(status = 'succeeded') FROM tts_records") == [
        (799, 799, 799)
    ]
    assert scene.query("SELECT COUNT(*) FROM tts_events") == [(799,)]


def test_events_that_came_meanwhile_are_folded_after_the_swap(tmp_path: Path, mysql_url: str) -> None:
    """One that arrives in the middle of the fold is told by its id, wherever that sorts."""
    scene = set_scene(tmp_path, mysql_url)
    for _ in range(5):
        scene.speak(f"spk_{_}.wav")
    scene.ship()

    def interrupted(events: Iterable[Any], *_: object) -> Iterator[Any]:
        for number, event in enumerate(events):
            yield event
            if number == 2:
                for id_ in ("01900000-0000-7000-8000-000000000001", "01ff0000-0000-7000-8000-000000000001"):
                    publish(scene.folder, succeeded(id=id_, subject=id_))
                scene.ship()

    done = rebuild(scene.database, interrupted)
    assert (done.late, done.records) == (2, 7)
    with closing(scene.database()) as database:
        names = {str(row[0]) for row in database.query("SHOW TABLES LIKE 'tts_records%'")}
    assert names == {"tts_records"}
