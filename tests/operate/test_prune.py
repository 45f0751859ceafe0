"""Retention removes what is old and committed, and nothing else."""

from __future__ import annotations

import json
import os
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from sidecar.event.publish import Publisher
from sidecar.upkeep.prune import Policy, carry_out, plan
from tests.events import envelope, failed, publish, rfc3339
from tests.operate.scene import Scene, make_old_wavs, make_wav, set_scene
from tests.servers import sqlite_url


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return set_scene(tmp_path, sqlite_url(tmp_path / "sidecar.db"))


def days_ago(days: float) -> str:
    return rfc3339(datetime.now(timezone.utc) - timedelta(days=days))


def age(path: Path, days: float) -> None:
    at = (datetime.now(timezone.utc) - timedelta(days=days)).timestamp()
    os.utime(path, (at, at))


def speak_over_days(scene: Scene) -> None:
    for number, days in enumerate((100, 50, 10, 1), start=1):
        scene.speak(f"spk_{number}.wav", sequence=number, time=days_ago(days))
        age(scene.folder / f"spk_{number}.wav", days)
    scene.ship()


def wavs(scene: Scene) -> list[str]:
    return sorted(path.name for path in scene.folder.glob("*.wav"))


def test_a_dry_run_touches_nothing(scene: Scene) -> None:
    speak_over_days(scene)
    before = {path: path.read_bytes() for path in scene.folder.iterdir()}
    facts = scene.facts("prune", "--older-than", "30d")
    assert (facts["audio_files"], facts["done"]) == (2, False)
    assert facts["bytes"] == sum(len(before[scene.folder / f"spk_{number}.wav"]) for number in (1, 2))
    assert {path: path.read_bytes() for path in scene.folder.iterdir()} == before


