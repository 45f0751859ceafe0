"""What all doubles share: a sound instead of a model, and knobs in place of its failures.

The doubles follow the facts known of each version (signatures, order of progress, printed lines, results,
what is swallowed); nothing in them is upstream's code.

Knobs are words in the text: [slow S], [raise NAME MESSAGE], [index] (an IndexError inside), [exit N] (the
process dies while it writes the file), [truncate], [nothing], [full] (a saturated sound), [sound SECONDS].
"""

from __future__ import annotations

import array
import functools
import math
import os
import re
import sys
import time
import types
import wave
from collections.abc import Callable

LOUD = 0.5
LAST: BaseException | None = None  # what was raised last on demand


class OutOfMemoryError(RuntimeError):
    """Stands for torch.OutOfMemoryError."""


class Tensor:
    """As much of a torch.Tensor as a consumer of a stream sees: a shape, and samples in PCM scale."""

    def __init__(self, samples: array.array) -> None:
        self.samples = samples
        self.shape = (1, len(samples))


def knob(text: str, name: str) -> str | None:
    found = re.search(rf"\[{name}(?: ([^\]]*))?\]", text)
    return None if found is None else (found[1] or "")


def obey(text: str) -> None:
    """Sleep or fail as the text says."""
    slow = knob(text, "slow")
    if slow:
        time.sleep(float(slow))
    failure = knob(text, "raise")
    if failure:
        name, _, message = failure.partition(" ")
        kinds = {"OutOfMemoryError": OutOfMemoryError, "KeyboardInterrupt": KeyboardInterrupt}
        global LAST
        LAST = kinds.get(name, getattr(__import__("builtins"), name, RuntimeError))(message)
        raise LAST
    if knob(text, "index") is not None:
        [][len(text)]


@functools.cache
def _tone(rate: int, level: float) -> array.array:
    """A tenth of a second of 220 Hz, cut off at full scale."""
    wave_form = (32767 * level * math.sin(2 * math.pi * 220 * i / rate) for i in range(rate // 10))
    return array.array("h", (int(max(-32767, min(32767, value))) for value in wave_form))


def sound(text: str, rate: int) -> array.array:
    """16-bit samples: a tone per character of the text, or as long as [sound SECONDS] says."""
    seconds = float(knob(text, "sound") or min(0.02 * len(text), 1.0))
    level = 1.5 if knob(text, "full") is not None else LOUD
    count = max(int(rate * seconds), 1)
    period = _tone(rate, level)
    samples = period * (count // len(period) + 1)
    return samples[:count]


def save(path: object, samples: array.array, rate: int, text: str) -> None:
    """Write a WAV in place, as upstream does: not in one step."""
    if sys.byteorder == "big":
        samples = array.array("h", samples)
        samples.byteswap()
    with wave.open(os.fspath(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        code = knob(text, "exit")
        if code is not None:
            file.writeframesraw(samples[: len(samples) // 2].tobytes())
            os._exit(int(code or 9))
        file.writeframes(samples.tobytes())


def in_memory(samples: array.array, rate: int) -> tuple[int, object]:
    """(sampling rate, int16 array of shape (samples, 1)); without numpy a stand-in with its face."""
    try:
        import numpy
    except ImportError:
        return rate, Samples(samples)
    return rate, numpy.array(samples, dtype="int16").reshape(-1, 1)


class Samples:
    """A numpy array's face for environments without numpy."""

    class dtype:
        itemsize = 2

    def __init__(self, samples: array.array) -> None:
        self.samples = samples
        self.shape = (len(samples), 1)

    def tobytes(self) -> bytes:
        return self.samples.tobytes()


def split(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)] if text else []


class Engine:
    """Stands for the vLLM forks' gpt: its sampling is decided when the model is made."""

    def __init__(self, max_tokens: int) -> None:
        self.sampling_params = types.SimpleNamespace(
            temperature=1.0, top_p=0.8, top_k=30, repetition_penalty=10.0, max_tokens=max_tokens
        )


class Model:
    """What webui.py and the patch read from a model object, and what all versions share of a synthesis."""

    rate = 22050

    def __init__(self, model_dir: str, device: str | None) -> None:
        self.model_dir = model_dir
        self.device = device or "cpu"
        self.gr_progress: Callable[..., object] | None = None
        self.model_version: object = None
        self.cache_spk_audio_prompt: object = None
        self.seen: list[tuple[object, ...]] = []

    def stages(self, text: str, segments: list[str], say: Callable[..., None], names: tuple[str, ...]) -> array.array:
        """Make the sound of all segments and print the times, as upstream does after its loop."""
        samples = array.array("h")
        for segment in segments:
            samples += sound(text, self.rate) if knob(text, "sound") is not None else sound(segment, self.rate)
            if knob(text, "sound") is not None:
                break
        length = len(samples) / self.rate
        for number, name in enumerate(names):
            say(f">> {name}_time: {0.25 * (number + 1):.2f} seconds")
        say(f">> Total inference time: {1.5:.2f} seconds")
        say(f">> Generated audio length: {length:.2f} seconds")
        say(f">> RTF: {1.5 / length:.4f}")
        return samples

    def open_prompt(self, prompt: object) -> None:
        """Loading the prompt fails as upstream's does, with a TypeError for None."""
        if prompt is None:
            raise TypeError("Invalid file: None")
        with open(os.fspath(prompt), "rb") as file:  # type: ignore[call-overload]
            file.read(12)
        self.cache_spk_audio_prompt = prompt

    def finish(self, samples: array.array, output_path: object, text: str, say: Callable[..., None]) -> object:
        """Remove the old file, write the new one and return the path; or the samples in memory."""
        if not output_path:
            return in_memory(samples, self.rate)
        if os.path.isfile(output_path):  # type: ignore[arg-type]
            os.remove(output_path)  # type: ignore[arg-type]
            say(">> remove old wav file:", output_path)
        if os.path.dirname(output_path) != "":  # type: ignore[call-overload]
            os.makedirs(os.path.dirname(output_path), exist_ok=True)  # type: ignore[call-overload]
        save(output_path, samples, self.rate, text)
        say(">> wav file saved to:", output_path)
        return output_path


def refuse_unknown(kwargs: dict[str, object]) -> None:
    """The vendored transformers refuse keywords that no version knows."""
    known = {
        "do_sample", "top_p", "top_k", "temperature", "length_penalty", "num_beams", "repetition_penalty",
        "max_mel_tokens", "typical_sampling", "typical_mass",
    }  # fmt: skip
    unknown = [key for key in kwargs if key not in known]
    if unknown:
        raise ValueError(f"The following `model_kwargs` are not used by the model: {unknown}")


def emotions_of(text: str) -> dict[str, float]:
    """What the double's QwenEmotion finds: a weight for each emotion that the text names."""
    names = ("happy", "angry", "sad", "afraid", "disgusted", "melancholic", "surprised", "calm")
    found = {name: (1.1 if name in text else 0.0) for name in names}
    if not any(found.values()):
        found["calm"] = 1.0
    return found
