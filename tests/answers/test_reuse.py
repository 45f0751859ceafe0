"""Reuse: an equal request gets the earlier audio; whatever differs, gets its own."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.events import encode, envelope, publish, uuid7
from tests.patch.helpers import Run, events, ok, run, voice

VERSION = "v1_5"  # of which sampling can be switched off
CALL = {"audio_prompt": "voice.wav", "text": "你好，世界", "output_path": "outputs/first.wav", "do_sample": False}
BODY = """
import json, os, time
from indextts.infer import IndexTTS
tts = IndexTTS(model_dir="checkpoints")
for call in json.loads(os.environ["CALLS"]):
    began = time.perf_counter()
    result = tts.infer(**call)
    print(json.dumps([result, (time.perf_counter() - began) * 1000]))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project folder whose model is older than any process that will start in it."""
    voice(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "gpt.pth").write_bytes(b"weights")
    time.sleep(1.1)
    return tmp_path


def speak(root: Path, *calls: dict[str, Any], reuse: str = "exact", **more: str) -> list[tuple[Any, float]]:
    """What each call returned and how many milliseconds it took."""
    env = {"INDEXTTS_PATCH_REUSE": reuse, "CALLS": json.dumps(calls), **more}
    result: Run = ok(run(root, BODY, version=VERSION, env=env))
    return [tuple(json.loads(line)) for line in result.stdout.splitlines() if line.startswith("[")]


def kinds(root: Path) -> list[str]:
    return [event["type"].rpartition(".")[2] for event in sorted(events(root), key=lambda event: str(event["time"]))]


def again(**changes: Any) -> dict[str, Any]:
    return {**CALL, "output_path": "outputs/second.wav", **changes}


def test_the_second_equal_request_gets_identical_bytes_and_its_own_event(root: Path) -> None:
    slow = {"text": "[slow 2] 你好"}
    ((_, made_in),) = speak(root, {**CALL, **slow})
    ((result, took),) = speak(root, again(**slow))
    assert kinds(root) == ["succeeded", "reused"]
    assert result == "outputs/second.wav"
    assert took < made_in / 2
    first, second = (root / name for name in ("outputs/first.wav", "outputs/second.wav"))
    assert first.read_bytes() == second.read_bytes()
    assert not second.is_symlink()
    assert second.stat().st_ino != first.stat().st_ino, "a copy: overwriting one must not change the other"
    made, reused = sorted(events(root), key=lambda event: str(event["time"]))
    assert reused["data"]["audio"]["reused_from"] == made["subject"]
    assert reused["data"]["audio"]["sha256"] == hashlib.sha256(first.read_bytes()).hexdigest()
    assert reused["data"]["request_hash"] == made["data"]["request_hash"]


def test_it_also_works_within_one_process_and_at_the_same_path(root: Path) -> None:
    answers = speak(root, CALL, again(), CALL)
    assert kinds(root) == ["succeeded", "reused", "reused"]
    assert [result for result, _ in answers] == ["outputs/first.wav", "outputs/second.wav", "outputs/first.wav"]


def test_it_is_off_by_default(root: Path) -> None:
    speak(root, CALL, again(), reuse="")
    assert kinds(root) == ["succeeded", "succeeded"]


@pytest.mark.parametrize("mode", ["exact", "any"])
def test_a_request_that_samples_is_reused_only_when_asked_for(root: Path, mode: str) -> None:
    speak(root, {**CALL, "do_sample": True}, again(do_sample=True), reuse=mode)
    assert kinds(root) == ["succeeded", "reused" if mode == "any" else "succeeded"]


@pytest.mark.parametrize(
    "change",
    [
        {"text": "你好，世界！"},
        {"temperature": 0.7},
        {"top_k": 31},
        {"num_beams": 1},
        {"max_mel_tokens": 601},
        {"audio_prompt": "other.wav"},
        {"max_text_tokens_per_sentence": 80},
    ],
)
def test_any_other_argument_makes_it_anew(root: Path, change: dict[str, Any]) -> None:
    voice(root, "other.wav")
    speak(root, CALL, again(**change))
    assert kinds(root) == ["succeeded", "succeeded"]


def test_another_content_of_the_voice_makes_it_anew(root: Path) -> None:
    mine = again(audio_prompt="mine.wav")
    (root / "mine.wav").write_bytes((root / "voice.wav").read_bytes())
    speak(root, CALL, mine)
    assert kinds(root) == ["succeeded", "reused"], "an equal voice of another name is the same voice"
    (root / "mine.wav").write_bytes((root / "voice.wav").read_bytes() + b"\1\2")
    speak(root, mine)
    assert kinds(root)[-1] == "succeeded"


@pytest.mark.parametrize("change", ["changed", "replaced", "added", "older"])
def test_another_model_makes_it_anew(root: Path, change: str) -> None:
    speak(root, CALL)
    weights = root / "checkpoints" / "gpt.pth"
    if change == "changed":
        weights.write_bytes(b"WEIGHTS")
    elif change == "replaced":
        (root / "checkpoints" / "new").write_bytes(b"weightS")
        (root / "checkpoints" / "new").replace(weights)
    elif change == "added":
        (root / "checkpoints" / "deep").mkdir()
        (root / "checkpoints" / "deep" / "adapter.bin").write_bytes(b"x")
    else:
        weights.write_bytes(b"an old model, unpacked with its old times")
        os.utime(weights, (1, 1))
    time.sleep(1.1)
    speak(root, again())
    assert kinds(root) == ["succeeded", "succeeded"]


@pytest.mark.parametrize("change", ["deleted", "altered", "cut", "folder"])
def test_audio_that_is_not_what_it_was_is_made_anew(root: Path, change: str) -> None:
    speak(root, CALL)
    path = root / "outputs" / "first.wav"
    content = path.read_bytes()
    path.unlink()
    if change == "altered":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif change == "cut":
        path.write_bytes(content[:-2])
    elif change == "folder":
        path.mkdir()
    speak(root, again())
    assert kinds(root) == ["succeeded", "succeeded"]


def test_other_peoples_json_in_the_folder_does_no_harm(root: Path) -> None:
    outputs = root / "outputs"
    outputs.mkdir()
    speak(root, CALL)
    for name, content in {
        "a": b"[]",
        "b": b"{",
        "c": b"\xff",
        "d": b"[" * 100_000,
        "e": b'{"dataschema": "urn:indextts:event:1.0"}',
    }.items():
        (outputs / f"{name}.json").write_bytes(content)
    speak(root, again())
    for name in "abcde":
        (outputs / f"{name}.json").unlink()
    assert kinds(root) == ["succeeded", "reused"]


REJECTING = """
import glob, json, os
from indextts.infer import IndexTTS
tts = IndexTTS(model_dir="checkpoints")
call = json.loads(os.environ["CALLS"])[0]
said = json.loads(os.environ["SAID"])
for verdict in (None, "reject", "keep", "reject"):
    made = [json.load(open(path)) for path in sorted(glob.glob("outputs/*.wav*.json"))]
    if verdict:
        said["subject"], said["data"]["verdict"] = made[0]["subject"], verdict
        said["id"] = said["id"][:-1] + str(len(made))
        said["time"] = said["time"][:-2] + str(len(made)) + "Z"
        with open("outputs/.saying", "w") as file:
            file.write(json.dumps(said) + chr(10))
        os.rename("outputs/.saying", "outputs/" + said["id"] + ".json")
    tts.infer(**{**call, "output_path": f"outputs/{len(made)}.wav"})
