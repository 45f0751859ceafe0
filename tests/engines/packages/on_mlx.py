"""mlx-indextts: its 1.5, all of it, on tiny random weights in MLX; its 2, whose models are stand-ins."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlx.core as mx
import numpy

from tests.engines.packages.onnx_2 import sentencepiece_model
from tests.engines.packages.used import Used, chosen, spy

LONG = "It says one sentence, and then another one. The quick brown fox jumps over the lazy dog!"
CODES, STOP = 64, 65
_SAMPLING = ("temperature", "top_k", "top_p", "repetition_penalty")
_WIDE = 32


def engine(kind: str, folder: Path, used: Used) -> Any:
    """IndexTTS of generate.py, or IndexTTSv2 of generate_v2.py."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.model").write_bytes(sentencepiece_model())
    mx.random.seed(11)
    tokenizers = importlib.import_module("mlx_indextts.tokenizer")
    tokenizer = tokenizers.TextTokenizer(folder / "tokenizer.model")
    spy(tokenizers.TextTokenizer, "tokenize", lambda given, _: used.texts.append(given["text"]))
    limit = chosen(("max_tokens_per_segment",), {"max_tokens_per_segment": "max_text_tokens_per_segment"})
    spy(tokenizers.TextTokenizer, "split_segments", lambda given, _: limit(used, given))
    made = _first(tokenizer) if kind == "mlx-indextts" else _second(folder, tokenizer, used)
    sampling = chosen(_SAMPLING)
    spy(type(made.gpt), "generate_step", lambda given, _: sampling(used, given))
    if kind == "mlx-indextts":
        spy(type(made), "load_audio", lambda given, _: used.voices.append(str(given["audio_path"])))
    return made


def _first(tokenizer: Any) -> Any:
    config = importlib.import_module("mlx_indextts.config")
    models = importlib.import_module("mlx_indextts.models.gpt")
    vocoders = importlib.import_module("mlx_indextts.models.bigvgan")
    module = importlib.import_module("mlx_indextts.generate")
    condition = config.ConformerConfig(output_size=_WIDE, linear_units=_WIDE, attention_heads=2, num_blocks=1)
    gpt = config.GPTConfig(
        model_dim=_WIDE, heads=2, layers=1, max_mel_tokens=64, number_text_tokens=256, number_mel_codes=CODES + 2,
        start_mel_token=CODES, stop_mel_token=STOP, condition_num_latent=4, condition_module=condition,
    )  # fmt: skip
    vocoder = config.BigVGANConfig(upsample_initial_channel=64, gpt_dim=_WIDE, resblock_kernel_sizes=[3],
                                   resblock_dilation_sizes=[[1, 3, 5]])  # fmt: skip
    whole = config.IndexTTSConfig(gpt=gpt, bigvgan=vocoder)
    return module.IndexTTS(whole, models.UnifiedVoice(whole).eval(), vocoders.BigVGAN(vocoder).eval(), tokenizer)


class _Gpt:
    """It draws from MLX's generator of random numbers."""

    start_mel_token, stop_mel_token = CODES, STOP
    mel_embedding = staticmethod(lambda ids: mx.zeros((1, ids.shape[1], 8)))
    mel_pos_embedding = SimpleNamespace(get_fixed_embedding=lambda number: mx.zeros((1, 1, 8)))

    def get_conditioning(self, cond: Any, lengths: Any) -> Any:
        return cond.mean(2)[:, None, :8]

    def get_emovec(self, cond: Any, lengths: Any) -> Any:
        return cond.mean(2)[:, :8]

    def prepare_conditioning_latents(self, cond: Any, emotion: Any, batch_size: int) -> Any:
        return cond + emotion[:, None]

    def prepare_inputs(self, conditioning: Any, tokens: Any) -> Any:
        return mx.zeros((1, tokens.shape[1], 8)) + conditioning, None

    def generate_step(
        self, emb: Any, cache: Any, temperature: float, top_k: int, top_p: float, repetition_penalty: float, codes: Any
    ) -> Any:
        return mx.random.randint(0, CODES, (1,)), None, mx.zeros(1)

    def forward_latent(self, conditioning: Any, tokens: Any, codes: Any) -> Any:
        return mx.zeros((1, codes.shape[1], 8)) + conditioning.mean()


