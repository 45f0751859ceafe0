"""Streams, and what looks like one: whose time it is, when it began, and what was handed over."""

from __future__ import annotations

from pathlib import Path

from tests.patch.helpers import Run, ok, one_event, run

TELL = """
def tell(*what):  # not by stdout, where the engine prints
    with open("told", "a") as file:
        print(*what, file=file)
"""

SLOW_CONSUMER = """
import time
from indextts.infer_v2 import IndexTTS2
tts, paused = IndexTTS2(device="cpu"), 0.0
for chunk in tts.infer("voice.wav", "streamed " * 40, "outputs/slow.wav", stream_return=True):
    began = time.perf_counter()
    time.sleep(0.05)
    paused += time.perf_counter() - began
tell(paused)
"""

# As in indextts25-inference: with stream_return, infer is no generator function, and hands over its first chunk.
EAGER = """
import json, os, time
import indextts.infer_v2 as upstream

class IndexTTS2(upstream.IndexTTS2):
    def infer(self, spk_audio_prompt, text, output_path, stream_return=False):
        for name in os.listdir("outputs/.inflight"):
            if name.endswith(".call"):
                tell("marked", json.loads(open(f"outputs/.inflight/{name}").readline())["data"]["text"])
        time.sleep(0.1)
        for chunk in super().infer_generator(spk_audio_prompt, text, output_path, stream_return=stream_return):
            return chunk

began = time.time()
IndexTTS2(device="cpu").infer("voice.wav", "eager " * 40, None, stream_return=True)
tell(began, time.time())
"""

ORDINARY = """
import os
from indextts.infer_v2 import IndexTTS2

def marked():
    calls = [name for name in os.listdir("outputs/.inflight") if name.endswith(".call")]
    return sum(open(f"outputs/.inflight/{name}").read(1) == "{" for name in calls)

tts = IndexTTS2(device="cpu")
stream = tts.infer("voice.wav", "ordinary " * 40, None, stream_return=True)
made = marked()
next(stream)
tell(made, marked())
stream.close()
tell(marked())
"""

TUPLES = """
import indextts.infer_v2 as upstream

class IndexTTS2(upstream.IndexTTS2):
    def infer_generator(self, spk_audio_prompt, text, output_path, stream_return=False):
        for chunk in super().infer_generator(spk_audio_prompt, text, output_path, stream_return=stream_return):
            if hasattr(chunk, "shape"):
                yield chunk, "what was said"

tts = IndexTTS2(device="cpu")
whole = list(tts.infer_generator("voice.wav", "tuples " * 60, None, stream_return=True))
given_up = tts.infer_generator("voice.wav", "given up " * 60, None, stream_return=True)
next(given_up)
given_up.close()
tell(sum(chunk.shape[1] for chunk, _ in whole))
"""


def test_a_consumers_pauses_are_no_time_of_the_engine(tmp_path: Path) -> None:
    result = run(tmp_path, TELL + SLOW_CONSUMER)
    data, paused = one_event(result), float(told(result))
    timing = data["timing"]
    assert timing["elapsed"] - timing["wall"] >= paused - 1e-5
    assert timing["rtf"] * data["audio"]["duration"] - timing["wall"] < 1e-3
    assert timing["first_chunk"] <= timing["wall"]


def test_a_call_that_only_looks_like_a_stream_is_marked_and_timed_from_its_beginning(tmp_path: Path) -> None:
    result = run(tmp_path, TELL + EAGER)
    data = one_event(result)
    marked, times = told(result).splitlines()
    assert marked == "marked " + "eager " * 40
    assert data["timing"]["wall"] >= 0.1
    assert data["timing"]["elapsed"] is None, "it is no stream"
    began, ended = map(float, times.split())
    assert began <= _seconds(data["timing"]["started_at"]) <= ended - 0.1


def test_a_stream_is_marked_while_it_runs_and_not_before(tmp_path: Path) -> None:
    assert told(ok(run(tmp_path, TELL + ORDINARY))).split() == ["0", "1", "0"]


def test_chunks_that_come_with_their_text_are_sound(tmp_path: Path) -> None:
    result = ok(run(tmp_path, TELL + TUPLES))
    whole, given_up = result.events
    assert whole["data"]["audio"]["samples"] == int(told(result))
    assert given_up["type"] == "indextts.synthesis.failed"
    assert given_up["data"]["error"]["type"] == "GeneratorExit"
    assert 0 < given_up["data"]["audio"]["samples"] < int(told(result))


def told(result: Run) -> str:
    return (result.root / "told").read_text()


def _seconds(time: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(time).timestamp()
