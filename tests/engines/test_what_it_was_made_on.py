"""What a process says of itself, and a call of its model, where real libraries are loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pytest

from tests.engines.engines import REPO, Scene
from tests.patch.helpers import STARTED, all_events

pytestmark = pytest.mark.slow
DISTRIBUTIONS = {"2": "indextts2-inference", "2.5": "indextts25-inference"}
ACCELERATION = {
    "2": {"accel": False, "compile": False, "cuda_kernel": False},
    "2.5": {"accel": False},
}


def pinned() -> dict[str, str]:
    """The versions that get-engines.sh installs."""
    lines = (REPO / "tests" / "engines" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return {name.lower(): version for name, is_pin, version in (line.partition("==") for line in lines) if is_pin}


def test_each_process_tells_its_libraries_and_its_engine_once(scenes: Mapping[str, Scene]) -> None:
    version, pins = "2.5" if "diffusion" in scenes else "2", pinned()
    for name, scene in scenes.items():
        if name == "stream_never_begun":
            continue
        (process,) = (event for event in all_events(scene.folder / "patched") if event["type"] == STARTED)
        assert process["source"] == scene.event["source"], name
        data = process["data"]
        for library in ("torch", "transformers", "numpy", "accelerate"):
            assert data["packages"][library].partition("+")[0] == pins[library], library
        assert data["engines"] == {DISTRIBUTIONS[version]: pins[DISTRIBUTIONS[version]]}
        assert (data["gpus"], data["driver"]) == ([], None)


def test_each_call_tells_its_model_s_state(scenes: Mapping[str, Scene]) -> None:
    version = "2.5" if "diffusion" in scenes else "2"
    told = {name: scene.data["model"] for name, scene in scenes.items() if name != "stream_never_begun"}
    assert [name for name, model in told.items() if model["first_call"]] == [next(iter(told))]
    folder = next(iter(scenes.values())).folder.parent / "checkpoints"
    weights = hashlib.sha256()
    kept = (".bin", ".model", ".pt", ".pth", ".safetensors", ".tiktoken", ".yaml")
    files = [path for path in (*folder.glob("*.*"), *folder.glob("*/*.*")) if path.suffix in kept]
    for name, path in sorted((path.relative_to(folder).as_posix(), path) for path in files):
        content = path.read_bytes()
        weights.update(
            f"{name}\0{len(content)}\0".encode() + content[:65536] + content[max(len(content) - 65536, 65536) :]
        )
    for name, model in told.items():
        assert model["weights"] == weights.hexdigest(), name
        assert model["acceleration"] == ACCELERATION[version], name
        assert scenes[name].data["memory"] is None, "there is no GPU"
