"""The packages that are not IndexTTS on torch, and wrappers around it: nothing changes for the host; events are true.

Each has stand-ins for its models, never for its entry points; indextts_patch/README.md says how far, one by one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from indextts_patch.upstream.rows import named
from tests.engines.engines import Scene, packages, played, shared

pytestmark = pytest.mark.slow
PACKAGES = {
    "onnx": ("index_tts_2_5_onnx.api", "IndexTTS", "2.5"),
    "mnn": ("index_tts_2_5_mnn.api", "IndexTTS", "2.5"),
    "mlx": ("index_tts_2_5_mlx.api", "IndexTTS", "2.5"),
    "onnx-2": ("indextts_onnx.infer", "IndexTTSInfer", "2"),
    "windextts": ("windextts.inference", "WIndexTTS", "2.5"),
    "windextts-mlx": ("windextts_mlx.inference", "WIndexTTSMLX", "2.5"),
    "mlx-indextts": ("mlx_indextts.generate", "IndexTTS", "1.5"),
    "mlx-indextts-2": ("mlx_indextts.generate_v2", "IndexTTSv2", "2"),
    "mizuoto-1.5": ("mizuoto_indextts.engine", "LoadedIndexTts15", "1.5"),
    "mizuoto-2": ("mizuoto_indextts.engine", "LoadedIndexTts2", "2"),
    "mizuoto-2.5": ("mizuoto_indextts.engine", "LoadedIndexTts2", "2.5"),
    "vox": ("indextts.infer_v2", "IndexTTS2", "2"),
    "indextts25-api": ("indextts25.infer_v2_5", "IndexTTS2", "2.5"),
}
# Whose call before any engine's, and so without one's facts.
BEFORE = {("vox", "no_voice"), ("indextts25-api", "nothing")}


@pytest.fixture(params=PACKAGES, scope="session")
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Scene]]:
    """One package's name, and all that was played on it."""
    packages()
    return request.param, played("tests.engines.packages.play", request.param, shared(tmp_path_factory))


def test_it_is_the_same_with_the_patch(package: tuple[str, dict[str, Scene]]) -> None:
    """Results and WAVs, the generators of random numbers, exceptions with their frames, what is printed and used."""
    for name, scene in package[1].items():
        assert scene.patched == scene.bare, name
        assert scene.complaints == [], name


def test_every_call_leaves_one_event_that_says_how_it_ended(package: tuple[str, dict[str, Scene]]) -> None:
    which, scenes = package
    assert len(scenes) > 3
    assert any(scene.bare["error"] for scene in scenes.values())
    for name, scene in scenes.items():
        error = scene.bare["error"]
        module, kind, version = PACKAGES[which]
        model = scene.data["model"]
        if error is not None:
            assert scene.event["type"] == "indextts.synthesis.failed", name
            said = scene.data["error"]
            assert (said["type"].rpartition(".")[2], said["message"]) == (error["type"], error["message"]), name
        else:
            wanted = "failed" if name == "given_up" else "succeeded"
            assert scene.event["type"] == f"indextts.synthesis.{wanted}", name
        if (which, name) not in BEFORE and name != "core":
            assert (model["class"], model["version"]) == (f"{module}.{kind}", version), name
            assert name == "unknown_parameter" or named(module, kind) is not None


def test_parameters_text_and_voice_are_those_that_the_engine_used(package: tuple[str, dict[str, Scene]]) -> None:
    for name, scene in package[1].items():
        used, data = scene.patched["used"], scene.data
        effective = data["params"]["effective"]
        assert {key: effective[key] for key in used["parameters"] if key in effective} == {
            key: value for key, value in used["parameters"].items() if key in effective
        }, name
        assert set(used["parameters"]) - set(effective) <= {"emo_alpha", "duration_factor"}, name
        if used["texts"]:
            assert data["text"] == used["texts"][0], name
        if used["languages"]:
            assert data["language"].upper() == used["languages"][0].upper(), name
        if used["voices"] and Path(used["voices"][0]).exists():
            content = Path(used["voices"][0]).read_bytes()
            assert data["voice"]["sha256"] == hashlib.sha256(content).hexdigest(), name


def test_the_emotion_is_the_one_that_the_engine_used(package: tuple[str, dict[str, Scene]]) -> None:
    for name, scene in package[1].items():
        used, emotion = scene.patched["used"], scene.data["emotion"]
        if used["vectors"]:
            assert emotion["mode"] == ("text" if name == "text" else "vector"), name
            assert emotion["vector_effective"] == pytest.approx(used["vectors"][0], abs=1e-6), name
        if used["references"]:
            content = Path(used["references"][0]).read_bytes()
            assert emotion["audio"]["sha256"] == hashlib.sha256(content).hexdigest(), name
        if "emo_alpha" in used["parameters"] and emotion["mode"] in ("speaker", "reference"):
            assert emotion["alpha_effective"] == used["parameters"]["emo_alpha"], name


def test_the_audio_is_what_the_host_was_given(package: tuple[str, dict[str, Scene]]) -> None:
    for name, scene in package[1].items():
        if scene.bare["error"]:
            continue
        audio = scene.data["audio"]
        for file, digest in scene.patched["files"].items():
            assert (audio["path"], audio["sha256"]) == (file, digest), name
        for rate, samples in _sound(scene.patched["result"]):
            assert (audio["sample_rate"], audio["samples"]) == (rate or audio["sample_rate"], samples), name
            assert audio["sample_rate"] in (22_050, 24_000), name
            assert audio["channels"] == 1, name


def test_speech_that_was_cut_off_is_told(package: tuple[str, dict[str, Scene]]) -> None:
    for name, scene in package[1].items():
        if any("exceeding max_mel_tokens" in text for text in scene.patched["warned"]):
            assert scene.data["truncated"] is True, name
            assert scene.data["warnings"] == scene.patched["warned"], name


def _sound(result: Any) -> list[tuple[int | None, int]]:
    """Rate and samples of a shown result that is sound in memory; of a stream, of all its parts together."""
    if isinstance(result, dict) and "sample_rate" in result:
        return [(int(result["sample_rate"]), result["samples"]["samples"])]
    if isinstance(result, dict):
        return [(None, result["samples"])] if "dtype" in result else []
    if not isinstance(result, list):
        return []
    if len(result) == 2 and isinstance(result[0], str) and isinstance(result[1], dict):
        return [(int(result[0]), result[1]["samples"])]
    parts = [part for each in result for part in _sound(each)]
    return [(parts[0][0], sum(count for _, count in parts))] if parts else []
