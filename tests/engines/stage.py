"""Plays scenes on one engine, each without the patch and then with it, and tells what came of both.

    <python of the engines> -m tests.engines.stage VERSION FOLDER [DEVICE]

It prints one line of JSON a scene, and writes what all of them came to into FOLDER/scenes.json.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import hashlib
import io
import json
import os
import random
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy
import torch
from torch.utils.hooks import RemovableHandle

import indextts_patch
from tests.engines import loading, scenes, weights
from tests.engines.spies import Spies

THREADS = 3
OURS = ("indextts_patch", "tests/engines")


class Stage:
    """What a scene has: the engine, two voices, and a folder of its own."""

    def __init__(self, version: str, folder: Path, device: str = "cpu", *, spied: bool = True) -> None:
        self.version = version
        weights.write(folder / "checkpoints", version)
        self.voice = str(weights.voice(folder / "voice.wav", 180))
        self.other = str(weights.voice(folder / "other.wav", 320))
        self.engine = loading.engine(version, folder / "checkpoints", device)
        if spied:
            self.spies = Spies(self.engine)
        # Several segments of a text: a token of 2.5 is a byte here.
        size = {"2": 12, "2.5": 40}[version]
        self.segments: dict[str, Any] = {"max_text_tokens_per_segment": size, "interval_silence": 50}
        self.folder = folder
        self.paused = 0.0  # seconds that the consumer of a stream took

    def arguments(self, text: str, out: str | None, **more: Any) -> dict[str, Any]:
        """Arguments of infer: a few tokens only, unless the scene says otherwise."""
        path = None if out is None else str(self.folder / out)
        given = {"spk_audio_prompt": self.voice, "text": text, "output_path": path, "max_mel_tokens": 6, **more}
        return {**given, "lang": "EN"} if self.version == "2.5" else given

    def infer(self, text: str, out: str | None = None, **more: Any) -> Any:
        """A call of infer, the name of its file below the scene's folder."""
        return self.engine.infer(**self.arguments(text, out, **more))

    def stream(self, text: str, out: str | None = None, **more: Any) -> Any:
        """The generator that an engine streams with."""
        given = self.arguments(text, out, stream_return=True, **more)
        return self.engine.infer_generator(**given) if self.version == "2.5" else self.engine.infer(**given)

    def pause(self, seconds: float) -> None:
        """The consumer does something else."""
        began = time.perf_counter()
        time.sleep(seconds)
        self.paused += time.perf_counter() - began

    def caches(self) -> dict[str, Any]:
        """The engine's memory of voices and emotions."""
        held = {name: value for name, value in vars(self.engine).items() if "cache" in name}
        return {name: dict(value) if isinstance(value, dict) else value for name, value in held.items()}

    def classes(self) -> list[dict[str, Any]]:
        """What the classes of the engine and of its parts hold."""
        one = self.engine
        parts = (one, one.gpt, one.s2mel.models["cfm"], one.bigvgan, one.campplus_model, torch.nn.Module())
        return [{name: id(value) for name, value in vars(type(part)).items()} for part in parts]

    def forget_voices(self) -> None:
        """As a new engine knows none."""
        vars(self.engine).update(
            {name: {} if isinstance(value, dict) else None for name, value in self.caches().items()}
        )


def play(stage: Stage, scene: Callable[[Stage], Any], folder: Path, caches: dict[str, Any]) -> dict[str, Any]:
    """Play a scene once, in a folder of its own; all that it did to the process, and what the engine used."""
    folder.mkdir(parents=True)
    stage.folder, stage.paused = folder, 0.0
    vars(stage.engine).update(
        {name: dict(value) if isinstance(value, dict) else value for name, value in caches.items()}
    )
    stage.spies.fresh()
    loading.seed(99)
    before = tensors()
    printed = io.StringIO()
    began = time.perf_counter()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        result, error = None, None
        try:
            result = scene(stage)
        except Exception as raised:  # noqa: BLE001 - told below
            error = {"type": type(raised).__qualname__, "message": str(raised), "frames": frames(raised)}
    told = {
        "elapsed": time.perf_counter() - began,
        "paused": stage.paused,
        "error": error,
        "result": shown(result, folder),
        "printed": printed.getvalue().replace(str(folder), ""),
        "warned": [str(each.message) for each in warned],
        "random": states(),
        "used": stage.spies.told(),
        "files": {path.name: digest(path.read_bytes()) for path in sorted(folder.glob("*.wav"))},
    }
    del result
    told["tensors"] = tensors() - before
    return told


