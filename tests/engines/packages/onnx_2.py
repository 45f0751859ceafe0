"""indextts-onnx, on tiny graphs in a real ONNX Runtime."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy
import sentencepiece
from transformers.audio_utils import mel_filter_bank

from tests.engines.packages import graphs
from tests.engines.packages.used import Used, chosen, spy

LONG = "It says one sentence, and then another one. The quick brown fox jumps over the lazy dog!"


def engine(kind: str, folder: Path, used: Used) -> Any:
    """The package's IndexTTSInfer on a folder that holds all that it loads."""
    folder.mkdir(parents=True, exist_ok=True)
    graphs.write_2(folder)
    filters = mel_filter_bank(257, 80, 20, 8000, 16000, norm=None, mel_scale="kaldi", triangularize_in_mel_space=True)
    numpy.save(folder / "seamless_mel_filters.npy", filters)
    (folder / "bpe.model").write_bytes(sentencepiece_model())
    module = importlib.import_module("indextts_onnx.infer")
    made = module.IndexTTSInfer(str(folder), num_threads=1)
    generation = chosen(("max_mel_tokens", "top_k", "top_p", "temperature", "repetition_penalty"))
    flow = chosen(("n_steps", "cfg_rate"))
    spy(module.IndexTTSInfer, "_gpt2_generate", lambda given, _: generation(used, given))
    spy(module.IndexTTSInfer, "_s2mel_inference", lambda given, _: flow(used, given))
    spy(module, "load_and_cut", lambda given, _: used.voices.append(given["path"]))
    spy(module.TextTokenizer, "encode", lambda given, _: used.texts.append(given["text"]))
    limit = chosen(("max_tokens",), {"max_tokens": "max_text_tokens_per_segment"})
    spy(module.TextTokenizer, "split_segments", lambda given, _: limit(used, given))
    return made


def scenes(made: Any, voice: str, other: str) -> dict[str, Callable[[Path], Any]]:
    """What is played, by name; each is given a folder of its own."""

    def infer(voice: str, text: str, *args: Any, **more: Any) -> Any:
        made._cache_ref_audio = None  # each scene reads the voice itself
        return made.infer(voice, text, *args, max_mel_tokens=more.pop("max_mel_tokens", 6), **more)

    return {
        "infer": lambda folder: infer(voice, "Hello, you.", str(folder / "plain.wav")),
        "memory": lambda _: infer(voice, "Hello, you."),
        "segments": lambda folder: infer(
            voice, LONG, str(folder / "segments.wav"), max_text_tokens_per_segment=20, interval_silence_ms=50
        ),
        "parameters": lambda _: infer(other, "Hello.", top_k=5, top_p=0.5, temperature=0.4, n_steps=3),
        "no_voice": lambda _: infer(None, "Hello."),  # type: ignore[arg-type]
        "missing_voice": lambda _: infer("/nowhere/voice.wav", "Hello."),
    }


def sentencepiece_model() -> bytes:
    """A tokenizer, trained on a few lines."""
    lines = ["HELLO, THIS IS A TEST OF THE SPEECH ENGINE.", "IT SAYS ONE SENTENCE, AND THEN ANOTHER ONE.",
             "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG!"]  # fmt: skip
    trained = BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines * 4), model_writer=trained, vocab_size=100, model_type="bpe",
        character_coverage=1.0, bos_id=0, eos_id=1, unk_id=2, pad_id=-1, hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    return trained.getvalue()
