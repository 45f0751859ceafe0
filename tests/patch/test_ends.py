"""Processes that die, threads that collide, folders that refuse."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.patch.helpers import (
    HEAD,
    PYTHONS,
    all_events,
    environment,
    event_files,
    events,
    finish,
    ok,
    python,
    run,
    voice,
)

BUSY = """
import indextts_patch
indextts_patch.install()
import contextlib, io, threading
from indextts.infer_v2 import IndexTTS2

def speak(number):
    tts = IndexTTS2(device="cpu")
    for call in range({calls}):
        print(f"begin {{number}}.{{call}}", flush=True)
        with contextlib.redirect_stdout(io.StringIO()) if {threads} == 1 else contextlib.nullcontext():
            # Without the patch, too, one thread may remove the file that another is about to remove.
            with contextlib.suppress(OSError):
                tts.infer("voice.wav", f"{{number}}.{{call}}", f"outputs/spk_{{call // 40}}.wav")

threads = [threading.Thread(target=speak, args=(number,)) for number in range({threads})]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


@pytest.mark.parametrize("interpreter", PYTHONS)
def test_ten_thousand_calls_of_eight_threads_leave_ten_thousand_events(tmp_path: Path, interpreter: str) -> None:
    body = BUSY.format(calls=1250, threads=8).replace('print(f"begin {number}.{call}", flush=True)', "pass")
    ok(run(tmp_path, body, way=None, interpreter=interpreter, env={"INDEXTTS_PATCH_FSYNC": "0"}))
    found = events(tmp_path)
    assert len(found) == 10_000
    assert len({event["id"] for event in found}) == 10_000
    assert [event["sequence"] for event in all_events(tmp_path)] == list(range(1, 10_002)), "one is of the process"
    said = {event["data"]["text"] for event in found}
    assert said == {f"{number}.{call}" for number in range(8) for call in range(1250)}
    replaced = [event["data"]["audio"]["replaces"] for event in found if (event["data"]["audio"] or {}).get("replaces")]
    assert max(Counter(replaced).values()) == 1
    assert set(replaced) <= {event["id"] for event in found}
    assert not list(tmp_path.rglob(".indextts-*"))


