"""Retention removes what is old and committed, and nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from sidecar.event.publish import Publisher
from sidecar.upkeep.prune import Policy, carry_out, plan
from tests.events import envelope, failed, publish, rfc3339, started, succeeded
from tests.integration.processes import sidecar
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


@pytest.mark.parametrize("policy", [policy.value for policy in Policy])
def test_audio_of_any_format_goes(scene: Scene, policy: str) -> None:
    """`sidecar proxy` keeps what the server sent."""
    names = ["said.mp3", "SAID.Opus", "said.aac", "said.flac", "said.pcm", "said.m4a", "said.ogg"]
    for number, name in enumerate(names, start=1):
        scene.speak(name, sequence=number, time=days_ago(100))
        age(scene.folder / name, 100)
    (scene.folder / "theirs.mp3").write_bytes(b"made of a WAV, by hand")
    scene.ship()
    facts = scene.facts("prune", "--older-than", "30d", "--remove", policy, "--yes")
    assert (facts["audio_files"], facts["kept_unrecorded"]) == (len(names), 0)
    assert [path.name for path in scene.folder.iterdir() if path.suffix != ".json"] == ["theirs.mp3"]
    scene.ship()
    told = scene.query("SELECT COUNT(*), COUNT(deleted_at) FROM tts_records")
    assert told == [(0, 0) if policy == Policy.EVERYTHING else (len(names), len(names))]


def test_the_oldest_go_until_the_rest_fits(scene: Scene) -> None:
    speak_over_days(scene)
    size = (scene.folder / "spk_1.wav").stat().st_size
    scene.run("prune", "--max-size", f"{2 * size}", "--yes")
    assert wavs(scene) == ["spk_3.wav", "spk_4.wav"]


def test_the_old_go_and_then_what_is_too_much(scene: Scene) -> None:
    speak_over_days(scene)
    facts = scene.facts("prune", "--older-than", "30d", "--max-size", "1", "--yes")
    assert (facts["audio_files"], facts["kept_changed"], wavs(scene)) == (4, 0, [])


def test_what_was_written_again_is_young(scene: Scene) -> None:
    speak_over_days(scene)
    size = (scene.folder / "spk_1.wav").stat().st_size
    os.utime(scene.folder / "spk_1.wav")
    scene.run("prune", "--max-size", f"{2 * size}", "--yes")
    assert wavs(scene) == ["spk_1.wav", "spk_4.wav"]


def test_what_people_keep_beside_it_pushes_nothing_out(scene: Scene) -> None:
    speak_over_days(scene)
    (scene.folder / "mastered.flac").write_bytes(bytes(10_000_000))
    assert scene.facts("prune", "--max-size", "5MB", "--yes")["audio_files"] == 0


def two_folders(scene: Scene, name: str = "second") -> tuple[Scene, Path]:
    second = scene.place / name
    watched = f"{scene.folder}{os.pathsep}{second}"
    return Scene(scene.place, {**scene.settings, "SIDECAR_WATCH_DIR": watched}), second


@pytest.mark.parametrize("policy", [policy.value for policy in Policy])
def test_a_folder_that_is_not_there_stops_it_before_another_is_changed(scene: Scene, policy: str) -> None:
    speak_over_days(scene)
    both, second = two_folders(scene)
    before = sorted(scene.folder.iterdir())
    assert not second.exists()
    both.run("prune", "--older-than", "30d", "--remove", policy, "--yes", code=1)
    assert sorted(scene.folder.iterdir()) == before


@pytest.mark.parametrize(("name", "left"), [("backup/outputs", 2), ("second", 4)])
def test_rows_of_events_that_lie_in_two_folders_do_not_come_back(scene: Scene, name: str, left: int) -> None:
    """They go where they go from both; else they stay, as where one of the folders does not have the audio."""
    speak_over_days(scene)
    both, second = two_folders(scene, name)
    shutil.copytree(scene.folder, second)
    both.ship()
    said = both.run("prune", "--older-than", "30d", "--remove", "everything", "--yes")
    both.ship()
    assert scene.query("SELECT COUNT(*) FROM tts_records") == [(left,)]
    assert ("kept: 2 whose event files lie in another watched folder, too" in said) is (left == 4)


def test_what_is_said_here_of_another_host_s_take_stays_with_it(scene: Scene) -> None:
    there = Scene(scene.place, {**scene.settings, "SIDECAR_WATCH_DIR": str(scene.place / "theirs")})
    (scene.place / "theirs").mkdir()
    take = succeeded("of another host")
    publish(scene.place / "theirs", take)
    there.ship()
    publish(scene.folder, envelope("audio.rated", {"rating": 5}, subject=take["subject"], time=days_ago(95)))
    scene.ship()
    facts = scene.facts("prune", "--older-than", "90d", "--remove", "everything", "--yes")
    assert (facts["syntheses"], facts["kept_said"]) == (0, 1)
    assert scene.query("SELECT rating FROM tts_records") == [(5,)]


@pytest.mark.parametrize("policy", [policy.value for policy in Policy])
def test_audio_that_is_out_of_reach_is_told_of(scene: Scene, policy: str) -> None:
    scene.speak("said.xyz", time=days_ago(100))
    scene.ship()
    assert scene.facts("prune", "--older-than", "30d", "--remove", policy)["kept_out_of_reach"] == 1


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


def test_what_tells_of_a_process_outlives_its_takes(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    publish(scene.folder, started(time=days_ago(100)), "process.json")
    speak_over_days(scene)
    assert scene.facts("prune", "--older-than", "30d", "--remove", "everything", "--yes")["audio_files"] == 2
    assert (scene.folder / "process.json").exists()
    made_on = "SELECT p.gpu FROM tts_records r JOIN tts_processes p ON p.source = r.source"
    assert scene.query(made_on) == [("NVIDIA L40S",)] * 2
    assert scene.facts("rebuild")["processes"] == 0


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
            folders=[scene.folder],
            host="studio",
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


def test_rows_that_came_back_from_a_backup_are_not_what_an_earlier_prune_has_left(
    tmp_path: Path, database_url: str
) -> None:
    scene = set_scene(tmp_path, database_url)
    speak_over_days(scene)
    backup = {path: (path.read_bytes(), path.stat().st_mtime) for path in scene.folder.iterdir() if path.is_file()}
    scene.run("prune", "--older-than", "30d", "--remove", "everything", "--yes")
    scene.ship()
    for path, (raw, at) in backup.items():
        path.write_bytes(raw)
        os.utime(path, (at, at))
    scene.ship()
    everybody = scene.query("SELECT event_id FROM tts_records ORDER BY 1")
    assert len(everybody) == 4
    scene.run("prune", "--older-than", "30d", "--remove", "files", "--yes")
    scene.run("prune", "--older-than", "3650d", "--remove", "everything", "--yes")
    assert scene.query("SELECT event_id FROM tts_records ORDER BY 1") == everybody


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


def test_a_full_disk_is_told_as_one(tmp_path: Path) -> None:
    folder = tmp_path / "outputs"
    folder.mkdir()
    mount: list[str | Path] = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
    if os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("only root mounts a small disk")
    try:
        url = sqlite_url(tmp_path / "sidecar.db")
        scene = Scene(tmp_path, {"SIDECAR_DATABASE_URL": url, "SIDECAR_WATCH_DIR": str(folder)})
        scene.run("migrate")
        scene.speak("old.wav", time="2026-01-01T00:00:00.000000Z", data={"text": "good morning"})
        os.utime(folder / "old.wav", (10**9, 10**9))
        scene.ship()
        with (folder / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"x" * 4096):
                pass
        for words in (("prune", "--older-than", "1d"), ("forget", "--text", "good")):
            done = sidecar(*words, "--yes", cwd=tmp_path, settings=scene.settings, check=False)
            assert done.returncode == 1
            assert "No space left on device. Make room on that disk" in done.stderr
            assert "write access" not in done.stderr
            assert (folder / "old.wav").exists()
    finally:
        subprocess.run(["umount", folder], check=True)


def test_what_a_killed_prune_left_half_written_goes_with_the_next(scene: Scene) -> None:
    orphan, at_work, of_the_recording = (
        scene.folder / name for name in (".sidecar-0123456789abcdef.tmp", ".sidecar-fedc.tmp", ".indextts-1.tmp")
    )
    for path in (orphan, at_work, of_the_recording):
        path.write_bytes(b"{")
    for path in (orphan, of_the_recording):
        os.utime(path, (10**9, 10**9))
    scene.run("prune", "--older-than", "1d", "--yes")
    assert [path.exists() for path in (orphan, at_work, of_the_recording)] == [False, True, True]
