"""What a process says of itself: once, before its first call, and nothing that is not asked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import indextts_patch
from tests.patch.helpers import PYTHONS, all_events, ok, run

ONE = "from indextts.infer_v2 import IndexTTS2\ntts = IndexTTS2()\n"


@pytest.mark.parametrize("interpreter", PYTHONS)
def test_a_process_tells_of_itself_once_and_first(tmp_path: Path, interpreter: str) -> None:
    body = ONE + "for n in 'abc': tts.infer('voice.wav', n, f'outputs/{n}.wav')\n"
    result = ok(run(tmp_path, body, interpreter=interpreter))
    process, *takes = all_events(tmp_path)
    assert (process["type"], process["sequence"], len(takes)) == ("indextts.process.started", 1, 3)
    assert {take["source"] for take in takes} == {process["source"]}
    assert process["id"] == process["subject"]
    assert (tmp_path / "outputs" / f"{process['id']}.json").exists()
    data = process["data"]
    assert data["python"].startswith(f"cpython {interpreter}.")
    assert data["platform"] == " ".join(os.uname()[i] for i in (0, 2, 4))
    assert data["cpu"]["cores"] == len(os.sched_getaffinity(0))
    assert data["memory"] == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert data["recorder"] == f"indextts_patch {indextts_patch.__version__}"
    assert (data["gpus"], data["driver"], data["engines"], data["packages"]) == ([], None, {}, {})
    assert result.said() == result.said()[:1]


def test_neither_names_nor_paths_nor_words_of_the_command_are_told(tmp_path: Path) -> None:
    root = tmp_path / "hemmelig"
    root.mkdir()
    env = {"USER": "hemmelig", "LOGNAME": "hemmelig", "HOME": str(root), "HEMMELIG": "hemmelig"}
    ok(run(root, ONE + "tts.infer('voice.wav', 'a', None)\n", env=env, arguments=("--token", "hemmelig")))
    (process, _) = all_events(root)
    assert "hemmelig" not in str(process)
    assert set(process["data"]["options"]) == {"text", "unique_names", "client", "reuse", "fsync"}


def test_a_process_without_a_call_leaves_nothing(tmp_path: Path) -> None:
    ok(run(tmp_path, ONE + "tts.infer_generator('voice.wav', 'never begun', None)\n"))
    assert all_events(tmp_path) == []


def test_importing_and_initialising_is_left_to_the_host(tmp_path: Path) -> None:
    body = (
        "import sys, types\ntry: import numpy\nexcept ImportError: pass\n"  # the double's own
        "torch = sys.modules['torch'] = types.ModuleType('torch')\n"
        "torch.__version__ = '2.9.0'\n"
        "def never(*_): raise SystemExit('CUDA was initialised')\n"
        "cuda = sys.modules['torch.cuda'] = types.ModuleType('torch.cuda')\n"
        "cuda.is_initialized = lambda: False\n"
        "cuda.device_count = cuda.get_device_properties = cuda.current_device = never\n"
        + ONE
        + "before = set(sys.modules)\ntts.infer('voice.wav', 'a', None)\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "foreign = new - sys.stdlib_module_names - {'indextts_patch'}\n"
        "assert not foreign, foreign\n"
        "assert 'platform' not in new and 'importlib.metadata' not in set(sys.modules) - before\n"
    )
    ok(run(tmp_path, body))
    (process, _) = all_events(tmp_path)
    assert (process["data"]["packages"]["torch"], process["data"]["gpus"]) == ("2.9.0", [])


def test_a_forked_child_tells_of_itself(tmp_path: Path) -> None:
    body = ONE + (
        "tts.infer('voice.wav', 'parent', None)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    for n in 'ab': tts.infer('voice.wav', n, None)\n"
        "    os._exit(0)\n"
        "os.waitpid(child, 0)\n"
    )
    result = ok(run(tmp_path, body))
    assert len({process["source"] for process in result.processes}) == len(result.processes) == 2
    assert {take["source"] for take in result.events} == {process["source"] for process in result.processes}


def test_many_first_calls_at_once_tell_of_one_process(tmp_path: Path) -> None:
    body = ONE + (
        "import threading\n"
        "threads = [threading.Thread(target=IndexTTS2().infer, args=('voice.wav', str(n), None)) for n in range(16)]\n"
        "[thread.start() for thread in threads]\n[thread.join() for thread in threads]\n"
    )
    result = ok(run(tmp_path, body))
    assert (len(result.processes), len(result.events)) == (1, 16)


@pytest.mark.parametrize("moment", ["while it speaks", "while it introduces itself"])
def test_a_process_that_dies_in_its_first_call_is_known_to_whoever_finds_it(tmp_path: Path, moment: str) -> None:
    body = ONE + "tts.infer('voice.wav', '[exit 3]', 'outputs/x.wav')\n"
    if moment == "while it introduces itself":
        body = "import indextts_patch.writing.publish as p\np._publish = lambda *_: os._exit(3)\n" + body
    assert run(tmp_path, body).code == 3
    left = list((tmp_path / "outputs").glob(".indextts-*"))
    assert bool(left) == (moment != "while it speaks")
    result = ok(run(tmp_path, ONE))
    (interrupted,) = result.events
    assert interrupted["data"]["process"] != interrupted["source"]
    if moment == "while it speaks":
        assert [process["source"] for process in result.processes] == [interrupted["data"]["process"]]
    assert not list((tmp_path / "outputs").glob(".indextts-*"))


def test_a_first_call_is_one_before_which_none_on_that_model_has_ended(tmp_path: Path) -> None:
    body = ONE + (
        "other = IndexTTS2()\n"
        "for model, text in ((tts, 'a'), (tts, 'b'), (other, 'c')): model.infer('voice.wav', text, None)\n"
        "del other, model\n"
        "for text in 'de': IndexTTS2().infer('voice.wav', text, None)\n"  # a new model where the old one lay
        "from indextts_patch.facts import instance\n"
        "import gc; gc.collect()\n"
        "assert len(instance._known) == 1, instance._known\n"
    )
    first = {event["data"]["text"]: event["data"]["model"]["first_call"] for event in ok(run(tmp_path, body)).events}
    assert first == {"a": True, "b": False, "c": True, "d": True, "e": True}


def test_weights_have_one_identity_wherever_they_lie(tmp_path: Path) -> None:
    for place in ("one", "two"):
        folder = tmp_path / place / "checkpoints"
        (folder / "qwen").mkdir(parents=True)
        (folder / "gpt.pth").write_bytes(b"g" * 300_000)
        (folder / "qwen" / "model.safetensors").write_bytes(b"q")
        (folder / "notes.txt").write_text(place)
    seen = []
    for place in ("one", "two"):
        (event,) = ok(run(tmp_path / place, ONE + "tts.infer('voice.wav', 'a', None)\n")).events
        seen.append(event["data"]["model"]["weights"])
    assert seen[0] == seen[1]
    assert len(seen[0]) == 64
