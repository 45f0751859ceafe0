"""Which classes are recorded without anybody having named them, what one more row does, and what is left alone."""

from __future__ import annotations

import textwrap
import time
from pathlib import Path

import pytest

from tests.patch.helpers import PYTHONS
from tests.patch.modules import program


@pytest.mark.parametrize("interpreter", PYTHONS)
def test_a_class_that_nobody_named_is_recorded_by_what_its_methods_take(tmp_path: Path, interpreter: str) -> None:
    module = """
        from sounding import write

        class Engine:
            model_dir, device = "weights", "tpu"

            def synthesize(self, text, ref_audio, out_path, top_k=7):
                return write(out_path)

            @classmethod
            def clone(cls, ref_audio, text, output_path=None):
                return write(output_path)

            @staticmethod
            def generate_wav(text, voice, output_path, *, speed=1.0):
                return write(output_path)

            def stream(self, text, voice, **rest):
                yield b"..."

            def warm(self, text, voice):
                return write("outputs/warm.wav")
    """
    body = """
        import os
        os.makedirs("outputs")
        from somebodys_index_tts.native import Engine
        engine = Engine()
        assert engine.synthesize("one", "voice.wav", "outputs/1.wav") == "outputs/1.wav"
        assert Engine.clone("voice.wav", "two", "outputs/2.wav") == "outputs/2.wav"
        assert engine.clone("voice.wav", text="three", output_path="outputs/3.wav") == "outputs/3.wav"
        assert Engine.generate_wav("four", "voice.wav", "outputs/4.wav", speed=2) == "outputs/4.wav"
        assert engine.generate_wav("five", "voice.wav", "outputs/5.wav") == "outputs/5.wav"
        assert list(engine.stream("six", voice="voice.wav")) == [b"..."]
        engine.warm("no", "voice.wav")
    """
    result = program(tmp_path, {"somebodys_index_tts.native": module}, body, interpreter=interpreter)
    data = [event["data"] for event in result.events]
    assert [each["text"] for each in data] == ["one", "two", "three", "four", "five", "six"]
    assert all(each["voice"]["path"] == "voice.wav" and len(each["voice"]["sha256"]) == 64 for each in data)
    assert {each["model"]["class"] for each in data} == {"somebodys_index_tts.native.Engine"}
    assert {each["model"]["version"] for each in data} == {None}
    assert [(each["audio"] or {}).get("samples") for each in data] == [2205] * 5 + [None]
    assert data[0]["params"] == {"requested": {}, "effective": {"top_k": 7}}
    assert data[3]["params"] == {"requested": {"speed": 2}, "effective": {"speed": 2}}
    assert (data[0]["model"]["dir"], data[0]["model"]["device"]) == ("weights", "tpu")
    said = "".join(result.said())
    assert said.count("indextts_patch: ") == 1, said
    assert "version unknown: synthesize, clone, generate_wav, stream)" in said


LOOKALIKES = """
    import abc
    from typing import Protocol

    class NoVoice:
        def infer(self, text):
            return text

    class NoText:
        def infer(self, spk_audio_prompt):
            return spk_audio_prompt

    class FakeIndexTTS2:
        def infer(self, spk_audio_prompt, text, output_path):
            return output_path

    class Backend(abc.ABC):
        @abc.abstractmethod
        def synthesize(self, text, voice): ...

    class Speaks(Protocol):
        def synthesize(self, text, voice): ...

    class Own(Backend):
        def synthesize(self, text, voice):
            return text

    class Settings:
        infer = {"text": "voice"}

    def infer(text, voice):
        return text
"""


def test_what_merely_looks_alike_is_left_alone(tmp_path: Path) -> None:
    body = """
        import indextts_utils, mocks.indextts_engine, plain_tts
        one = indextts_utils
        assert one.NoVoice().infer("x") == one.NoText().infer("x") == one.infer("x", "y") == "x"
        assert one.FakeIndexTTS2().infer("v", "t", "o") == "o"
        assert mocks.indextts_engine.Double().infer("v", "t", "o") == "o"
        assert plain_tts.IndexTTS2().infer("v", "t", "o") == "o"
        kinds = (one.NoVoice, one.NoText, one.FakeIndexTTS2, one.Backend, one.Speaks)
        kinds += (mocks.indextts_engine.Double, plain_tts.IndexTTS2)
        assert not any(hasattr(each, "__indextts_patch__") for kind in kinds for each in vars(kind).values())
        import indextts_patch
        for name, why in sorted(indextts_patch._hook.left_alone.items()):
            print(name, "|", why)
    """
    double = "class Double:\n    def infer(self, spk_audio_prompt, text, output_path):\n        return output_path\n"
    modules = {
        "indextts_utils": LOOKALIKES.replace("class Own(Backend)", "class Own(Backend, abc.ABC)"),
        "mocks.indextts_engine": double,
        "plain_tts": double.replace("Double", "IndexTTS2"),
    }
    result = program(tmp_path, modules, body)
    assert result.events == []
    told = dict(line.split(" | ") for line in result.stdout.splitlines())
    assert told == {
        "indextts_utils.NoVoice": "its infer does not take a text and a voice",
        "indextts_utils.FakeIndexTTS2": "by its name it stands in for an engine in tests",
        "indextts_utils.Backend": "it only says what an engine looks like",
        "indextts_utils.Speaks": "it only says what an engine looks like",
        "mocks.indextts_engine.Double": "by its name it stands in for an engine in tests",
    }
    assert all("recording indextts_utils.Own" in line for line in result.said())