"""


def test_what_a_person_rejects_is_not_handed_out_from_then_on(root: Path) -> None:
    """A copy of it has the same bytes and is no better: the double makes equal audio of equal requests."""
    said = envelope("audio.reviewed", {"verdict": None}, subject=uuid7())
    speak(root, {**CALL, "output_path": "outputs/0.wav"})
    ok(
        run(
            root,
            REJECTING,
            version=VERSION,
            env={"INDEXTTS_PATCH_REUSE": "exact", "CALLS": json.dumps([CALL]), "SAID": json.dumps(said)},
        )
    )
    assert [kind for kind in kinds(root) if kind != "reviewed"] == [
        "succeeded", "reused", "succeeded", "reused", "succeeded"
    ]  # fmt: skip


def test_of_two_takes_the_better_is_handed_out(root: Path) -> None:
    """The older one, which a person kept; once its file is gone, the other."""
    speak(root, CALL, {**CALL, "output_path": "outputs/newer.wav"}, reuse="off")
    older, newer = sorted(events(root), key=lambda event: str(event["time"]))
    for index, event in enumerate((older, newer)):  # as if the model had sampled
        path = root / event["data"]["audio"]["path"]
        content = path.read_bytes()[:-1] + bytes([index])
        path.write_bytes(content)
        event["data"]["audio"]["sha256"] = hashlib.sha256(content).hexdigest()
        (root / f"{event['data']['audio']['path']}.json").write_bytes(encode(event))
    publish(root / "outputs", envelope("audio.reviewed", {"verdict": "keep"}, subject=older["id"]))
    speak(root, again(output_path="outputs/third.wav"))
    assert (root / "outputs/third.wav").read_bytes() == (root / "outputs/first.wav").read_bytes()
    (root / "outputs/first.wav").unlink()
    speak(root, again(output_path="outputs/fourth.wav"))
    assert (root / "outputs/fourth.wav").read_bytes() == (root / "outputs/newer.wav").read_bytes()
    assert kinds(root).count("succeeded") == 2
