"""With the patch the real code does exactly what it does without."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.engines.engines import Scene

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "what", ["result", "files", "random", "error", "printed", "warned", "used.segments", "used.generation",
             "used.flow", "used.alphas", "used.vectors", "used.calls"],
)  # fmt: skip
def test_it_is_the_same_with_the_patch(scenes: Mapping[str, Scene], what: str) -> None:
    """Results and WAVs to the byte, the generators of random numbers, exceptions with their frames, what was called."""
    for name, scene in scenes.items():
        without, with_it = scene.bare, scene.patched
        for part in what.split("."):
            without, with_it = without[part], with_it[part]
        if what == "printed" and name == "verbose":
            continue  # it prints times
        assert with_it == without, name


def test_no_tensor_lives_longer(scenes: Mapping[str, Scene]) -> None:
    """The engine itself keeps some: what it makes once, in the call that comes first, which is the one without."""
    for name, scene in scenes.items():
        assert scene.patched["tensors"] <= scene.bare["tensors"], name
    assert sum(scene.patched["tensors"] == scene.bare["tensors"] for scene in scenes.values()) > len(scenes) / 2


def test_the_patch_has_nothing_to_complain_of(scenes: Mapping[str, Scene]) -> None:
    assert {name: scene.complaints for name, scene in scenes.items() if scene.complaints} == {}


def test_the_scenes_are_what_they_are_called(scenes: Mapping[str, Scene]) -> None:
    """Nothing would be proven by engines that fail at once, or by calls that all come to the same."""
    failing = {name for name, scene in scenes.items() if scene.bare["error"]}
    assert failing == {
        "no_voice", "missing_voice", "unknown_parameter", "broken_gpt", "broken_s2mel", "broken_bigvgan",
    }  # fmt: skip
    assert scenes["broken_s2mel"].bare["error"]["type"] == "OutOfMemoryError"
    assert len(scenes["broken_s2mel"].bare["error"]["frames"]) > 2
    results = {str(scene.bare["files"].values()) for scene in scenes.values() if scene.bare["files"]}
    assert len(results) > 8
    assert scenes["segments"].bare["used"]["calls"]["gpt"] > 2
    assert scenes["stream_given_up"].bare["used"]["calls"]["gpt"] == 1