FOREIGN = """
    from sounding import write

    class Task:
        def __init__(self, words, who, to):
            self.words, self.who, self.to = words, {"file": [who]}, to

    class Parrot:
        variant, weights = "large", {"folder": "nest"}

        def speak(self, task, options):
            yield write(task.to)
"""
ROW = """
    from indextts_patch.upstream import rows
    from indextts_patch.upstream.row import Engine
    rows.ENGINES += (
        Engine(
            "aviary.parrot", "Parrot", None, package="aviary", read="1", methods=("speak",),
            arguments={"task.words": "text", "task.who.file.0": "voice", "task.to": "output"}, bags=("options",),
            versions=("variant", {"large": "7"}), directory="weights.folder",
        ),
    )
    rows.NAMES |= {"Parrot"}
"""


def test_another_engine_costs_one_row(tmp_path: Path) -> None:
    body = """
        import os
        os.makedirs("outputs")
        import indextts_patch
        indextts_patch.install()
        from lib.aviary.parrot import Parrot, Task
        print(list(Parrot().speak(Task("hello", "voice.wav", "outputs/x.wav"), {"top_k": 3})))
    """
    modules = {"lib.aviary.parrot": FOREIGN}
    without, with_a_row = (tmp_path / name for name in ("without", "with"))
    without.mkdir()
    with_a_row.mkdir()
    assert program(without, modules, body, way=None).events == []
    [event] = program(with_a_row, modules, textwrap.dedent(ROW) + textwrap.dedent(body), way=None).events
    data = event["data"]
    assert (data["text"], data["voice"]["path"], data["audio"]["path"]) == ("hello", "voice.wav", "outputs/x.wav")
    assert data["params"]["effective"] == {"top_k": 3}
    assert (data["model"]["version"], data["model"]["dir"]) == ("7", "nest")


def test_what_returns_no_path_is_never_answered_by_an_earlier_take(tmp_path: Path) -> None:
    module = """
        from sounding import write

        class IndexTTS:
            sample_rate, model_dir = 22050, "weights"

            def clone(self, text, ref_audio_path, out=None, lang="zh"):
                write(out)
                return 22050, b"samples"
    """
    body = """
        import os
        os.makedirs("outputs")
        from index_tts_2_5_onnx.api import IndexTTS
        for number in range(2):
            assert IndexTTS().clone("one", "voice.wav", f"outputs/{number}.wav") == (22050, b"samples")
    """
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "gpt.onnx").write_bytes(b"weights")
    time.sleep(1.1)
    env = {"INDEXTTS_PATCH_REUSE": "any"}
    events = program(tmp_path, {"index_tts_2_5_onnx.api": module}, body, env=env).events
    assert [event["type"].rpartition(".")[2] for event in events] == ["succeeded", "succeeded"]


TENSORRT = """
    from dataclasses import dataclass
    from typing import Any

    class Samples:
        def __init__(self, count):
            self.shape, self.dtype = (count,), "int16"

    @dataclass
    class AudioChunk:
        sample_rate: int
        audio: Any
        is_last: bool

    class FasterIndexTTS2:
        device = "cuda:0"

        def generate(self, text, speaker, emo_speaker=None, emo_alpha=1.0, emo_vector=None,
                     max_text_tokens_per_segment=120, interval_silence_ms=200, stream=False, output_path=None,
                     max_mel_tokens=1500, num_beams=3, top_k=30, top_p=0.8, temperature=0.8, repetition_penalty=10.0):
            if stream:
                return self._stream()
            return 22050, Samples(2205)

        def _stream(self):
            for last in (False, True):
                yield AudioChunk(sample_rate=22050, audio=Samples(1000), is_last=last)
"""


def test_the_engine_on_tensorrt_is_recorded_whole_streamed_and_in_a_batch(tmp_path: Path) -> None:
    body = """
        from backends.trt.pipeline.pipeline import FasterIndexTTS2
        engine = FasterIndexTTS2()
        assert engine.generate("one", "voice.wav", emo_vector=[0.5] + [0] * 7, emo_alpha=0.5)[0] == 22050
        assert [chunk.is_last for chunk in engine.generate("two", "voice.wav", stream=True)] == [False, True]
        assert engine.generate(["three", "four"], speaker="voice.wav", emo_speaker="voice.wav", top_k=5)[0] == 22050
    """
    events = program(tmp_path, {"backends.trt.pipeline.pipeline": TENSORRT}, body).events
    one, two, batch = (event["data"] for event in events)
    assert [data["text"] for data in (one, two, batch)] == ["one", "two", "three\nfour"]
    assert {data["model"]["version"] for data in (one, two, batch)} == {"2"}
    assert one["emotion"]["vector_effective"] == [0.5, *[0.0] * 7], "alpha scales no vector there"
    assert (one["audio"]["samples"], two["audio"]["samples"]) == (2205, 2000)
    assert two["audio"]["sample_rate"] == 22050
    assert two["timing"]["first_chunk"] is not None
    assert batch["params"]["effective"]["top_k"] == 5
