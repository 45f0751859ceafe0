"""mizuoto-indextts: its LoadedIndexTts2 and LoadedIndexTts15, with the host's own tasks and context. The phases in
which models run are stand-ins.
"""

from __future__ import annotations

import base64
import importlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from tests.engines.packages.onnx_2 import sentencepiece_model
from tests.engines.packages.used import Used, spy

LONG = "It says one sentence, and then another one. The quick brown fox jumps over the lazy dog!"
EMOTIONS = [3, 17, 2, 8, 4, 5, 10, 24]  # speakers of each emotion
_SAMPLING = ("num_beams", "temperature", "top_k", "top_p", "repetition_penalty", "length_penalty")
STOP = 8193


def engine(kind: str, folder: Path, used: Used) -> Any:
    """A loaded engine: of 1.5, 2 or 2.5."""
    folder.mkdir(parents=True, exist_ok=True)
    module = importlib.import_module("mizuoto_indextts.engine")
    text = importlib.import_module("mizuoto_indextts.text")
    tasks = importlib.import_module("mizuoto.core.inference.tasks")
    variant = {"mizuoto-1.5": "v1_5", "mizuoto-2": "v2", "mizuoto-2.5": "v2_5"}[kind]
    owner = module.LoadedIndexTts15 if variant == "v1_5" else module.LoadedIndexTts2
    made = object.__new__(owner)
    made.spec = tasks.LoadSpec("indextts", folder, variant, "cpu")
    made.handles, made.device = [], torch.device("cpu")
    (folder / "bpe.model").write_bytes(sentencepiece_model())
    made.tokenizer = text.TextTokenizer(folder / "bpe.model", SimpleNamespace(normalize=lambda words: words))
    spy(text, "split_segments", lambda given, _: used.parameters.update(max_text_tokens_per_segment=_last(given)))
    (_old if variant == "v1_5" else _new)(module, made, variant, folder, used)
    made.tasks, made.contexts = tasks, importlib.import_module("mizuoto.runtime.context")
    return made


def _last(given: dict[str, Any]) -> Any:
    return list(given.values())[1]