def _second(folder: Path, tokenizer: Any, used: Used) -> Any:
    import torch

    module = importlib.import_module("mlx_indextts.generate_v2")
    made = object.__new__(module.IndexTTSv2)
    made.model_dir, made.device, made.quantize_bits, made.tokenizer, made.cache = folder, "cpu", None, tokenizer, {}
    made.gpt = _Gpt()
    made.emo_matrix = torch.randn(sum(module.EMO_NUM), 8)
    made.emo_matrix_split = torch.split(made.emo_matrix, module.EMO_NUM)
    made.spk_matrix_split = torch.split(torch.randn(sum(module.EMO_NUM), 192), module.EMO_NUM)
    made._ensure_pytorch_modules = lambda: None
    made._get_semantic_embedding = lambda audio: audio[:, : audio.shape[1] // 1024 * 1024].reshape(1, -1, 1024)
    made.semantic_codec = SimpleNamespace(quantize=lambda emb: (None, emb))
    made.mel_fn = lambda audio: audio[:, : audio.shape[1] // 256 * 256].reshape(1, 256, -1)[:, :80]
    made.campplus = lambda feat: feat.mean(1) @ torch.ones(80, 192)
    made._vq2emb_forward = lambda codes: mx.zeros((1, 8, codes.shape[1]))

    def regulate(x: Any, ylens: Any, n_quantizers: int, f0: Any = None) -> Any:
        return mx.zeros((1, int(ylens[0]), 8)) + x.mean(), None, None, None, None

    def inference(
        mu: Any, x_lens: Any, prompt: Any, style: Any, f0: Any, n_timesteps: int, temperature: float,
        inference_cfg_rate: float,
    ) -> Any:  # fmt: skip
        return mx.random.normal((1, 80, mu.shape[1])) * 0.1

    flow = SimpleNamespace(inference=inference)
    made.s2mel_mlx = SimpleNamespace(gpt_layer=lambda latent: latent, length_regulator=regulate, cfm=flow)
    made.bigvgan_mlx = lambda mel: mx.sin(mx.repeat(mel.mean(1), 256, axis=1))[:, None]
    steps = chosen(
        ("n_timesteps", "inference_cfg_rate"), {"n_timesteps": "diffusion_steps", "inference_cfg_rate": "cfg_rate"}
    )
    spy(flow, "inference", lambda given, _: steps(used, given))
    spy(module.librosa, "load", lambda given, _: used.voices.append(given["path"]))

    def weighed(given: dict[str, Any], _: Any) -> None:
        used.vectors.append([given["emotion_weights"].get(name, 0.0) for name in module.EMOTION_CATEGORIES])

    spy(module.IndexTTSv2, "_compute_emotion_vector", weighed)
    return made


def scenes(made: Any, voice: str, other: str) -> dict[str, Callable[[Path], Any]]:
    """What is played, by name; each is given a folder of its own."""
    first = hasattr(made, "infer")

    def generate(text: str, voice: Any, **more: Any) -> Any:
        made._cached_ref_path = None
        made.cache = {}
        result = made.generate(text, voice, max_mel_tokens=more.pop("max_mel_tokens", 4), **more)
        return numpy.array(result)

    def infer(*args: Any, **more: Any) -> Any:
        made._cached_ref_path = None
        return made.infer(*args, max_mel_tokens=4, **more)

    sampling = {"temperature": 0.5, "top_k": 5, "top_p": 0.6, "repetition_penalty": 2.0, "seed": 3}
    both = {
        "generate": lambda _: generate("Hello, you.", voice),
        "segments": lambda _: generate(LONG, voice, max_text_tokens_per_segment=20, interval_silence=50),
        "parameters": lambda _: generate("Hello.", other, **sampling),
        "missing_voice": lambda _: generate("Hello.", "/nowhere/voice.wav"),
        "unknown_parameter": lambda _: generate("Hello.", voice, no_such_parameter=1),
    }
    if not first:
        return {
            **both,
            "file": lambda folder: generate("Hello.", voice, output_path=str(folder / "file.wav")),
            "diffusion": lambda _: generate("Hello.", voice, diffusion_steps=4, cfg_rate=0.2),
            "emotions": lambda _: generate("Hello.", voice, emotion={"happy": 0.8, "sad": 0.2}, emo_alpha=1 / 3),
            "emotion": lambda _: generate("Hello.", voice, emotion="happy:0.6,calm:0.1"),
        }
    return {
        **both,
        "infer": lambda folder: infer(voice, "Hello.", str(folder / "infer.wav")),
        "infer_memory": lambda _: infer(voice, "Hello.", temperature=0.3),
        "stream": lambda _: [numpy.array(each) for each in made.generate_stream("Hello.", voice, max_mel_tokens=4)],
    }
