"""What the calls of a model's parts say."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from indextts_patch.facts.generation import Generation


def codes(*shape: int) -> Any:
    return SimpleNamespace(shape=shape)


def spoken(*lengths: int, limit: int = 10, **more: Any) -> Generation:
    generation = Generation()
    for length in lengths:
        generation.tell("tokens", {"max_generate_length": limit, **more}, (codes(1, length), "latent"))
    return generation


def facts(generation: Generation, *, truncated: bool | None = False) -> dict[str, Any]:
    told = generation.facts(truncated, frozenset(("voice", "tokens")))
    assert told is not None
    return told


def test_fewer_tokens_than_allowed_are_ended_by_the_one_that_is_not_counted() -> None:
    assert facts(spoken(4, 9)) == {
        "tokens": 11,
        "segments": [{"tokens": 3, "stop": "token"}, {"tokens": 8, "stop": "token"}],
        "voice_cached": True,
    }


def test_as_many_as_allowed_are_cut_off_where_the_engine_warned() -> None:
    assert facts(spoken(10), truncated=True)["segments"] == [{"tokens": 10, "stop": "limit"}]
    assert facts(spoken(10), truncated=False)["segments"] == [{"tokens": 9, "stop": "token"}]


def test_whether_speech_was_cut_off() -> None:
    assert spoken(10).truncated(True, warns=True) is True
    assert spoken(10).truncated(None, warns=True) is False, "it would have warned"
    assert spoken(10).truncated(None, warns=False) is True
    assert spoken(3).truncated(None, warns=False) is False
    assert Generation().truncated(None, warns=True) is None, "it never came to that"
    assert spoken(3, limit=None).truncated(None, warns=False) is None  # type: ignore[arg-type]


def test_a_batch_has_segments_of_unknown_length() -> None:
    generation = Generation()
    generation.tell("tokens", {"max_generate_length": 600}, codes(3, 80))
    told = facts(generation)
    assert told["tokens"] is None
    assert told["segments"] == [{"tokens": None, "stop": None}] * 3
    assert generation.segments == 3


def test_parameters_are_read_under_infers_names() -> None:
    generation = spoken(3, top_k=30, temperature=0.8, do_sample=False, limit=7, cond_lengths=codes(1), num_beams=None)
    generation.tell("flow", {"n_timesteps": 25, "inference_cfg_rate": 0.7, "mu": codes(1, 2, 3)}, None)
    assert generation.parameters == {
        "top_k": 30, "temperature": 0.8, "do_sample": False, "max_mel_tokens": 7, "diffusion_steps": 25,
        "inference_cfg_rate": 0.7,
    }  # fmt: skip


def test_what_an_engine_of_vllm_is_passed_says_nothing() -> None:
    assert spoken(3, top_k=3, self=SimpleNamespace(sampling_params=object())).parameters == {}


def test_segments_are_those_of_the_text_also_where_not_all_were_spoken() -> None:
    generation = spoken(3)
    generation.tell("split", {}, ["one", "two", "three"])
    assert generation.segments == 3


def test_a_voice_that_was_read_is_new_and_one_that_nobody_could_see_unknown() -> None:
    generation = spoken(3)
    assert generation.facts(False, frozenset()) == {**facts(generation), "voice_cached": None}
    generation.tell("voice", {}, None)
    assert facts(generation)["voice_cached"] is False
    assert Generation().facts(None, frozenset(("voice",))) is None


def test_the_limit_is_the_one_that_transformers_obeys() -> None:
    cut = facts(spoken(5, limit=50, max_new_tokens=5), truncated=True)
    assert cut["segments"] == [{"tokens": 5, "stop": "limit"}]


def test_speech_that_something_else_cut_off_has_no_known_reason() -> None:
    assert (
        facts(spoken(5, 7, limit=50, max_time=0.1), truncated=True)["segments"] == [{"tokens": None, "stop": None}] * 2
    )
