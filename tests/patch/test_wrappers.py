"""A wrapper around an engine makes one event, with the facts of the engine's own call."""

from __future__ import annotations

import time
from pathlib import Path

from tests.patch.modules import program

WRAPPER = """
    class Studio:
        def __init__(self):
            from indextts.infer_v2 import IndexTTS2
            self.engine = IndexTTS2()

        def synthesize(self, text, voice, out=None, pieces=1, **rest):
            if not text:
                raise ValueError("nothing to say")
            size = len(text) // pieces
            for number in range(pieces):
                path = out if pieces == 1 else f"outputs/piece_{number}.wav"
                self.engine.infer(voice, text[number * size : (number + 1) * size], path, **rest)
            return 7

        def stream(self, text, voice, **rest):
            for chunk in self.engine.infer(voice, text, None, stream_return=True, **rest):
                yield chunk, text
"""


def test_a_wrapper_around_an_engine_makes_one_event_with_the_engines_facts(tmp_path: Path) -> None:
    body = """
        from my_indextts.studio import Studio
        studio = Studio()
        assert studio.synthesize("one", "voice.wav", "outputs/1.wav", emo_vector=[0.5] + [0] * 7, top_k=9) == 7
        assert studio.synthesize("two and three", "voice.wav", pieces=2) == 7
        assert len(list(studio.stream("four", "voice.wav", interval_silence=100))) > 1
        try:
            studio.synthesize("", "voice.wav")
        except ValueError:
            pass
    """
    events = program(tmp_path, {"my_indextts.studio": WRAPPER}, body).events
    one, two, four, none = (event["data"] for event in events)
    assert [event["data"]["text"] for event in events] == ["one", "two and three", "four", ""]
    assert all(data["model"]["class"] == "indextts.infer_v2.IndexTTS2" for data in (one, two, four))
    assert all(data["model"]["version"] == "2" for data in (one, two, four))
    assert (one["emotion"]["label"], one["params"]["effective"]["top_k"]) == ("happy", 9)
    assert one["params"]["effective"]["temperature"] == 0.8
    assert one["audio"]["path"] == "outputs/1.wav"
    assert two["request_hash"] != one["request_hash"]
    assert four["audio"]["samples"] > 0
    assert events[3]["type"] == "indextts.synthesis.failed"
    assert (none["error"]["message"], none["model"]["class"]) == ("nothing to say", "my_indextts.studio.Studio")


def test_a_wrapper_that_hands_the_work_to_another_thread_makes_no_second_event(tmp_path: Path) -> None:
    module = """
        import threading

        class Queue:
            def __init__(self):
                from indextts.infer_v2 import IndexTTS2
                self.engine = IndexTTS2()

            def synthesize(self, text, voice):
                worker = threading.Thread(target=self.engine.infer, args=(voice, text, "outputs/x.wav"))
                worker.start()
                worker.join()
    """
    body = "from indextts_server.queue import Queue\nQueue().synthesize('hello', 'voice.wav')\n"
    [event] = program(tmp_path, {"indextts_server.queue": module}, body).events
    assert event["data"]["model"]["class"] == "indextts.infer_v2.IndexTTS2"
    assert not any((tmp_path / "outputs" / ".inflight").glob("*/*"))


def test_names_are_never_changed_for_who_could_not_tell_its_caller(tmp_path: Path) -> None:
    body = """
        import os
        from my_indextts.studio import Studio
        studio = Studio()
        for text in ("one", "two"):
            assert studio.synthesize(text, "voice.wav", "outputs/x.wav") == 7
        assert sorted(name for name in os.listdir("outputs") if name.endswith(".wav")) == ["x.wav"]
        assert studio.engine.infer("voice.wav", "three", "outputs/x.wav") == "outputs/x-2.wav"
    """
    events = program(tmp_path, {"my_indextts.studio": WRAPPER}, body, env={"INDEXTTS_PATCH_UNIQUE_NAMES": "1"}).events
    assert [event["data"]["audio"]["path"] for event in events] == ["outputs/x.wav"] * 2 + ["outputs/x-2.wav"]
    assert events[1]["data"]["audio"]["replaces"] == events[0]["subject"]


def test_a_file_that_a_wrapper_removes_is_recorded_as_the_engine_left_it(tmp_path: Path) -> None:
    module = """
        import os

        class Api:
            def __init__(self):
                from indextts.infer_v2 import IndexTTS2
                self.engine = IndexTTS2()

            def synthesize(self, text, voice):
                path = self.engine.infer(voice, text, "outputs/passing.wav")
                with open(path, "rb") as file:
                    content = file.read()
                os.unlink(path)
                return content
    """
    body = """
        import hashlib
        from my_indextts.api import Api
        print(hashlib.sha256(Api().synthesize("hello", "voice.wav")).hexdigest())
    """
    result = program(tmp_path, {"my_indextts.api": module}, body)
    [event] = result.events
    audio = event["data"]["audio"]
    assert (audio["path"], audio["sha256"]) == ("outputs/passing.wav", result.stdout.split()[-1])


def test_a_wrappers_call_can_be_answered_by_an_earlier_take(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "gpt.pth").write_bytes(b"weights")
    time.sleep(1.1)  # the model is older than the process
    body = """
        from my_indextts.studio import Studio
        studio = Studio()
        for number in range(2):
            assert studio.synthesize("one", "voice.wav", f"outputs/{number}.wav") == 7
    """
    events = program(tmp_path, {"my_indextts.studio": WRAPPER}, body, env={"INDEXTTS_PATCH_REUSE": "any"}).events
    assert [event["type"].rpartition(".")[2] for event in events] == ["succeeded", "reused"]
    assert (tmp_path / "outputs/0.wav").read_bytes() == (tmp_path / "outputs/1.wav").read_bytes()
