"""windextts and windextts_mlx: their infer, text front end and, on torch, features. The models, whose sizes are wired
in, are stand-ins that compute with the package's own library.
"""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import soundfile

from tests.engines.packages.used import Used, chosen, spy

LONG = "It says one sentence, and then another one. The quick brown fox jumps over the lazy dog!"
HAPPY = [0.6, 0.0, 0.1, 0.0, 0.0, 0.0, 0.2, 0.0]
ANSWER = {"高兴": 0.6, "愤怒": 0.1, "悲伤": 0.05, "恐惧": 0.0, "反感": 0.0, "低落": 0.0, "惊讶": 0.2, "自然": 0.0}
EMOTIONS = [3, 17, 2, 8, 4, 5, 10, 24]  # speakers of each emotion
STOP = 8193


def engine(kind: str, folder: Path, used: Used) -> Any:
    """WIndexTTS, or WIndexTTSMLX, without its models' weights."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens = b"".join(base64.b64encode(bytes([byte])) + f" {byte}\n".encode() for byte in range(256))
    (folder / "multilingual_zh_ja_yue_char_del.tiktoken").write_bytes(tokens)
    made = _on_torch(folder, used) if kind == "windextts" else _on_mlx(folder, used)
    made.cfg = SimpleNamespace(gpt=SimpleNamespace(stop_mel_token=STOP))
    made._ref_cache, made._normalizer = {}, SimpleNamespace(normalize=lambda text: text)
    made.emo_num = EMOTIONS
    spy(made.gpt, "generate", lambda given, _: _generation(used, given))
    spy(made.s2mel, "inference", lambda given, _: _flow(used, given))
    spy(made.gpt, "merge_emovec", lambda given, _: used.parameters.update({"emo_alpha": given["alpha"]}))
    spy(
        made.gpt, "emo_matrix_lookup",
        lambda given, _: used.vectors.append([round(float(weight), 6) for weight in given["weights"]]),
    )  # fmt: skip
    segmenter = importlib.import_module("windextts.frontend.segmenter")
    limit = chosen(("max_tokens",), {"max_tokens": "max_text_tokens_per_segment"})

    def split(given: dict[str, Any], _: Any) -> None:
        limit(used, given)
        used.texts.append(given["text"])
        used.languages.append(given["lang_prefix"].strip("<|> ").upper())

    spy(segmenter, "split_text_by_tokens", split)
    return made


_generation = chosen(("do_sample", "top_k", "top_p", "temperature", "repetition_penalty", "num_beams"))
_flow = chosen(
    ("duration_factor", "n_timesteps", "inference_cfg_rate"),
    {"n_timesteps": "cfm_steps", "inference_cfg_rate": "cfg_rate"},
)


def _on_torch(folder: Path, used: Used) -> Any:
    import torch
    import torchaudio

    module = importlib.import_module("windextts.inference")
    torchaudio.load = lambda path: _read(path, used, torch.tensor)
    made = object.__new__(module.WIndexTTS)
    made.device, made.dtype, made.low_vram = "cpu", torch.float32, False
    made.weights = SimpleNamespace(dir=folder)
    wide, style = torch.randn(160, 1024), torch.randn(80, 192)
    norm = SimpleNamespace(weight=torch.zeros(1))
    made.w2v_bert = _Called(lambda inp, mask, return_layer: inp @ wide)
    made.w2v_bert.feature_projection = SimpleNamespace(layer_norm=norm, projection=norm)
    made.w2v_mean, made.w2v_std = torch.zeros(1024), torch.ones(1024)
    made.campplus = _Called(lambda fbank: fbank.mean(1) @ style)
    made._featurizer = lambda audio, return_mask: (audio[:, : audio.shape[1] // 160 * 160].reshape(1, -1, 160), None)
    made._mel_fn = lambda audio: audio[:, : audio.shape[1] // 256 * 256].reshape(1, 256, -1)[:, :80]
    made._tokenizer = None
    made.spk_matrix, made.emo_matrix = torch.randn(sum(EMOTIONS), 192), torch.randn(sum(EMOTIONS), 1280)
    made.gpt, made.codec, made.s2mel, made.bigvgan = _models(
        lambda *shape: torch.rand(*shape), lambda n: torch.randint(0, 8192, (1, n)), torch.cat, torch.sin
    )
    made.gpt.emovec_layer = SimpleNamespace(weight=torch.zeros(1))
    made.bigvgan.parameters = lambda: iter([torch.zeros(1)])
    qwen = importlib.import_module("windextts.models.qwen_emotion")
    made._qwen_emo = _asked(qwen.QwenEmotion, lambda ids: torch.cat([ids, torch.tensor([[1]])], 1))
    made._qwen_emo.device = "cpu"
    return made


def _on_mlx(folder: Path, used: Used) -> Any:
    import mlx.core as mx

    module = importlib.import_module("windextts_mlx.inference")
    spy(module, "_load_audio", lambda given, _: used.voices.append(given["path"]))
    made = object.__new__(module.WIndexTTSMLX)
    made.dtype, made.weights_dir, made.quantize = "fp32", folder, False
    made.w2v_bert = made.campplus = made.mel_fn = made.featurizer = made.fbank = None
    made._resample_cache = {}
    wide, style = mx.random.normal((160, 1024)), mx.random.normal((80, 192))
    norm = SimpleNamespace(weight=mx.zeros(1))

    def w2v_bert() -> None:
        made.w2v_bert = _Called(lambda inp, mask, return_layer: inp @ wide)
        made.w2v_bert.feature_projection = SimpleNamespace(layer_norm=norm, projection=norm)

    def campplus() -> None:
        made.campplus = _Called(lambda fbank: fbank.mean(1) @ style)

    made._load_w2v_bert, made._load_campplus = w2v_bert, campplus
    made._release_frontend = lambda: None  # it clears MLX's cache, for which there is no need here
    made._feat = lambda: lambda audio, return_mask: (audio[:, : audio.shape[1] // 160 * 160].reshape(1, -1, 160), None)
    made._mel = lambda: lambda audio: audio[:, : audio.shape[1] // 256 * 256].reshape(1, 256, -1)[:, :80]
    made.w2v_mean, made.w2v_std = mx.zeros(1024), mx.ones(1024)
    made.spk_matrix, made.emo_matrix = mx.random.normal((73, 192)), mx.random.normal((73, 1280))
    made.gpt, made.codec, made.s2mel, made.bigvgan = _models(
        lambda *shape: mx.random.uniform(shape=shape), lambda n: mx.random.randint(0, 8192, (1, n)),
        mx.concatenate, mx.sin,
    )  # fmt: skip
    made.gpt.emovec_layer = SimpleNamespace(weight=mx.zeros(1))
    made.bigvgan.parameters = lambda: {"weight": mx.zeros(1)}
    qwen = importlib.import_module("windextts_mlx.models.qwen_emotion")
    made._qwen_emo = _asked(qwen.QwenEmotion, lambda ids: mx.concatenate([ids, mx.array([[1]])], 1))
    return made


class _Called:
    """A model that is one function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)