def frames(error: BaseException) -> list[str]:
    """Where an exception came through, without the patch and these tests."""
    walked = traceback.extract_tb(error.__traceback__)
    return [f"{Path(each.filename).name}:{each.lineno}" for each in walked if not any(o in each.filename for o in OURS)]


def shown(value: Any, folder: Path) -> Any:
    """A result, so that two can be compared."""
    if isinstance(value, torch.Tensor):
        value = value.cpu().numpy()
    if isinstance(value, numpy.ndarray):
        return [str(value.dtype), list(value.shape), digest(value.tobytes())]
    if isinstance(value, (list, tuple)):
        return [shown(each, folder) for each in value]
    return str(value).replace(str(folder), "") if value is not None else None


def tensors() -> int:
    """How many tensors live."""
    gc.collect()
    return sum(issubclass(type(each), torch.Tensor) for each in gc.get_objects())


def states() -> list[str]:
    """Where the generators of random numbers stand."""
    legacy: Any = numpy.random.get_state()
    cards = [digest(torch.cuda.get_rng_state().numpy().tobytes())] if torch.cuda.is_initialized() else []
    return [
        *cards,
        digest(torch.get_rng_state().numpy().tobytes()),
        digest(repr(random.getstate()).encode()),
        digest(legacy[1].tobytes() + repr(legacy[2:]).encode()),
    ]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def patched(folder: Path) -> dict[str, str]:
    """The options of the patch for a scene."""
    return {"INDEXTTS_PATCH_ROOT": str(folder), "INDEXTTS_PATCH_EVENTS_DIR": "events"}


def killed(stage: Stage, folder: Path) -> None:
    """A child dies in the middle of a call; the patch finds what it was doing when it begins again."""
    folder.mkdir()
    stage.folder = folder
    indextts_patch.install(patched(folder))
    child = os.fork()
    if child == 0:
        stage.spies.then["bigvgan"] = lambda: os.kill(os.getpid(), signal.SIGKILL)
        stage.infer(scenes.SHORT, "killed.wav")
        os._exit(1)
    os.waitpid(child, 0)
    indextts_patch.uninstall()
    indextts_patch.install(patched(folder))
    indextts_patch.uninstall()


def together(stage: Stage, folder: Path) -> None:
    """Threads, each with an engine of its own, speak at once; the number of tokens tells whose event is whose."""
    folder.mkdir()
    stage.folder = folder
    indextts_patch.install(patched(folder))
    with ThreadPoolExecutor(THREADS) as threads:
        for tokens in range(3, 3 + 2 * THREADS):
            threads.submit(
                own(stage.engine).infer, **stage.arguments(f"{tokens}", f"{tokens}.wav", max_mel_tokens=tokens)
            )
    indextts_patch.uninstall()


def own(engine: Any) -> Any:
    """An engine that shares nothing with this one that changes in a call: the GPT keeps its inputs."""
    # A handle that takes a hook of transformers' off cannot be copied once its module is gone, and need not be.
    RemovableHandle.__deepcopy__ = lambda handle, memo: handle
    own = copy.copy(engine)
    own.gpt = copy.deepcopy(engine.gpt)
    return own


def main(version: str, folder: Path, device: str = "cpu") -> None:
    stage = Stage(version, folder, device)
    told: dict[str, Any] = {}
    with contextlib.redirect_stderr(io.StringIO()):  # progress bars
        scenes.segments(stage)
    caches, classes = stage.caches(), stage.classes()
    gc.collect()
    gc.freeze()  # what lives now need not be looked through again and again
    for name, scene in scenes.of(version).items():
        began = time.perf_counter()
        place = folder / name
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            bare = play(stage, scene, place / "bare", caches)
            indextts_patch.install(patched(place / "patched"))
            with_it = play(stage, scene, place / "patched", caches)
            indextts_patch.uninstall()
        told[name] = {"bare": bare, "patched": with_it}
        said_by_us = [line for line in said.getvalue().splitlines() if line.startswith("indextts_patch: could not")]
        told[name]["complaints"] = said_by_us
        print(json.dumps({"scene": name, "seconds": round(time.perf_counter() - began, 2)}), flush=True)
    assert stage.classes() == classes, "uninstalled, the patch leaves something behind"
    with contextlib.redirect_stderr(io.StringIO()):
        together(stage, folder / "together")
        if device == "cpu":  # a forked child cannot use a card that its parent has used; `card` kills another
            killed(stage, folder / "killed")
    (folder / "scenes.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