def test_old_audio_goes_and_its_record_says_when(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    speak_over_days(scene)
    assert scene.facts("prune", "--older-than", "30d", "--yes")["audio_files"] == 2
    assert wavs(scene) == ["spk_3.wav", "spk_4.wav"]
    scene.ship()
    deleted = scene.query("SELECT audio_path FROM tts_records WHERE deleted_at IS NOT NULL ORDER BY 1")
    assert deleted == [("outputs/spk_1.wav",), ("outputs/spk_2.wav",)]
    assert scene.facts("verify")["findings"] == []
    assert scene.facts("prune", "--older-than", "30d", "--yes")["audio_files"] == 0


def test_the_oldest_go_until_the_rest_fits(scene: Scene) -> None:
    speak_over_days(scene)
    size = (scene.folder / "spk_1.wav").stat().st_size
    scene.run("prune", "--max-size", f"{2 * size}", "--yes")
    assert wavs(scene) == ["spk_3.wav", "spk_4.wav"]


def test_what_is_not_committed_stays(scene: Scene) -> None:
    speak_over_days(scene)
    scene.speak("late.wav", time=days_ago(200))
    scene.execute("DELETE FROM tts_events WHERE sequence = 1")
    facts = scene.facts("prune", "--older-than", "30d", "--remove", "everything", "--yes")
    assert (facts["audio_files"], facts["kept_uncommitted"]) == (1, 2)
    assert wavs(scene) == ["late.wav", "spk_1.wav", "spk_3.wav", "spk_4.wav"]


def test_what_was_changed_since_it_was_committed_stays(scene: Scene) -> None:
    speak_over_days(scene)
    path = scene.folder / "spk_1.wav.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=1))
    assert scene.facts("prune", "--older-than", "60d", "--yes")["kept_uncommitted"] == 1
    assert "spk_1.wav" in wavs(scene)


def test_wavs_without_an_event_stay(scene: Scene) -> None:
    names = make_old_wavs(scene.folder, 3)
    facts = scene.facts("prune", "--older-than", "1d", "--max-size", "0", "--yes")
    assert (facts["audio_files"], facts["kept_unrecorded"]) == (0, 3)
    assert wavs(scene) == names


def test_files_go_and_rows_stay(scene: Scene) -> None:
    speak_over_days(scene)
    publish(scene.folder, failed(sequence=5, time=days_ago(90)), name="failed.json")
    scene.ship()
    assert scene.facts("prune", "--older-than", "30d", "--remove", "files", "--yes")["syntheses"] == 3
    left = {path.name for path in scene.folder.iterdir()}
    assert {"spk_3.wav", "spk_3.wav.json", "spk_4.wav", "spk_4.wav.json"} <= left
    assert not left & {"spk_1.wav", "spk_1.wav.json", "spk_2.wav.json", "failed.json"}
    scene.ship()
    assert scene.query("SELECT COUNT(*) FROM tts_records") == [(5,)]
    assert scene.query("SELECT COUNT(*) FROM tts_records WHERE deleted_at IS NOT NULL") == [(2,)]


def test_everything_goes_and_does_not_come_back(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    speak_over_days(scene)
    scene.run("prune", "--older-than", "30d", "--remove", "everything", "--yes")
    scene.ship()
    assert scene.query("SELECT COUNT(*) FROM tts_records") == [(2,)]
    assert scene.query("SELECT COUNT(*) FROM tts_events WHERE type <> 'indextts.events.erased'") == [(2,)]
    assert len(list(scene.folder.iterdir())) == 5


def test_a_file_that_was_overwritten_is_as_old_as_its_latest_record(scene: Scene) -> None:
    first = scene.speak("spk_1.wav", sequence=1, time=days_ago(100))
    (scene.folder / "spk_1.wav.json").rename(scene.folder / "kept.json")
    again = scene.speak("spk_1.wav", sequence=2, time=days_ago(1), seconds=0.5)
    (scene.folder / "spk_1.wav.json").unlink()
    again["data"]["audio"]["replaces"] = first["id"]
    publish(scene.folder, again, name="spk_1.wav.2.json")
    (scene.folder / "kept.json").rename(scene.folder / "spk_1.wav.json")
    scene.ship()
    assert scene.facts("prune", "--older-than", "30d", "--yes")["audio_files"] == 0
    assert wavs(scene) == ["spk_1.wav"]


@pytest.mark.parametrize("remove", ["audio", "files", "everything"])
def test_audio_that_was_made_anew_under_an_old_name_stays(tmp_path: Path, database_url: str, remove: str) -> None:
    """Other content, or the same written again, which a reused take is: no event tells of either yet."""
    scene = set_scene(tmp_path, database_url)
    speak_over_days(scene)
    make_wav(scene.folder / "spk_1.wav", seed=77)
    age(scene.folder / "spk_1.wav", 100)
    again = (scene.folder / "spk_2.wav").read_bytes()
    (scene.folder / "spk_2.wav").write_bytes(again)
    facts = scene.facts("prune", "--older-than", "5d", "--remove", remove, "--yes")
    assert (facts["syntheses"], facts["kept_changed"]) == (1, 2)
    assert wavs(scene) == ["spk_1.wav", "spk_2.wav", "spk_4.wav"]
    assert {"spk_1.wav.json", "spk_2.wav.json"} <= {path.name for path in scene.folder.iterdir()}
    assert scene.query("SELECT COUNT(*) FROM tts_events WHERE sequence <= 2") == [(2,)]


def test_what_another_host_said_of_it_stays(tmp_path: Path, database_url: str) -> None:
    """Its event file is there, and would be shipped again."""
    scene = set_scene(tmp_path, database_url)
    speak_over_days(scene)
    (subject,) = scene.query("SELECT event_id FROM tts_records ORDER BY created_at")[0]
    there = tmp_path / "there"
    there.mkdir()
    publish(there, envelope("audio.rated", {"rating": 4}, subject=subject), name="rating.json")
    there_settings = {**scene.settings, "SIDECAR_WATCH_DIR": str(there), "SIDECAR_NAME": "there"}
    Scene(tmp_path, there_settings).ship()
    scene.run("prune", "--older-than", "30d", "--remove", "everything", "--yes")
    assert scene.query("SELECT event_id, status, rating FROM tts_records WHERE rating IS NOT NULL") == [
        (subject, "pending", 4)
    ]
    assert scene.query("SELECT COUNT(*) FROM tts_records") == [(3,)]


def test_an_interrupted_prune_is_finished_by_the_next(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    speak_over_days(scene)
    kept = {path.name: path.read_bytes() for path in scene.folder.glob("*.json")}
    rows = scene.query("SELECT COUNT(*) FROM tts_events")
    with closing(scene.database()) as database:
        planned = plan(
            scene.folder,
            database,
            policy=Policy.EVERYTHING,
            before=datetime.now(timezone.utc) - timedelta(days=30),
            max_bytes=None,
            event_max_bytes=10**6,
        )
        database.alone = lambda work: None  # type: ignore[method-assign,assignment,return-value]
        carry_out(planned, database, publisher=Publisher("prune"), reason="", track=lambda items, *_: iter(items))
    assert scene.query("SELECT COUNT(*) FROM tts_events") == rows, "the rows were not reached"
    scene.run("prune", "--older-than", "30d", "--remove", "everything", "--yes")
    assert scene.query("SELECT COUNT(*) FROM tts_events WHERE type <> 'indextts.events.erased'") == [(2,)]
    assert scene.query("SELECT COUNT(*) FROM tts_records") == [(2,)]
    assert {name for name in kept if (scene.folder / name).exists()} == {"spk_3.wav.json", "spk_4.wav.json"}


def test_nothing_said_is_a_mistake(scene: Scene) -> None:
    scene.run("prune", code=2)
    scene.run("prune", "--max-size", "much", code=2)


@pytest.mark.parametrize("size", ["9" * 400, "9" * 5000 + "GB"])
def test_a_size_that_no_disk_has_is_enough_for_everything(scene: Scene, size: str) -> None:
    speak_over_days(scene)
    assert scene.facts("prune", "--max-size", size)["syntheses"] == 0


def test_a_folder_whose_name_is_not_utf_8(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"w\xff")
    folder.mkdir()
    url = sqlite_url(tmp_path / "sidecar.db")
    scene = Scene(tmp_path, {"SIDECAR_DATABASE_URL": url, "SIDECAR_WATCH_DIR": str(folder), "SIDECAR_NAME": "studio"})
    scene.run("migrate")
    make_old_wavs(folder, 2)
    printed = f"{tmp_path}/w\\xff"
    facts = scene.facts("backfill")
    assert (facts["folder"], facts["written"]) == (printed, 2)
    scene.ship()
    assert scene.facts("verify")["findings"] == []
    assert scene.facts("replay", "--all")["folder"] == printed
    assert scene.facts("prune", "--older-than", "1d", "--remove", "everything", "--yes")["audio_files"] == 2
    assert list(folder.glob("*.wav")) == []
