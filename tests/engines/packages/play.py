"""Plays scenes on one package, each without the patch and then with it, and tells what came of both.

<python of the engines> -m tests.engines.packages.play PACKAGE FOLDER
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
import json
import random
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy

import indextts_patch
from tests.engines.packages.used import Used

MODULES = {
    "onnx": "onnx_2_5", "mnn": "onnx_2_5", "mlx": "onnx_2_5", "onnx-2": "onnx_2", "windextts": "wind",
    "windextts-mlx": "wind", "mlx-indextts": "on_mlx", "mlx-indextts-2": "on_mlx", "mizuoto-1.5": "mizu",
    "mizuoto-2": "mizu", "mizuoto-2.5": "mizu", "vox": "around", "indextts25-api": "around",
}  # fmt: skip
OURS = ("indextts_patch", "tests/engines")


def play(scene: Callable[[Path], Any], folder: Path, used: Used) -> dict[str, Any]:
    """Play a scene once, in a folder of its own; all that it did to the process, and what the engine used."""
    folder.mkdir(parents=True)
    used.fresh()
    seed(99)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        result, error = None, None
        try:
            made = scene(folder)
            result = list(made) if hasattr(made, "__next__") else made
        except Exception as raised:  # noqa: BLE001 - told below
            walked = traceback.extract_tb(raised.__traceback__)
            frames = [f"{Path(each.filename).name}:{each.lineno}" for each in walked if not ours(each.filename)]
            error = {"type": type(raised).__qualname__, "message": str(raised), "frames": frames}
    return {
        "error": error,
        "result": shown(result, folder),
        "printed": len(printed.getvalue().splitlines()),
        "warned": [str(each.message) for each in warned],
        "random": states(),
        "used": used.told(),
        "files": {path.name: digest(path.read_bytes()) for path in sorted(folder.glob("*.wav"))},
    }


def ours(file: str) -> bool:
    return any(each in file for each in OURS)


def shown(value: Any, folder: Path) -> Any:
    """A result, so that two can be compared."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        plain = numpy.array(value)
        return {"dtype": str(value.dtype), "samples": max(plain.shape, default=0), "bytes": digest(plain.tobytes())}
    if isinstance(value, (list, tuple)):
        return [shown(each, folder) for each in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: shown(getattr(value, name), folder) for name in value.__dataclass_fields__}
    return str(value).replace(str(folder), "") if value is not None else None


def seed(number: int) -> None:
    random.seed(number)
    numpy.random.seed(number)
    for name, function in (("torch", "manual_seed"), ("mlx.core", "random.seed")):
        found: Any = sys.modules.get(name)
        for part in function.split("."):
            found = getattr(found, part, None)
        if found is not None:
            found(number)


def states() -> list[str]:
    """Where the generators of random numbers stand."""
    legacy: Any = numpy.random.get_state()
    told = [digest(repr(random.getstate()).encode()), digest(legacy[1].tobytes() + repr(legacy[2:]).encode())]
    torch: Any = sys.modules.get("torch")
    return told if torch is None else [*told, digest(torch.get_rng_state().numpy().tobytes())]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main(package: str, folder: Path) -> None:
    module = importlib.import_module(f"tests.engines.packages.{MODULES[package]}")
    used = Used()
    voice, other = (str(speaker(folder / name, hertz)) for name, hertz in (("voice.wav", 180), ("other.wav", 320)))
    with contextlib.redirect_stdout(io.StringIO()):
        made = module.engine(package, folder / "model", used)
    told: dict[str, Any] = {}
    scenes = module.scenes(made, voice, other)
    play(next(iter(scenes.values())), folder / "warm", used)  # what is made and warned of once
    for name, scene in scenes.items():
        place = folder / name
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            bare = play(scene, place / "bare", used)
            root = {"INDEXTTS_PATCH_ROOT": str(place / "patched"), "INDEXTTS_PATCH_EVENTS_DIR": "events"}
            indextts_patch.install(root)
            patched = play(scene, place / "patched", used)
            indextts_patch.uninstall()
        lines = said.getvalue().splitlines()
        complaints = [line for line in lines if line.startswith("indextts_patch: could not")]
        told[name] = {"bare": bare, "patched": patched, "complaints": complaints}
    (folder / "scenes.json").write_text(json.dumps(told), encoding="utf-8")


def speaker(path: Path, hertz: float) -> Path:
    """Half a second of a humming voice."""
    import soundfile

    path.parent.mkdir(parents=True, exist_ok=True)
    times = numpy.arange(11_025) / 22_050
    hum = 0.3 * numpy.sin(2 * numpy.pi * hertz * times) * (0.6 + 0.4 * numpy.sin(2 * numpy.pi * 3 * times))
    soundfile.write(str(path), hum, 22_050, subtype="PCM_16")
    return path


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
