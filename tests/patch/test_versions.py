"""Every version, every way of calling, every way in: one event a call, and the host notices nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.patch import scenarios
from tests.patch.helpers import PYTHONS, WAYS, Run, ok, run

SCENARIOS = {
    "v1_5": (scenarios.V1, 5),
    "v2_first": (scenarios.V2, 12),
    "v2_0": (scenarios.V2_GENERATOR, 21),
    "head": (scenarios.V2_GENERATOR, 21),
    "v2_5": (scenarios.V2_5, 7),
    "vllm": (scenarios.VLLM, 13),
}
FOLDER = {"v2_5": "head"}


def play(root: Path, name: str, **how: Any) -> Run:
    return ok(run(root, SCENARIOS[name][0], version=FOLDER.get(name, name), **how))


@pytest.mark.parametrize("interpreter", PYTHONS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_call_leaves_one_event_and_returns_what_it_returns_without_the_patch(
    tmp_path: Path, name: str, way: str, interpreter: str
) -> None:
    plain, patched = tmp_path / "plain", tmp_path / "patched"
    plain.mkdir()
    patched.mkdir()
    without = play(plain, name, way=None, interpreter=interpreter)
    with_patch = play(patched, name, way=way, interpreter=interpreter)
    assert with_patch.stdout == without.stdout
    assert len(with_patch.events) == SCENARIOS[name][1]
    assert [event["sequence"] for event in with_patch.events] == list(range(2, SCENARIOS[name][1] + 2))
    assert sorted(p.name for p in plain.rglob("*.wav")) == sorted(p.name for p in patched.rglob("*.wav"))
    assert without.events == []
    assert with_patch.said()
    assert all("recording indextts.infer" in line and str(patched / "outputs") in line for line in with_patch.said())
    assert not (patched / "outputs" / ".inflight").exists()


def by_text(result: Run) -> dict[str, dict[str, Any]]:
    return {str(event["data"].get("text")): event for event in result.events}


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return play(tmp_path_factory.mktemp("head"), "head")


def test_an_exception_is_recorded_with_type_message_and_traceback(head: Run) -> None:
    event = by_text(head)["[raise OutOfMemoryError CUDA out of memory]"]
    assert event["type"] == "indextts.synthesis.failed"
    assert event["data"]["error"]["type"] == "engine.OutOfMemoryError"
    assert event["data"]["error"]["message"] == "CUDA out of memory"
    assert "in obey" in event["data"]["error"]["traceback"]
    assert event["data"]["audio"] == {"path": None, "requested_path": "outputs/oom.wav"}
    assert (head.root / "outputs" / "oom.wav.json").exists()


def test_an_index_error_that_infer_swallows_is_recorded_with_its_true_cause(head: Run) -> None:
    event = by_text(head)["[index]"]
    assert event["type"] == "indextts.synthesis.failed"
    assert event["data"]["error"]["type"] == "IndexError"
    assert "obey" in event["data"]["error"]["traceback"]


def test_a_call_that_gives_nothing_back_is_a_failure(head: Run) -> None:
    event = by_text(head)["[nothing]"]
    assert event["type"] == "indextts.synthesis.failed"
    assert event["data"]["error"]["type"] == "NoResult"


def test_a_keyboard_interrupt_is_recorded(head: Run) -> None:
    assert by_text(head)["[raise KeyboardInterrupt]"]["data"]["error"]["type"] == "KeyboardInterrupt"


def test_a_call_with_wrong_arguments_is_recorded(head: Run) -> None:
    assert by_text(head)["None"]["data"]["error"]["type"] == "TypeError"


def test_a_stream_tells_its_first_chunk_and_its_file(head: Run) -> None:
    event = by_text(head)["streamed " * 40]
    assert event["type"] == "indextts.synthesis.succeeded"
    assert 0 < event["data"]["timing"]["first_chunk"] <= event["data"]["timing"]["wall"]
    assert event["data"]["audio"]["path"] == "outputs/stream.wav"
    assert event["data"]["timing"]["segments"] == 3


def test_a_stream_without_a_file_tells_its_length(head: Run) -> None:
    audio = by_text(head)["s" * 250]["data"]["audio"]
    assert audio["path"] is None
    assert audio["samples"] > 22050
    assert audio["duration"] == pytest.approx(audio["samples"] / 22050, abs=1e-6)


def test_an_abandoned_stream_is_a_failure_and_one_that_never_began_is_nothing(head: Run) -> None:
    error = by_text(head)["abandoned " * 40]["data"]["error"]
    assert error["type"] == "GeneratorExit"
    assert error["message"] == "the consumer gave the stream up after 1 chunks"
    assert "never" not in by_text(head)


def test_a_consumer_that_takes_only_the_result_out_of_a_generator_has_succeeded(head: Run) -> None:
    event = by_text(head)["first"]
    assert event["type"] == "indextts.synthesis.succeeded"
    assert event["data"]["audio"]["path"] == "outputs/first.wav"


def test_facts_of_the_audio_come_from_the_file(head: Run) -> None:
    audio = by_text(head)["two"]["data"]["audio"]
    assert audio["bytes"] == (head.root / "outputs" / "two.wav").stat().st_size
    assert (audio["sample_rate"], audio["channels"], audio["bits_per_sample"]) == (22050, 1, 16)
    assert audio["peak"] == pytest.approx(0.5, abs=0.001)
    assert audio["full_scale_share"] == 0


def test_a_saturated_file_can_be_told_from_its_event(head: Run) -> None:
    assert by_text(head)["[full] loud"]["data"]["audio"]["full_scale_share"] > 0.3


def test_truncation_and_upstreams_times_are_recorded(head: Run) -> None:
    event = by_text(head)["[truncate] long"]
    assert event["data"]["truncated"] is True
    assert by_text(head)["two"]["data"]["truncated"] is False
    assert "max_mel_tokens" in event["data"]["warnings"][0]
    timing = event["data"]["timing"]
    assert [timing[stage] for stage in ("gpt", "gpt_forward", "s2mel", "bigvgan")] == [0.25, 0.5, 0.75, 1.0]


def test_emotions_are_recorded_in_every_mode(head: Run) -> None:
    emotions = {text: event["data"]["emotion"] for text, event in by_text(head).items()}
    assert (emotions["one 好"]["mode"], emotions["one 好"]["label"]) == ("speaker", "neutral")
    assert emotions["two"]["mode"] == "vector"
    assert emotions["two"]["label"] == "happy"
    assert emotions["two"]["vector_input"] == [0.8, 0, 0, 0, 0, 0, 0.2, 0]
    assert emotions["two"]["vector_effective"] == [0.4, 0, 0, 0, 0, 0, 0.1, 0]
    assert (emotions["two"]["alpha_requested"], emotions["two"]["alpha_effective"]) == (0.5, 0.5)
    assert (emotions["three"]["mode"], emotions["three"]["label"]) == ("reference", "reference")
    assert emotions["three"]["audio"]["path"] == "program.py"
    assert emotions["three"]["alpha_effective"] == 0.4
    assert (emotions["four"]["mode"], emotions["four"]["label"]) == ("text", "sad")
    assert emotions["four"]["text"] == "so sad"
    assert emotions["four"]["vector_effective"] == [0, 0, 1.1, 0, 0, 0, 0, 0]
    assert emotions["s"]["vector_raw"] == [0.8, 0, 0, 0, 0, 0, 0.2, 0]
    assert emotions["s"]["vector_input"][0] == pytest.approx(0.676, abs=0.001)


def test_parameters_are_recorded_as_passed_and_as_used(head: Run) -> None:
    params = by_text(head)["two"]["data"]["params"]
    assert params["requested"] == {"top_p": 0.7}
    assert params["effective"]["top_p"] == 0.7
    assert params["effective"]["num_beams"] == 3
    assert params["effective"]["max_text_tokens_per_segment"] == 120
    assert by_text(head)["eight"]["data"]["params"]["requested"] == {"duration_factor": 1.1}


def test_the_first_version_of_2_does_not_scale_vectors(tmp_path: Path) -> None:
    emotion = by_text(play(tmp_path, "v2_first"))["two"]["data"]["emotion"]
    assert emotion["alpha_requested"] == 0.5
    assert emotion["alpha_effective"] == 1.0
    assert emotion["vector_effective"] == emotion["vector_input"]


def test_low_vram_is_one_event_with_summed_times_and_every_vector(tmp_path: Path) -> None:
    result = play(tmp_path, "v2_5")
    event = next(event for text, event in by_text(result).items() if text.startswith("happy and"))
    assert event["data"]["timing"]["segments"] == 5
    assert event["data"]["timing"]["gpt"] == 5 * 0.25
    assert len(event["data"]["emotion"]["vectors"]) == 5
    assert event["data"]["emotion"]["label"] == "happy"
    assert event["data"]["language"] == "EN"
    assert event["data"]["model"]["version"] == "2.5"
    failed = next(event for text, event in by_text(result).items() if text.startswith("[index]"))
    assert failed["data"]["error"]["type"] == "IndexError"


def test_the_vllm_forks_coroutines_and_streams_are_recorded(tmp_path: Path) -> None:
    result = play(tmp_path, "vllm")
    events = by_text(result)
    assert events["one 好"]["data"]["emotion"]["alpha_effective"] == 1.0
    assert events["afraid"]["data"]["emotion"]["label"] == "afraid"
    assert events["cancelled"]["data"]["error"]["type"] == "asyncio.exceptions.CancelledError"
    assert events["streamed " * 20]["data"]["audio"]["samples"] > 0
    assert {f"t{i}" for i in range(5)} <= set(events)
    assert events["six"]["data"]["voice"]["path"] == "voice.wav"
    assert events["six"]["data"]["params"]["requested"] == {"seed": 7}
    assert events["seven"]["data"]["model"]["version"] == "1"


def test_the_vllm_forks_parameters_are_those_of_their_engine(tmp_path: Path) -> None:
    events = by_text(play(tmp_path, "vllm"))
    engine = {"temperature": 1.0, "top_p": 0.8, "top_k": 30, "repetition_penalty": 10, "do_sample": True}
    first, second = events["six"]["data"]["params"], events["loud"]["data"]["params"]
    assert first == {
        "requested": {"seed": 7},
        "effective": {**engine, "max_mel_tokens": 768, "verbose": False, "seed": 7},
    }
    assert second["requested"] == {"top_p": 0.1, "interval_silence": 100}
    named = {"verbose": False, "max_text_tokens_per_sentence": 120, "interval_silence": 100}
    assert second["effective"] == {**engine, "max_mel_tokens": 2048, **named}


def test_the_vllm_forks_times_are_recorded_whether_printed_or_logged(tmp_path: Path) -> None:
    result = play(tmp_path, "vllm")
    events = by_text(result)
    printed, logged = events["six"]["data"], events["one 好"]["data"]
    assert (printed["timing"]["gpt"], printed["timing"]["bigvgan"]) == (0.25, 0.5)
    assert [logged["timing"][stage] for stage in ("gpt", "gpt_forward", "s2mel", "bigvgan")] == [0.25, 0.5, 0.75, 1.0]
    # Neither says whether it was truncated.
    assert printed["truncated"] is None
    assert logged["truncated"] is None


def test_version_1_is_recorded_without_an_emotion(tmp_path: Path) -> None:
    event = by_text(play(tmp_path, "v1_5"))["one 好"]
    assert event["data"]["emotion"] is None
    assert event["data"]["audio"]["sample_rate"] == 24000
    assert event["data"]["params"]["effective"]["temperature"] == 1.0
    assert event["data"]["model"] == {
        "version": "1", "class": "indextts.infer.IndexTTS", "dir": "checkpoints", "device": "cpu", "precision": "fp32",
        "acceleration": None, "weights": None, "first_call": True,
    }  # fmt: skip