def _models(uniform: Any, codes: Any, join: Any, wave: Any) -> tuple[Any, Any, Any, Any]:
    """GPT, codec, flow and vocoder, which draw from the library's own generator of random numbers."""

    def generate(
        conds: Any, text: Any, lang: Any, max_new_tokens: int, do_sample: bool, top_k: int, top_p: float,
        temperature: float, stop_token: int, repetition_penalty: float, num_beams: int, use_cuda_graph: bool = False,
    ) -> Any:  # fmt: skip
        return codes(min(max_new_tokens, 5))

    def inference(
        cond: Any, s_infer: Any, ref_mel: Any, style: Any, duration_factor: float, n_timesteps: int,
        inference_cfg_rate: float, use_graph: bool = False,
    ) -> Any:  # fmt: skip
        return uniform(1, 80, int(s_infer.shape[1] * 1.72 * duration_factor)) + s_infer.mean()

    gpt = SimpleNamespace(
        build_conds_latent=lambda style, emotion: emotion[None],
        merge_emovec=lambda spk, emo, alpha: spk.mean(1)[:, :1] * alpha + emo.mean(1)[:, :1],
        emo_matrix_lookup=lambda style, weights, spk, emo: weights.sum() * style[:, :1],
        generate=generate,
    )
    codec = SimpleNamespace(decode=lambda made: join([wave(made * 0.01), wave(made * 0.02)], 1)[..., None])
    vocoder = _Called(lambda mel: wave(join([mel.mean(1)[:, None]] * 256, -1)) * 0.5)
    return gpt, codec, SimpleNamespace(inference=inference), vocoder


def _read(path: str, used: Used, tensor: Any) -> tuple[Any, int]:
    """torchaudio.load, whose own needs FFmpeg."""
    used.voices.append(path)
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return tensor(numpy.ascontiguousarray(samples.T)), rate


def _asked(kind: Any, answer: Callable[[Any], Any]) -> Any:
    """A QwenEmotion whose model always says the same."""
    made = object.__new__(kind)
    made.tokenizer = SimpleNamespace(
        encode=lambda text: SimpleNamespace(ids=[5, 6]), decode=lambda ids: json.dumps(ANSWER, ensure_ascii=False)
    )
    made.model = SimpleNamespace(generate=lambda ids, **_: answer(ids))
    return made


def scenes(made: Any, voice: str, other: str) -> dict[str, Callable[[Path], Any]]:
    """What is played, by name; each is given a folder of its own."""

    def infer(voice: Any, text: str, **more: Any) -> Any:
        made._ref_cache.clear()
        return made.infer(voice, text, **more)

    return {
        "infer": lambda _: infer(voice, "Hello, you.", lang="EN"),
        "chinese": lambda _: infer(voice, "你好。"),
        "parameters": lambda _: infer(
            other, "Hello.", do_sample=False, top_p=0.5, top_k=5, temperature=0.4, max_mel_tokens=3, cfm_steps=4,
            cfg_rate=0.1, repetition_penalty=2.0, num_beams=1, duration_factor=1.5, text_normalization=False,
        ),
        "segments": lambda _: infer(voice, LONG, lang="EN", max_text_tokens_per_segment=40, interval_silence_ms=50),
        "vector": lambda _: infer(voice, "Hello.", emo_vector=HAPPY, emo_alpha=0.5),
        "text": lambda _: infer(voice, "Hello.", emo_text="so happy"),
        "reference": lambda _: infer(voice, "Hello.", emo_ref_path=other, emo_alpha=0.7),
        "missing_voice": lambda _: infer("/nowhere/voice.wav", "Hello."),
        "no_voice": lambda _: infer(None, "Hello."),
        "unknown_parameter": lambda _: infer(voice, "Hello.", no_such_parameter=1),
    }  # fmt: skip
