"""What events say is what the real code used, taken where it was used."""

from __future__ import annotations

import hashlib
import re
import wave
from collections.abc import Mapping

import pytest

from tests.engines.engines import Scene

pytestmark = pytest.mark.slow
SUCCEEDED, FAILED = "indextts.synthesis.succeeded", "indextts.synthesis.failed"


def test_every_call_leaves_one_event_that_says_how_it_ended(scenes: Mapping[str, Scene]) -> None:
    for name, scene in scenes.items():
        if name == "stream_never_begun":
            assert scene.events == []
            continue
        given_up = name.endswith("given_up")
        assert scene.event["type"] == (FAILED if scene.patched["error"] or given_up else SUCCEEDED), name
        error = scene.data["error"]
        if scene.patched["error"]:
            assert error["type"].rpartition(".")[2] == scene.patched["error"]["type"], name
            assert error["message"] == scene.patched["error"]["message"], name
        elif given_up:
            assert error["type"] == "GeneratorExit", name
        else:
            assert error is None, name


def test_the_audio_is_that_of_the_file(scenes: Mapping[str, Scene]) -> None:
    for name, scene in scenes.items():
        for file, digest in scene.patched["files"].items():
            audio = scene.data["audio"]
            assert (audio["path"], audio["sha256"]) == (file, digest), name
            with wave.open(str(scene.folder / "patched" / file)) as sound:
                said = (sound.getframerate(), sound.getnchannels(), sound.getnframes(), sound.getsampwidth() * 8)
            assert said == tuple(audio[key] for key in ("sample_rate", "channels", "samples", "bits_per_sample")), name


def test_the_request_is_what_was_asked_for(scenes: Mapping[str, Scene]) -> None:
    version = "2.5" if "diffusion" in scenes else "2"
    voice = scenes["plain"].folder.parent / "voice.wav"
    for name, scene in scenes.items():
        if name in ("stream_never_begun", "no_voice", "missing_voice"):
            continue
        data = scene.data
        assert data["voice"]["sha256"] == hashlib.sha256(voice.read_bytes()).hexdigest(), name
        assert (data["model"]["version"], data["model"]["device"]) == (version, "cpu"), name
        assert data["text"].startswith(("Hello", "It says")), name
        assert data["seed"] == 99, name


def test_tokens_and_the_reason_why_no_more_came_are_those_of_generate(scenes: Mapping[str, Scene]) -> None:
    for name, scene in scenes.items():
        segments = [{key: each[key] for key in ("tokens", "stop")} for each in scene.used["segments"]]
        if not segments:
            assert not scene.events or scene.data["generation"] is None, name
            continue
        generation = scene.data["generation"]
        assert generation["segments"] == segments, name
        assert generation["tokens"] == sum(each["tokens"] for each in segments), name
        assert scene.data["truncated"] is (segments[0]["stop"] == "limit"), name
        assert generation["voice_cached"] is ("voice" not in scene.used["calls"]), name
    assert scenes["new_voice"].data["generation"]["voice_cached"] is False
    assert scenes["stopped"].data["generation"]["segments"] == [{"tokens": 6, "stop": "token"}]


def test_the_text_was_split_into_as_many_segments(scenes: Mapping[str, Scene]) -> None:
    whole = scenes["segments"].used["calls"]["gpt"]
    assert scenes["segments"].data["timing"]["segments"] == whole > 2
    assert scenes["stream_given_up"].data["timing"]["segments"] == whole, "of which one was spoken"
    assert scenes["plain"].data["timing"]["segments"] == 1


def test_the_parameters_are_those_that_the_model_was_given(scenes: Mapping[str, Scene]) -> None:
    for name, scene in scenes.items():
        effective = scene.data["params"]["effective"] if scene.events else {}
        for used in scene.used["generation"]:
            assert {key: effective[key] for key in used} == used, name
        for flow in scene.used["flow"]:
            said = (effective["diffusion_steps"], effective["inference_cfg_rate"])
            assert said == (flow["steps"], flow["cfg_rate"]), name
    assert scenes["parameters"].data["params"]["effective"]["top_k"] == 11


