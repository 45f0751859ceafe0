"""index-tts-2.5-onnx, -mnn and -mlx: one pipeline and three ways to compute.

The first runs tiny graphs in ONNX Runtime, as it runs its own. For the other two the same graphs stand in: for the
sessions of MNN, and for the modules of MLX, whose sizes are wired in.
"""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import onnxruntime

from tests.engines.packages import graphs
from tests.engines.packages.used import Used, chosen, spy

SAMPLING = ("greedy", "top_k", "top_p", "temperature", "repetition_penalty", "max_mel_tokens")
LONG = "It says one sentence, and then another one. The quick brown fox jumps over the lazy dog!"


class Session:
    """For MNN's, over the graph of the same name."""

    def __init__(self, path: str, num_threads: int = 4) -> None:
        stem = Path(path).stem.rpartition("_")[0]
        [file] = Path(path).parent.rglob(f"{stem}.onnx")
        self._session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])

    def run(self, feeds: dict[str, Any], names: list[str]) -> list[Any]:
        return list(self._session.run(names, feeds))


def engine(kind: str, folder: Path, used: Used) -> Any:
    """The package's IndexTTS on a folder that holds all that it loads."""
    package = f"index_tts_2_5_{kind}"
    tokens = b"".join(base64.b64encode(bytes([byte])) + f" {byte}\n".encode() for byte in range(256))
    (folder / "hf_cache" / "w2v-bert-2.0").mkdir(parents=True)
    (folder / "multilingual_zh_ja_yue_char_del.tiktoken").write_bytes(tokens)
    (folder / "hf_cache" / "w2v-bert-2.0" / "preprocessor_config.json").write_text(json.dumps(FEATURES))
    random = numpy.random.default_rng(3)
    weight = random.standard_normal((1280, 192)).astype(numpy.float32) * 0.1
    numpy.savez(folder / "spk_proj.npz", weight=weight, bias=numpy.zeros(1280, numpy.float32))
    graphs.write_2_5(folder)
    owner: Any = importlib.import_module(f"{package}.engine")
    if kind == "mnn":
        owner._Runner = Session
    elif kind == "mlx":
        import mlx.core as mx

        owner.load_engines = lambda model_dir: _through(mx, model_dir)
    _look(package, used)
    more = {"device": "cpu"} if kind == "onnx" else {}
    threads = {} if kind == "mlx" else {"threads": 1}
    made = importlib.import_module(f"{package}.api")
    return made.IndexTTS(str(folder), use_normalization=False, **threads, **more)


def _through(mx: Any, model_dir: str) -> Any:
    """The graphs, with every result passed through MLX."""
    engines = importlib.import_module("index_tts_2_5_onnx.engine").load_engines(model_dir, threads=1, device="cpu")
    for name, each in vars(engines).items():
        if name != "gpt":
            run = each.run
            each.run = lambda *args, run=run: numpy.asarray(mx.array(run(*args)))
    return engines


def _look(package: str, used: Used) -> None:
    pipeline = importlib.import_module(f"{package}.core.pipeline")
    sampling, flow = chosen(SAMPLING), chosen(("n_timesteps", "cfg_rate"))
    spy(pipeline.gpt_sampler, "generate_codes", lambda given, _: sampling(used, given))
    spy(pipeline.cfm_solver, "solve", lambda given, _: flow(used, given))
    spy(pipeline.dsp, "load_ref_audio", lambda given, _: used.voices.append(given["path"]))

    def prepared(given: dict[str, Any], _: Any) -> None:
        used.texts.append(given["text"])
        used.languages.append(given["lang"])
        used.parameters["max_text_tokens_per_segment"] = given["max_text_tokens_per_segment"]

    spy(pipeline.Frontend, "prepare", prepared)


def scenes(made: Any, voice: str, other: str) -> dict[str, Callable[[Path], Any]]:
    """What is played, by name; each is given a folder of its own."""
    short = {"text": "Hello, you.", "lang": "en", "max_mel_tokens": 6, "seed": 5}

    def forgetting(scene: Callable[[Path], Any]) -> Callable[[Path], Any]:
        """Each scene reads the voice itself."""

        def played(folder: Path) -> Any:
            made._pipe._speaker = made._pipe._speaker_path = None
            return scene(folder)

        return played

    return {name: forgetting(scene) for name, scene in _scenes(made, voice, other, short).items()}


def _scenes(made: Any, voice: str, other: str, short: dict[str, Any]) -> dict[str, Callable[[Path], Any]]:
    return {
        "synthesize": lambda _: made.synthesize(ref_audio_path=voice, **short),
        "chinese": lambda _: made.synthesize("你好。", ref_audio_path=voice, max_mel_tokens=4, seed=1),
        "parameters": lambda _: made.synthesize(
            ref_audio_path=other, **{**short, "seed": 9}, top_k=5, top_p=0.5, temperature=0.4,
            repetition_penalty=2.0, n_timesteps=3, cfg_rate=0.1, duration_factor=1.5,
        ),
        "greedy": lambda _: made.synthesize(ref_audio_path=voice, greedy=True, **short),
        "segments": lambda _: made.synthesize(
            LONG, "en", voice, max_text_tokens_per_segment=40, interval_silence=50, max_mel_tokens=4, seed=2
        ),
        "clone": lambda folder: made.clone(
            "Hello, you.", voice, str(folder / "clone.wav"), "en", max_mel_tokens=6, seed=3
        ),
        "clone_memory": lambda _: made.clone("Hello, you.", voice, lang="en", max_mel_tokens=6, seed=4),
        "prepared": lambda _: made.synthesize(spk=made.build_speaker(other), **short),
        "core": lambda _: made._pipe.synthesize(ref_audio_path=voice, **short),
        "no_voice": lambda _: made.synthesize(**short),
        "missing_voice": lambda _: made.synthesize(ref_audio_path="/nowhere/voice.wav", **short),
        "unknown_parameter": lambda _: made.synthesize(ref_audio_path=voice, no_such_parameter=1, **short),
    }  # fmt: skip


FEATURES = {
    "feature_extractor_type": "SeamlessM4TFeatureExtractor", "feature_size": 80, "num_mel_bins": 80,
    "padding_side": "right", "padding_value": 0.0, "return_attention_mask": True, "sampling_rate": 16_000, "stride": 2,
}  # fmt: skip
