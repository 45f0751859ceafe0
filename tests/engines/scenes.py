"""What is played on an engine. Each scene makes one call, in one way that people make it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from tests.engines.weights import STOP

if TYPE_CHECKING:
    from tests.engines.stage import Stage

SHORT = "Hello, this is a test."
LONG = (
    "It says one sentence, and then another one. The quick brown fox jumps over the lazy dog! Numbers are read aloud."
)
HAPPY = [0.62345, 0.0, 0.1, 0.0, 0.0, 0.0, 0.2, 0.05]

Scene = Callable[["Stage"], Any]


def of(version: str) -> dict[str, Scene]:
    """The scenes for an engine, by name."""
    return {**BOTH, **(ONLY_2 if version == "2" else ONLY_2_5)}


def plain(s: Stage) -> Any:
    return s.infer(SHORT, "plain.wav")


def new_voice(s: Stage) -> Any:
    s.forget_voices()
    return s.infer(SHORT, "voice.wav")


def memory(s: Stage) -> Any:
    return s.infer(SHORT)


def segments(s: Stage) -> Any:
    return s.infer(LONG, "segments.wav", **s.segments)


def parameters(s: Stage) -> Any:
    chosen = {"top_p": 0.7, "top_k": 11, "temperature": 0.6, "num_beams": 1, "repetition_penalty": 3.0}
    return s.infer(SHORT, "parameters.wav", do_sample=False, length_penalty=0.5, max_mel_tokens=5, **chosen)


def stopped(s: Stage) -> Any:
    return s.infer(SHORT, "stopped.wav", forced_eos_token_id=STOP, max_mel_tokens=7)


def verbose(s: Stage) -> Any:
    return s.infer(LONG, "verbose.wav", verbose=True, **s.segments)


def vector(s: Stage) -> Any:
    return s.infer(SHORT, "vector.wav", emo_vector=HAPPY)


def vector_alpha(s: Stage) -> Any:
    return s.infer(SHORT, "alpha.wav", emo_vector=HAPPY, emo_alpha=0.37)


def vector_random(s: Stage) -> Any:
    return s.infer(SHORT, "random.wav", emo_vector=HAPPY, use_random=True)


def reference(s: Stage) -> Any:
    return s.infer(SHORT, "reference.wav", emo_audio_prompt=s.other, emo_alpha=0.6)


def stream(s: Stage) -> Any:
    return list(s.stream(LONG, "stream.wav", **s.segments))


def stream_memory(s: Stage) -> Any:
    return list(s.stream(LONG, **s.segments))


def stream_slow(s: Stage) -> Any:
    chunks = []
    for chunk in s.stream(LONG, **s.segments):
        s.pause(0.4)
        chunks.append(chunk)
    return chunks


def stream_given_up(s: Stage) -> Any:
    running = s.stream(LONG, "given-up.wav", **s.segments)
    first = next(running)
    s.pause(0.4)
    running.close()
    return first


def stream_never_begun(s: Stage) -> Any:
    s.stream(LONG, "never.wav").close()


def _breaks(step: str, number: int) -> Scene:
    """A scene that runs out of memory in a step, at its n-th run."""

    def scene(s: Stage) -> Any:
        runs = itertools.count(1)

        def fail() -> None:
            if next(runs) == number:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

        s.spies.then[step] = fail
        try:
            return s.infer(LONG, "broken.wav", **s.segments)
        finally:
            del s.spies.then[step]

    return scene


def no_voice(s: Stage) -> Any:
    return s.infer(SHORT, "none.wav", spk_audio_prompt=None)


def missing_voice(s: Stage) -> Any:
    return s.infer(SHORT, "missing.wav", spk_audio_prompt="/nowhere/voice.wav")


def unknown_parameter(s: Stage) -> Any:
    return s.infer(SHORT, "unknown.wav", no_such_parameter=1)


def generator(s: Stage) -> Any:
    return list(s.engine.infer_generator(**s.arguments(SHORT, "generator.wav")))


BOTH: dict[str, Scene] = {
    each.__name__: each
    for each in (
        plain, new_voice, memory, segments, parameters, stopped, verbose, vector, vector_alpha, vector_random,
        reference, stream, stream_memory, stream_slow, stream_given_up, stream_never_begun, no_voice, missing_voice,
        unknown_parameter, generator,
    )
} | {
    "broken_gpt": _breaks("gpt", 1),
    "broken_s2mel": _breaks("s2mel", 2),
    "broken_bigvgan": _breaks("bigvgan", 2),
}  # fmt: skip


def text_emotion(s: Stage) -> Any:
    return s.infer(SHORT, "text.wav", use_emo_text=True, emo_text="so happy", emo_alpha=0.5)


def own_text_emotion(s: Stage) -> Any:
    return s.infer(SHORT, "own.wav", use_emo_text=True)


ONLY_2: dict[str, Scene] = {"text_emotion": text_emotion, "own_text_emotion": own_text_emotion}


def diffusion(s: Stage) -> Any:
    return s.infer(SHORT, "diffusion.wav", diffusion_steps=3, inference_cfg_rate=0.0, duration_factor=1.2)


def stream_with_text(s: Stage) -> Any:
    return list(s.stream(LONG, emit_text=True, **s.segments))


def stream_with_text_given_up(s: Stage) -> Any:
    running = s.stream(LONG, emit_text=True, **s.segments)
    first = next(running)
    running.close()
    return first


def stream_of_infer(s: Stage) -> Any:
    """infer is no generator here: it takes the first chunk of its stream."""
    return s.infer(LONG, stream_return=True, **s.segments)


ONLY_2_5: dict[str, Scene] = {
    each.__name__: each for each in (diffusion, stream_with_text, stream_with_text_given_up, stream_of_infer)
}