def _new(module: Any, made: Any, variant: str, folder: Path, used: Used) -> None:
    made.variant, made.half, made.qwen_emo, made.h_emotion, made.h_gpt = variant, None, None, None, None
    made.emo_num = EMOTIONS
    made.emo_matrix = torch.split(torch.randn(sum(EMOTIONS), 16), EMOTIONS)
    made.spk_matrix = torch.split(torch.randn(sum(EMOTIONS), 192), EMOTIONS)
    made.frontend = None
    if variant == "v2_5":
        tokens = b"".join(base64.b64encode(bytes([byte])) + f" {byte}\n".encode() for byte in range(256))
        (folder / "multilingual_zh_ja_yue_char_del.tiktoken").write_bytes(tokens)
        made.frontend = SimpleNamespace(
            prepare=lambda words, lang: words,
            split=lambda words, limit, prefix, capacity: _split(used, words, limit),
            encode=lambda words: list(words.encode()),
        )
    made.gpt = SimpleNamespace(
        merge_emovec=lambda spk, emo, lengths, emo_lengths, alpha: spk.mean(1)[:, :16] * alpha + emo.mean(1)[:, :16],
        get_conditioning=lambda cond, lengths: cond.mean(1)[:, None, :16],
        campplus_latent=lambda style: style[:, None, :16],
        text_pos_embedding=SimpleNamespace(emb=SimpleNamespace(num_embeddings=602)),
    )
    made._gpt_memory = lambda *_: 0

    def speaker(path: str, ctx: Any) -> Any:
        used.voices.append(path)
        audio, _ = module.load_audio(path, None)
        cond = audio[:, : audio.shape[1] // 1024 * 1024].reshape(1, -1, 1024)
        return module.SpeakerCond(cond, cond[..., :8], cond[..., :80], cond.mean(1)[:, :192], cond)

    def emotion(path: str, ctx: Any) -> Any:
        used.references.append(path)
        audio, _ = module.load_audio(path, 16_000)
        return audio[:, : audio.shape[1] // 1024 * 1024].reshape(1, -1, 1024)

    def segment(
        text: Any, lang: Any, spk: Any, speech_latent: Any, emovec: Any, sampling: Any, duration_factor: float, ctx: Any
    ) -> Any:
        used.parameters.update({name: getattr(sampling, name) for name in _SAMPLING})
        used.parameters.update(max_mel_tokens=sampling.max_new_tokens)
        if variant == "v2_5":
            used.parameters.update(duration_factor=duration_factor)
        generator = ctx.generator_for(made.device)
        return torch.clamp(torch.randn(1, 2560, generator=generator) * 3000 + emovec.mean(), -32767.0, 32767.0)

    made._speaker, made._emotion_emb, made._segment = speaker, emotion, segment

    def resolved(_: dict[str, Any], result: Any) -> None:
        if result[2] is not None:
            used.vectors.append(result[2])

    spy(module.LoadedIndexTts2, "_emotion", resolved)


def _split(used: Used, words: str, limit: int) -> list[str]:
    used.parameters.update(max_text_tokens_per_segment=limit)
    return [words[at : at + limit] for at in range(0, len(words), limit)]


def _old(module: Any, made: Any, variant: str, folder: Path, used: Used) -> None:
    made.half, made.stop_mel_token = False, STOP
    made.compiled_bigvgan, made.h_gpt, made.h_bigvgan = None, None, None
    made.gpt = SimpleNamespace(
        gpt=SimpleNamespace(h=[SimpleNamespace(attn=SimpleNamespace(dim=8))]), graphed=False, graphs_failed=False,
        get_conditioning=lambda mel, lengths: mel.mean(1)[:, None, :8], prompt=lambda latent, text: (latent, None),
        latents=lambda latent, text, codes, emotion: codes[..., None].float() * 0.001 + latent.mean(),
    )  # fmt: skip
    made.bigvgan = lambda latent, mel: torch.sin(latent.mean(2)[:, None].repeat_interleave(256, 2) * 50) * 0.3

    def mel(path: str, ctx: Any) -> Any:
        used.voices.append(path)
        audio, _ = module.load_audio(path, None)
        return audio[:, : audio.shape[1] // 100 * 100].reshape(1, 100, -1)

    made._cond_mel = mel

    def sample(gpt: Any, prompt: Any, sampling: Any, generator: Any, check: Any, pad: Any) -> Any:
        used.parameters.update({name: getattr(sampling, name) for name in _SAMPLING})
        used.parameters.update(max_mel_tokens=sampling.max_new_tokens)
        return torch.randint(0, 8192, (1, 6), generator=generator)

    owner: Any = importlib.import_module("mizuoto_indextts.gpt")
    owner.beam_sample = sample


def scenes(made: Any, voice: str, other: str) -> dict[str, Callable[[Path], Any]]:
    """What is played, by name; each is given a folder of its own."""
    t = made.tasks

    def speak(text: str, audio: str | None = voice, emotion: Any = None, **more: Any) -> Any:
        references = [] if audio is None else [t.Reference(audio)]
        style = t.StyleSpec(emotion=emotion)
        task = t.SynthesisTask(text, voice=t.VoiceSpec(references=references), style=style, **more)
        return made.synthesize(task, made.contexts.RequestContext("request", device="cpu", seed=5))

    params = {"temperature": 0.4, "top_k": 5, "top_p": 0.5, "repetition_penalty": 2.0, "max_new_tokens": 9}
    options = {"num_beams": 1, "length_penalty": 0.5, "max_text_tokens_per_segment": 25}
    both = {
        "plain": lambda _: speak("HELLO, YOU."),
        "stream": lambda _: speak(LONG.upper(), options={"max_text_tokens_per_segment": 20}, stream=True),
        "parameters": lambda _: speak("HELLO.", other, params=params, options=options),
        "no_voice": lambda _: speak("HELLO.", None),
        "missing_voice": lambda _: speak("HELLO.", "/nowhere/voice.wav"),
        "given_up": lambda _: _first(speak(LONG.upper(), options={"max_text_tokens_per_segment": 20}, stream=True)),
        "unknown_parameter": lambda _: made.synthesize(no_such_parameter=1),
    }
    if made.spec.variant == "v1_5":
        return {**both, "emotion": lambda _: speak("HELLO.", emotion=t.EmotionSpec(vector={"happy": 1.0}))}
    mixed = {"happy": 0.62345, "surprised": 0.2}
    return {
        **both,
        "vector": lambda _: speak("HELLO.", emotion=t.EmotionSpec(vector=mixed)),
        "vector_alpha": lambda _: speak("HELLO.", emotion=t.EmotionSpec(vector=mixed, strength=0.37)),
        "reference": lambda _: speak("HELLO.", emotion=t.EmotionSpec(audio_path=other, strength=0.7)),
        "text": lambda _: speak("HELLO.", emotion=t.EmotionSpec(text="so happy")),
        "random": lambda _: speak("HELLO.", emotion=t.EmotionSpec(vector=mixed), options={"use_random": True}),
        "spanish": lambda _: speak("¿QUÉ TAL?", language="es", params={"speed": 1.25, "segment_silence_ms": 50}),
    }


def _first(stream: Any) -> Any:
    chunk = next(stream)
    stream.close()
    return chunk