@pytest.mark.parametrize("seed", range(4))
def test_a_process_killed_at_any_point_leaves_every_started_call_in_the_log(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    voice(tmp_path)
    (tmp_path / "program.py").write_text(HEAD + BUSY.format(calls=100_000, threads=1), encoding="utf-8")
    started = 0
    for _ in range(6):
        executable = python("3.11")
        assert executable is not None
        command = [executable, "program.py"]
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment("head"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(dice.uniform(0.0, 0.15))
        process.kill()
        lines = (first + process.stdout.read()).decode().splitlines()
        process.wait()
        process.stdout.close()
        started += sum(line.startswith("begin ") for line in lines)
    ok(run(tmp_path, "from indextts.infer_v2 import IndexTTS2\n"))
    found = events(tmp_path)
    kinds = Counter(event["type"].rpartition(".")[2] for event in found)
    assert set(kinds) <= {"succeeded", "interrupted"}
    assert len({event["subject"] for event in found}) == len(found)
    # Of each of the six processes, the last call announced may not have begun.
    assert started - 6 <= len(found) <= started
    assert kinds["interrupted"] <= 6
    for event in found:
        if event["type"].endswith("interrupted"):
            assert event["id"] != event["subject"]
            assert event["data"]["text"]
    assert not list(tmp_path.rglob(".indextts-*"))
    assert not list(tmp_path.rglob("*.call"))


@pytest.mark.parametrize("interpreter", PYTHONS)
def test_a_call_that_kills_its_process_is_told_by_the_next_one(tmp_path: Path, interpreter: str) -> None:
    body = 'from indextts.infer_v2 import IndexTTS2\nIndexTTS2().infer("voice.wav", "[exit 3] 好", "outputs/x.wav")\n'
    assert run(tmp_path, body, interpreter=interpreter).code == 3
    assert events(tmp_path) == []
    again = ok(run(tmp_path, "from indextts.infer_v2 import IndexTTS2\n", interpreter=interpreter))
    [event] = again.events
    assert event["type"] == "indextts.synthesis.interrupted"
    assert event["data"]["text"] == "[exit 3] 好"
    assert event["data"]["audio"] == {"path": None, "requested_path": "outputs/x.wav"}
    assert event["data"]["timing"]["started_at"] < event["time"]
    assert (tmp_path / "outputs" / "x.wav.json").exists()
    assert any("1 call(s)" in line for line in again.said())
    ok(run(tmp_path, "from indextts.infer_v2 import IndexTTS2\n", interpreter=interpreter))
    assert len(events(tmp_path)) == 1


def test_a_dead_calls_path_that_is_no_utf_8_is_found_again(tmp_path: Path) -> None:
    path = "os.fsdecode(b'outputs/\\xff.wav')"
    body = f'from indextts.infer_v2 import IndexTTS2\nIndexTTS2().infer("voice.wav", "[exit 3]", {path})\n'
    assert run(tmp_path, body).code == 3
    ok(run(tmp_path, "from indextts.infer_v2 import IndexTTS2\n"))
    assert [os.fsencode(path) for path in event_files(tmp_path)] == [bytes(tmp_path) + b"/outputs/\xff.wav.json"]


def test_an_ended_calls_text_lives_on_in_its_event_and_nowhere_else(tmp_path: Path) -> None:
    body = (
        "import glob\nfrom indextts.infer_v2 import IndexTTS2\ntts = IndexTTS2()\n"
        "secret = ' '.join(['words', 'that', 'somebody', 'wants', 'erased'])\n"
        "def everywhere():\n"
        "    paths = [os.path.join(at, name) for at, _, names in os.walk('.') for name in names]\n"
        "    return sorted(path for path in paths if secret.encode() in open(path, 'rb').read())\n"
        "def look(value, desc=None): during.update(everywhere())\n"
        "during = set()\ntts.gr_progress = look\n"
        'tts.infer("voice.wav", secret * 300, "outputs/long.wav")\n'
        "assert [path for path in during if path.endswith('.call')], during\n"
        'tts.infer("voice.wav", "short", "outputs/short.wav")\n'
        'try: tts.infer("voice.wav", "[raise ValueError no]" + secret, "outputs/failed.wav")\n'
        "except ValueError: pass\n"
        'list(tts.infer("voice.wav", secret, "outputs/stream.wav", stream_return=True))\n'
        "assert everywhere() == [f'./outputs/{name}.wav.json' for name in ('failed', 'long', 'stream')], everywhere()\n"
        "assert glob.glob('outputs/.inflight/*.call')\n"
    )
    assert len(ok(run(tmp_path, body)).events) == 4


def test_two_processes_recovering_at_once_give_one_event(tmp_path: Path) -> None:
    body = 'from indextts.infer_v2 import IndexTTS2\nIndexTTS2().infer("voice.wav", "[exit 3]", "outputs/x.wav")\n'
    for _ in range(5):
        run(tmp_path, body)
    # Each of the five found its predecessor; the last one's call is left to these.
    (tmp_path / "program.py").write_text(
        HEAD + "import indextts_patch\nindextts_patch.install()\nfrom indextts.infer_v2 import IndexTTS2\n"
    )
    executable = python("3.11")
    assert executable is not None
    processes = [
        subprocess.Popen(
            [executable, "program.py"],
            cwd=tmp_path,
            env=environment("head"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(6)
    ]
    for process in processes:
        ok(finish(process, tmp_path))
    found = events(tmp_path)
    assert len(found) == 5
    assert len({event["subject"] for event in found}) == 5


def test_a_living_processs_call_is_not_taken_for_dead(tmp_path: Path) -> None:
    body = (
        "import subprocess, sys\n"
        "from indextts import infer_v2\n"
        "class Nosy(infer_v2.QwenEmotion):\n"
        "    def inference(self, text):\n"
        "        subprocess.run([sys.executable, 'other.py'], check=True)\n"
        "        return super().inference(text)\n"
        "tts = infer_v2.IndexTTS2()\n"
        "tts.qwen_emo = Nosy()\n"
        'tts.infer("voice.wav", "alive", "outputs/x.wav", use_emo_text=True)\n'
    )
    (tmp_path / "other.py").write_text(
        "import indextts_patch\nindextts_patch.install()\nfrom indextts.infer_v2 import IndexTTS2\n"
    )
    [event] = ok(run(tmp_path, body)).events
    assert event["type"] == "indextts.synthesis.succeeded"


def test_an_event_published_before_the_death_is_not_doubled(tmp_path: Path) -> None:
    body = 'from indextts.infer_v2 import IndexTTS2\nIndexTTS2().infer("voice.wav", "one", "outputs/x.wav")\n'
    [event] = ok(run(tmp_path, body)).events
    dead = tmp_path / "outputs" / ".inflight"
    dead.mkdir()
    marker = {"id": event["id"], "output": str(tmp_path / "outputs" / "x.wav"), "data": {}}
    (dead / "20260101T000000-1-abc.1.call").write_text(json.dumps(marker) + "\n")
    ok(run(tmp_path, "from indextts.infer_v2 import IndexTTS2\n"))
    assert len(events(tmp_path)) == 1
    assert not dead.exists()


@pytest.mark.parametrize("content", ["", "-", '-"id": "x"}\n', '-"id": "019a8f3e-6c1b-7a42-8f1'])
def test_a_marker_of_a_call_that_had_not_begun_is_removed(tmp_path: Path, content: str) -> None:
    dead = tmp_path / "outputs" / ".inflight"
    dead.mkdir(parents=True)
    (dead / "20260101T000000-1-abc.1.call").write_text(content)
    assert ok(run(tmp_path, "from indextts.infer_v2 import IndexTTS2\n")).events == []
    assert not list(dead.glob("*"))


def test_a_forked_child_records_under_a_source_of_its_own(tmp_path: Path) -> None:
    body = (
        "import os\nfrom indextts.infer_v2 import IndexTTS2\ntts = IndexTTS2()\n"
        'tts.infer("voice.wav", "parent", "outputs/p.wav")\n'
        "child = os.fork()\n"
        'tts.infer("voice.wav", "child" if child == 0 else "parent again", f"outputs/{child == 0}.wav")\n'
        "child and os.waitpid(child, 0)\n"
    )
    found = ok(run(tmp_path, body)).events
    assert len(found) == 3
    assert len({event["source"] for event in found}) == 2
    assert sorted(event["sequence"] for event in found) == [2, 2, 3], "the first is of the process"