def test_the_emotion_is_the_one_that_the_model_was_given(scenes: Mapping[str, Scene]) -> None:
    for name, scene in scenes.items():
        if not scene.events or scene.patched["error"]:
            continue
        emotion = scene.data["emotion"]
        for vector in scene.used["vectors"]:
            assert emotion["vector_effective"] == vector, name
        if not scene.used["vectors"]:
            assert emotion["mode"] == ("reference" if name == "reference" else "speaker"), name
            for alpha in scene.used["alphas"]:
                assert emotion["alpha_effective"] == alpha, name
    assert scenes["vector_alpha"].data["emotion"]["vector_effective"][0] == 0.2306
    assert scenes["reference"].data["emotion"]["alpha_effective"] == 0.6
    assert scenes["vector_random"].data["emotion"]["random"] is True
    assert scenes["vector_random"].used["calls"]["random"] == 8


def test_a_stream_says_how_long_its_engine_took_and_how_long_it_lasted(scenes: Mapping[str, Scene]) -> None:
    for name in ("stream", "stream_memory", "stream_slow", "stream_given_up"):
        timing, played = scenes[name].data["timing"], scenes[name].patched
        assert timing["elapsed"] - timing["wall"] >= played["paused"], name
        assert timing["wall"] <= timing["elapsed"] <= played["elapsed"], name
        assert timing["wall"] >= sum(scenes[name].used["seconds"][each] for each in ("gpt", "s2mel", "bigvgan")), name
    slow = scenes["stream_slow"]
    assert slow.patched["paused"] > 2
    assert slow.data["timing"]["rtf"] == pytest.approx(
        slow.data["timing"]["wall"] / slow.data["audio"]["duration"], 1e-4
    )


def test_a_stage_takes_as_long_as_its_calls_and_no_longer_than_the_call(scenes: Mapping[str, Scene]) -> None:
    for name, scene in scenes.items():
        timing = scene.data["timing"] if scene.events else {}
        stages = {each: timing[each] for each in ("gpt", "s2mel", "bigvgan") if each in timing}
        for stage, seconds in stages.items():
            assert seconds >= round(scene.used["seconds"].get(stage, 0), 6) - 1e-6, (name, stage)
        assert sum(stages.values()) <= timing.get("wall", 0) + 1e-5, name
    assert set(stages) == {"gpt", "s2mel", "bigvgan"}


def test_a_stage_takes_as_long_as_the_engine_says(scenes: Mapping[str, Scene]) -> None:
    """Where it says so: with verbose, in hundredths of a second."""
    said = dict(re.findall(r">> (\w+)_time: ([0-9.]+) seconds", scenes["verbose"].patched["printed"]))
    timing = scenes["verbose"].data["timing"]
    for stage, seconds in said.items():
        ours = timing[stage.removesuffix("_gen")]
        assert ours == pytest.approx(float(seconds), rel=0.2, abs=0.02), stage
    assert set(said) in ({"gpt_gen", "s2mel", "bigvgan"}, set()), "2.1.1 keeps its times to itself"


@pytest.mark.parametrize("stage", ["gpt", "s2mel", "bigvgan"])
def test_a_call_that_broke_says_in_which_stage(scenes: Mapping[str, Scene], stage: str) -> None:
    scene = scenes[f"broken_{stage}"]
    timing = scene.data["timing"]
    assert timing["stage"] == stage
    assert 0 < timing["stage_began"] <= timing["wall"]
    assert (
        timing["stage_began"] + 1e-5
        >= sum(timing[each] for each in ("gpt", "s2mel", "bigvgan") if each in timing) - (timing[stage])
    )


def test_a_stream_that_was_given_up_was_handing_over_what_it_had(scenes: Mapping[str, Scene]) -> None:
    assert scenes["stream_given_up"].data["timing"]["stage"] == "finishing"
    assert "stage" not in scenes["plain"].data["timing"]


def test_sound_in_memory_is_measured(scenes: Mapping[str, Scene]) -> None:
    audio, used = scenes["memory"].data["audio"], scenes["memory"].used
    assert audio["samples"] == used["samples"]
    assert audio["sha256"] == scenes["memory"].patched["result"][1][2]
    assert 0 < audio["peak"] < 1
    streamed = scenes["stream_memory"]
    silences = (streamed.used["calls"]["gpt"] - 1) * int(22_050 * 0.05)  # interval_silence
    assert streamed.data["audio"]["samples"] >= streamed.used["samples"] + silences
