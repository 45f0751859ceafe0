"""WAVs from before the recording become .discovered events, the same ones each time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from sidecar.event.event import Event
from sidecar.upkeep.backfill import UNKNOWN
from tests.operate.scene import BEGAN, Scene, make_old_wavs, make_wav, set_scene
from tests.servers import sqlite_url


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return set_scene(tmp_path, sqlite_url(tmp_path / "sidecar.db"))


def test_an_old_folder_is_shipped_twice_with_the_same_result(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    names = make_old_wavs(scene.folder, 300)
    assert scene.facts("backfill")["written"] == len(names)
    scene.ship()
    first = scene.records()
    assert len(first) == len(names)
    assert scene.facts("backfill")["written"] == 0
    for path in scene.folder.glob("*.json"):  # somebody lost the event files
        path.unlink()
    facts = scene.facts("backfill")
    assert (facts["written"], facts["known"]) == (0, len(names))
    scene.ship()
    assert scene.records() == first


def test_audio_whose_event_files_were_lost_gets_no_second_record(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    for number in range(5):
        scene.speak(f"{'x' * (number + 1)}.wav")
    scene.ship()
    for path in scene.folder.glob("*.json"):
        path.unlink()
    (new,) = make_old_wavs(scene.folder, 1)
    facts = scene.facts("backfill", "--min-age", "0")
    assert (facts["written"], facts["known"], facts["forgotten"]) == (1, 5, 0)
    scene.ship()
    assert len(scene.records()) == 6
    scene.run("forget", "--record", f"outputs/{new}", "--yes")
    make_old_wavs(scene.folder, 1)  # a copy comes back, without its event
    assert scene.facts("backfill")["forgotten"] == 1


def test_a_database_that_is_away_is_said_and_nothing_is_written(scene: Scene) -> None:
    make_old_wavs(scene.folder, 1)
    url = "mysql://nobody@127.0.0.1:1/tts"
    scene.run("backfill", "--database-url", url, "--connect-timeout", "0.5", code=1)
    assert not list(scene.folder.glob("*.json"))


def test_before_there_are_tables_nothing_is_known(scene: Scene) -> None:
    make_old_wavs(scene.folder, 1)
    facts = scene.facts("backfill", "--database-url", f"sqlite:///{scene.place}/none.db")
    assert facts["written"] == 1


def test_the_event_tells_what_the_file_tells(scene: Scene) -> None:
    (name,) = make_old_wavs(scene.folder, 1)
    scene.run("backfill")
    event = Event.decode((scene.folder / f"{name}.json").read_bytes())
    assert event.type == "indextts.synthesis.discovered"
    assert event.time == datetime.fromtimestamp(BEGAN + 5.25, timezone.utc)
    assert event.data["timing"]["started_at"] == datetime.fromtimestamp(BEGAN, timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%S.%fZ"
    )
    audio = event.data["audio"]
    assert (audio["path"], audio["sample_rate"], audio["channels"]) == (f"outputs/{name}", 22050, 1)
    assert audio["duration"] == pytest.approx(0.05, abs=1e-3)
    assert UNKNOWN in event.data["warnings"]


@pytest.mark.parametrize(
    ("name", "mtime", "ended", "started", "said"),
    [
        ("hello.wav", BEGAN, BEGAN, None, "modification time"),
        (f"spk_{BEGAN}.wav", BEGAN + 9, BEGAN + 9, BEGAN, "to the second"),
        (f"spk_{BEGAN}.wav", BEGAN + 10**6, BEGAN, BEGAN, "copied or changed later"),
        (f"spk_{BEGAN}.wav", BEGAN - 10**6, BEGAN, BEGAN, "copied or changed later"),
    ],
)
def test_its_time_is_the_best_there_is(
    scene: Scene, name: str, mtime: int, ended: int, started: int | None, said: str
) -> None:
    make_wav(scene.folder / name)
    os.utime(scene.folder / name, (mtime, mtime))
    scene.run("backfill")
    event = Event.decode((scene.folder / f"{name}.json").read_bytes())
    assert event.time.timestamp() == ended
    assert ("timing" in event.data) == (started is not None)
    assert any(said in warning for warning in event.data["warnings"])


def test_what_is_no_wav_says_so(scene: Scene) -> None:
    (scene.folder / "noise.wav").write_bytes(b"not RIFF at all")
    os.utime(scene.folder / "noise.wav", (BEGAN, BEGAN))
    assert scene.facts("backfill")["without_header"] == 1
    event = Event.decode((scene.folder / "noise.wav.json").read_bytes())
    assert event.data["audio"]["bytes"] == 15
    assert "duration" not in event.data["audio"]


def test_young_and_recorded_wavs_are_left_alone(scene: Scene) -> None:
    make_wav(scene.folder / "now.wav")
    scene.speak("recorded.wav")
    os.utime(scene.folder / "recorded.wav", (BEGAN, BEGAN))
    before = (scene.folder / "recorded.wav.json").read_bytes()
    facts = scene.facts("backfill")
    assert (facts["written"], facts["too_young"], facts["recorded_before"]) == (0, 1, 1)
    assert (scene.folder / "recorded.wav.json").read_bytes() == before
    assert scene.facts("backfill", "--min-age", "0")["written"] == 1


def test_a_dry_run_writes_nothing(scene: Scene) -> None:
    make_old_wavs(scene.folder, 3)
    before = sorted(path.name for path in scene.folder.iterdir())
    assert scene.facts("backfill", "--dry-run")["unrecorded"] == 3
    assert sorted(path.name for path in scene.folder.iterdir()) == before


def test_two_at_once_write_each_event_once(scene: Scene) -> None:
    names = make_old_wavs(scene.folder, 200)
    command = [sys.executable, "-m", "sidecar", "backfill", "--json"]
    both = [
        subprocess.Popen(command, cwd=scene.place, env={**os.environ, **scene.settings}, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    written = [json.loads(process.communicate(timeout=60)[0])["written"] for process in both]
    assert sum(written) == len(names)
    assert not [path for path in scene.folder.iterdir() if path.name.startswith(".")]
    for name in names:
        json.loads((scene.folder / f"{name}.json").read_bytes())


def test_a_folder_that_may_not_be_written_is_one_clear_line(scene: Scene) -> None:
    make_old_wavs(scene.folder, 1)
    scene.folder.rename(scene.place / "elsewhere")
    assert scene.run("backfill", code=1) == ""


def test_a_wav_whose_name_is_not_utf_8_is_named_and_the_others_get_their_events(scene: Scene) -> None:
    names = make_old_wavs(scene.folder, 2)
    (scene.folder / names[0]).rename(scene.folder / os.fsdecode(b"\xff.wav"))
    for _ in range(2):
        facts = scene.facts("backfill", code=1)
        assert list(facts["errors"]) == ["\\xff.wav"]
        assert "rename it" in facts["errors"]["\\xff.wav"]
    assert facts["recorded_before"] == 1
    assert sorted(path.name for path in scene.folder.glob("*.json")) == [f"{names[1]}.json"]
