"""What is made around an engine: the adapter of vox-indextts, and the API of indextts25-inference. The engines below
them are the real code on tiny random weights.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.engines import loading, weights
from tests.engines.packages.used import Used
from tests.engines.spies import GENERATION, Spies


def engine(kind: str, folder: Path, used: Used) -> Any:
    """The wrapper, with an engine in it."""
    version = "2" if kind == "vox" else "2.5"
    weights.write(folder, version)
    inner = loading.engine(version, folder)
    if kind == "vox":
        made = importlib.import_module("vox_indextts.adapter").IndexTTSAdapter()
        made._model, made._device = inner, "cpu"
        # The adapter passes no limit on; with random weights the speech would go on for a minute.
        whole = type(inner.gpt).inference_speech

        def short(self: Any, *args: Any, **kwargs: Any) -> Any:
            return whole(self, *args, **{**kwargs, "max_generate_length": 6})

        type(inner.gpt).inference_speech = short
    else:
        made = object.__new__(importlib.import_module("indextts25.api").IndexTTS25)
        made._tts, made._verbose = inner, False
    made.played, made.spies = used, Spies(inner)
    return made


def scenes(made: Any, voice: str, other: str) -> dict[str, Callable[[Path], Any]]:
    """What is played, by name; each is given a folder of its own."""
    played = _vox(made, voice) if hasattr(made, "info") else _api(made, voice, other)
    return {name: _told(made, scene) for name, scene in played.items()}


def _told(made: Any, scene: Callable[[Path], Any]) -> Callable[[Path], Any]:
    def play(folder: Path) -> Any:
        made.spies.fresh()
        try:
            return scene(folder)
        finally:
            for generation in made.spies.generation:
                # The limit on tokens is this module's own, below what the engine is given.
                made.played.parameters.update({name: generation[name] for name in GENERATION})
            made.played.vectors += [each for each in made.spies.vectors if max(each) <= 2]  # not eight tokens
            made.played.samples = made.spies.samples

    return play


def _vox(made: Any, voice: str) -> dict[str, Callable[[Path], Any]]:
    import soundfile

    samples = soundfile.read(voice, dtype="float32")[0]

    def speak(text: str, **more: Any) -> Any:
        async def chunks() -> list[Any]:
            return [chunk.audio.hex() async for chunk in made.synthesize(text, **more)]

        return asyncio.run(chunks())

    return {
        "voice": lambda _: speak("Hello, you.", voice=voice),
        "samples": lambda _: speak("Hello, you.", reference_audio=samples),
        "vector": lambda _: speak("Hello.", voice=voice, params={"emotion_happy": 0.6, "emo_alpha": 0.5}),
        "no_voice": lambda _: speak("Hello."),
    }


def _api(made: Any, voice: str, other: str) -> dict[str, Callable[[Path], Any]]:
    def synthesize(folder: Path, text: str, **more: Any) -> Any:
        given = {"lang": "EN", "max_mel_tokens": 6, **more}
        return made.synthesize(text, voice, folder / "out.wav", **given)

    def stream(text: str, **more: Any) -> Any:
        chunks = made.stream(text, voice, lang="EN", max_mel_tokens=6, **more)
        return [(chunk.audio.tobytes().hex(), chunk.text) for chunk in chunks]

    return {
        "synthesize": lambda folder: synthesize(folder, "Hello, you."),
        "speed": lambda folder: synthesize(folder, "Hello.", speed=1.2, segment_tokens=60, top_k=7),
        "emotion": lambda folder: synthesize(folder, "Hello.", emotion=other, emotion_strength=0.6),
        "stream": lambda _: stream("It says one sentence, and then another one.", segment_tokens=24),
        "nothing": lambda folder: synthesize(folder, "..."),
    }
