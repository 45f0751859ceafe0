"""`sidecar score` as people run it: a folder, a database, processes that are killed."""

from __future__ import annotations

import contextlib
import importlib.util
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import soundfile
from click.testing import CliRunner

from indextts_patch.writing.inflight import InFlight
from sidecar.cli.main import sidecar as root_command
from sidecar.upkeep.scores import score_id
from tests.benchmarks.measure import cpu_seconds
from tests.events import envelope, publish, scored
from tests.integration.processes import environment
from tests.operate.scene import Scene, set_scene
from tests.scoring.killing import spoken
from tests.servers import sqlite_url

DEADLINE = 600.0


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return set_scene(tmp_path, sqlite_url(tmp_path / "sidecar.db"))


def speak(scene: Scene, count: int, first: int = 1) -> list[str]:
    """So many takes, a second of noise each, shipped; their event_ids, oldest first."""
    ids = [str(scene.speak(f"spk_{number:04}.wav", seconds=1.0)["id"]) for number in range(first, first + count)]
    scene.ship()
    return ids


def score(scene: Scene, *arguments: str, code: int = 0) -> str:
    """Run it to its end, however long a process of the lowest priority takes beside other tests."""
    command = [sys.executable, "-m", "sidecar", "score", *arguments]
    done = subprocess.run(
        command, cwd=scene.place, env=environment(scene.settings), capture_output=True, text=True, timeout=DEADLINE
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@contextlib.contextmanager
def scoring(scene: Scene, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with (scene.place / "score.log").open("ab") as log:
        command = [sys.executable, "-m", "sidecar", "score", *arguments]
        process = subprocess.Popen(command, cwd=scene.place, env=environment(scene.settings), stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.05)


def files(scene: Scene, ids: list[str]) -> int:
    """How many of the takes have a score in the folder."""
    return sum((scene.folder / f"{score_id(each)}.json").exists() for each in ids)


def test_every_take_gets_one_score_with_its_measures(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    ids = speak(scene, 3)
    assert "3 scored" in score(scene, "--once")
    assert "3 had a score on its way" in score(scene, "--once")
    scene.ship()
    assert "nothing to score" in score(scene, "--once")
    rows = scene.query("SELECT event_id, scorer, problem, loudness, syllables, mos_overall FROM tts_scores")
    assert sorted(row[0] for row in rows) == sorted(ids)
    for _, scorer, problem, loudness, syllables, overall in rows:
        assert (scorer, problem, syllables) == ("1.0", None, 8)
        assert -20 < loudness < 10
        assert 0 < overall < 5


def test_what_cannot_be_judged_has_its_reason_and_the_others_are_scored(scene: Scene) -> None:
    names = {"cut_off": "a", "empty": "b", "not_wav": "c", "gone": "d", "changed": "e", "too_short": "f"}
    sounds = {reason: scene.folder / f"{name}.wav" for reason, name in names.items()}
    good = speak(scene, 1)
    ids = {}
    for reason, path in sounds.items():
        event = scene.speak(path.name, seconds=0.2 if reason == "too_short" else 1.0, data={"audio": None})
        content = path.read_bytes()
        (scene.folder / f"{path.name}.json").unlink()
        if reason == "cut_off":
            path.write_bytes(content[:20_000])
        elif reason == "empty":
            path.write_bytes(b"")
        elif reason == "not_wav":
            sound, rate = soundfile.read(path)
            soundfile.write(path, sound, rate, format="MP3")
        size = path.stat().st_size + (reason == "changed")
        event["data"]["audio"] = {"path": f"outputs/{path.name}", "bytes": size}
        publish(scene.folder, event, name=f"{path.name}.json")
        if reason == "gone":
            path.unlink()
        ids[event["id"]] = reason
    scene.ship()
    score(scene, "--once")
    scene.ship()
    told = dict(scene.query("SELECT event_id, problem FROM tts_scores"))
    assert told == {good[0]: None, **ids}
    assert "nothing to score" in score(scene, "--once")


def test_a_disk_that_is_not_there_makes_no_take_gone(scene: Scene) -> None:
    speak(scene, 2)
    for path in list(scene.folder.iterdir()):
        path.unlink()
    assert "2 skipped" in score(scene, "--once")
    assert list(scene.folder.iterdir()) == []


def test_what_was_replaced_or_deleted_is_not_scored(scene: Scene) -> None:
    replaced, deleted, stays = speak(scene, 3)
    publish(scene.folder, envelope("audio.deleted", {"reason": "prune"}, subject=deleted))
    new = scene.speak("new.wav", seconds=1.0)
    (scene.folder / "new.wav.json").unlink()
    new["data"]["audio"]["replaces"] = replaced
    publish(scene.folder, new, name="new.wav.json")
    scene.ship()
    score(scene, "--once")
    scene.ship()
    assert {row[0] for row in scene.query("SELECT event_id FROM tts_scores")} == {stays, new["id"]}


@pytest.mark.slow
def test_killed_again_and_again_every_take_is_scored_exactly_once(tmp_path: Path, database_url: str) -> None:
    """`python -m tests.scoring.killing` does it twenty times to a thousand takes."""
    backlog = spoken(set_scene(tmp_path, database_url), 12)
    backlog.kill(3, random.Random(1))
    backlog.finish()
    assert backlog.doubled_or_missing() == []
    assert "━".encode() in backlog.shown
    assert backlog.scene.query("SELECT COUNT(*) FROM sidecar_quarantine") == [(0,)]


def test_it_waits_for_takes_and_ends_when_asked(scene: Scene) -> None:
    first = speak(scene, 1)
    with scoring(scene) as process:
        wait_until(lambda: files(scene, first) == 1)
        second = speak(scene, 1, first=2)
        wait_until(lambda: files(scene, second) == 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
    assert "the next run goes on from here" in (scene.place / "score.log").read_text()


def test_it_waits_while_the_engine_speaks(scene: Scene) -> None:
    (take,) = speak(scene, 1)
    engine = InFlight([str(scene.folder)], "20261128T100000-1")
    call = engine.add(take, {"data": {"text": "欢迎"}})
    patient = Scene(scene.place, {**scene.settings, "SIDECAR_SCORE_PATIENCE_SECONDS": "3600"})
    own = scene.folder / f"{score_id(take)}.json"
    with scoring(patient, "--once") as process:
        spent, now = -1.0, 0.0
        while process.poll() is None and (now > spent + 0.05 or now < 0.5):  # it starts, and loads its models
            time.sleep(3)
            spent, now = now, cpu_seconds(process.pid)
        assert (process.poll(), own.exists()) == (None, False)
        engine.remove(call)
        engine.close()
        assert process.wait(DEADLINE) == 0
    assert own.exists()


def test_a_newer_scorer_scores_again_when_it_is_told_to(scene: Scene) -> None:
    old, new = speak(scene, 2)
    publish(scene.folder, scored(old, scorer="0.9", loudness=-70.0))
    publish(scene.folder, scored(new, scorer="1.0", loudness=-70.0))
    scene.ship()
    assert "nothing to score" in score(scene, "--once")
    assert "1 scored" in score(scene, "--again", "--older-than", "1.0")
    scene.ship()
    found = dict(scene.query("SELECT event_id, loudness FROM tts_scores"))
    assert found[old] > -20
    assert found[new] == -70
    for wrong in ("2.0", "new"):
        assert score(scene, "--again", "--older-than", wrong, code=2).count("\n") == 1


def test_without_the_extra_one_line_says_how_to_have_scores(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "onnxruntime" else there(name))
    done = CliRunner().invoke(root_command, ["score", "--once"], env=dict(scene.settings))
    assert done.exit_code == 2
    assert "onnxruntime is not installed" in done.output
    assert "indextts-sidecar[score]" in done.output


def test_scores_are_folded_again_forgotten_and_pruned_with_their_takes(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    ids = speak(scene, 3)
    for each in ids:
        publish(scene.folder, scored(each))
    scene.ship()
    as_it_was = scene.query("SELECT * FROM tts_scores ORDER BY event_id")
    scene.execute("UPDATE tts_scores SET loudness = 1")
    scene.execute(f"DELETE FROM tts_scores WHERE event_id = '{ids[1]}'")
    assert scene.facts("rebuild")["scores"] == 3
    assert scene.query("SELECT * FROM tts_scores ORDER BY event_id") == as_it_was
    scene.run("forget", "--record", ids[0], "--yes")
    assert {row[0] for row in scene.query("SELECT event_id FROM tts_scores")} == set(ids[1:])
    scene.run("prune", "--older-than", "0d", "--remove", "everything", "--yes")
    assert scene.query("SELECT COUNT(*) FROM tts_scores") == [(0,)]


def test_it_scores_where_no_memory_may_be_written_and_executed(scene: Scene) -> None:
    """As in the service: the kernel has a switch of its own for what MemoryDenyWriteExecute does there."""
    speak(scene, 1)
    program = """
import ctypes, mmap, runpy, sys
ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)  # PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
except OSError:
    sys.argv = ["sidecar", "score", "--once"]
    runpy.run_module("sidecar", run_name="__main__")
else:
    sys.exit(77)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=scene.place,
        env=environment(scene.settings),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    if done.returncode == 77:
        pytest.skip("Linux 6.3 has that switch")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 scored" in done.stdout
