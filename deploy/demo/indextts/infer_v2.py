"""A stand-in for IndexTTS2's engine: the same class, signatures, files and messages, and no weights.

What it shares with the real one is what a program around it sees: the arguments, the result, the order of
things, 22,050 Hz mono WAV files, the printed timings. What it does inside (voice.py) is its own.
"""

from __future__ import annotations

import array
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from indextts import voice

GENERATION_DEFAULTS = {
    "do_sample": True,
    "top_p": 0.8,
    "top_k": 30,
    "temperature": 0.8,
    "length_penalty": 0.0,
    "num_beams": 3,
    "repetition_penalty": 10.0,
    "max_mel_tokens": 1500,
}
EMOTIONS = ("happy", "angry", "sad", "afraid", "disgusted", "melancholic", "surprised", "calm")
KEYWORDS = (
    "高兴|开心|happy|joy",
    "愤怒|生气|angry",
    "悲伤|sad",
    "恐惧|害怕|afraid|fear",
    "厌恶|反感|disgust",
    "低落|忧伤|melanchol",
    "惊|surpris",
    "平静|自然|calm",
)


class QwenEmotion:
    """Guesses an emotion from a description, by keywords where the real one asks a language model."""

    def inference(self, text_input: str) -> dict[str, float]:
        """Weight by emotion, calm where nothing else is found."""
        found = {
            name: 0.8 if re.search(words, text_input.lower()) else 0.0
            for name, words in zip(EMOTIONS, KEYWORDS, strict=True)
        }
        return found if any(found.values()) else {**found, "calm": 1.0}


class IndexTTS2:
    """The engine, with the constructor and the methods of IndexTTS 2.0."""

    def __init__(
        self,
        cfg_path: str = "checkpoints/config.yaml",
        model_dir: str = "checkpoints",
        use_fp16: bool = False,
        device: str | None = None,
        use_cuda_kernel: bool | None = None,
        use_deepspeed: bool = False,
        use_accel: bool = False,
        use_torch_compile: bool = False,
    ) -> None:
        self.cfg_path = cfg_path
        self.model_dir = model_dir
        self.use_fp16 = use_fp16
        self.device = device or "cpu"
        self.model_version = 2.0
        self.qwen_emo = QwenEmotion()
        self.gr_progress: Callable[..., object] | None = None

    def infer(
        self,
        spk_audio_prompt: str,
        text: str,
        output_path: str | None,
        emo_audio_prompt: str | None = None,
        emo_alpha: float = 1.0,
        emo_vector: Sequence[float] | None = None,
        use_emo_text: bool = False,
        emo_text: str | None = None,
        use_random: bool = False,
        interval_silence: int = 200,
        verbose: bool = False,
        max_text_tokens_per_segment: int = 120,
        stream_return: bool = False,
        more_segment_before: int = 0,
        **generation_kwargs: Any,
    ) -> Any:
        """Speak a text into output_path.

        Returns: output_path; the sample rate and the samples where it is None; a generator of chunks where
        stream_return. None where nothing came of it, as the real one does.
        """
        chunks = self.infer_generator(
            spk_audio_prompt,
            text,
            output_path,
            emo_audio_prompt=emo_audio_prompt,
            emo_alpha=emo_alpha,
            emo_vector=emo_vector,
            use_emo_text=use_emo_text,
            emo_text=emo_text,
            use_random=use_random,
            interval_silence=interval_silence,
            verbose=verbose,
            max_text_tokens_per_segment=max_text_tokens_per_segment,
            stream_return=stream_return,
            quick_streaming_tokens=more_segment_before,
            **generation_kwargs,
        )
        if stream_return:
            return chunks
        return next(chunks, None)

    def infer_generator(
        self,
        spk_audio_prompt: str,
        text: str,
        output_path: str | None,
        emo_audio_prompt: str | None = None,
        emo_alpha: float = 1.0,
        emo_vector: Sequence[float] | None = None,
        use_emo_text: bool = False,
        emo_text: str | None = None,
        use_random: bool = False,
        interval_silence: int = 200,
        verbose: bool = False,
        max_text_tokens_per_segment: int = 120,
        stream_return: bool = False,
        quick_streaming_tokens: int = 0,
        **generation_kwargs: Any,
    ) -> Iterator[Any]:
        """Chunks of samples where stream_return, and then the file; else the one result."""
        unknown = sorted(set(generation_kwargs) - set(GENERATION_DEFAULTS))
        if unknown:
            raise ValueError(f"The following `model_kwargs` are not used by the model: {unknown}")
        self._set_gr_progress(0, "starting inference...")
        began = time.perf_counter()
        if use_emo_text:
            emo_vector = list(self.qwen_emo.inference(emo_text or text).values())
            print(f"detected emotion vectors from text: {emo_vector}")
        if emo_vector is not None and emo_alpha != 1.0:
            scale = max(0.0, min(1.0, emo_alpha))
            emo_vector = [int(weight * scale * 10000) / 10000 for weight in emo_vector]
            print(f"scaled emotion vectors to {scale}x: {emo_vector}")
        speaker = self._pitch_of(spk_audio_prompt)
        if emo_vector is None and emo_audio_prompt is not None:
            emo_vector = self._heard_in(emo_audio_prompt, emo_alpha)
        style = voice.mixed(emo_vector)
        style = voice.Style(style.pitch * speaker, *list(vars(style).values())[1:])

        spent = {"gpt_gen_time": 0.0, "gpt_forward_time": 0.0, "s2mel_time": 0.0, "bigvgan_time": 0.0}
        silence = array.array("h", bytes(2 * (voice.SAMPLE_RATE * max(0, interval_silence) // 1000)))
        samples = array.array("h")
        segments = [part for part in re.split(r"(?<=[。！？.!?])", text) if part.strip()]
        for number, segment in enumerate(segments, 1):
            self._set_gr_progress(0.2 + 0.7 * number / len(segments), f"speech synthesis {number}/{len(segments)}...")
            times = [time.perf_counter()]
            plan = voice.syllables(segment, style)
            times.append(time.perf_counter())
            frames = list(voice.excitation(plan, style))
            times.append(time.perf_counter())
            chunk = voice.pcm(voice.vocal_tract(iter(frames)), style.loudness)
            times.append(time.perf_counter())
            spent["gpt_gen_time"] += times[1] - times[0]
            spent["s2mel_time"] += times[2] - times[1]
            spent["bigvgan_time"] += times[3] - times[2]
            samples += chunk if not samples else silence + chunk
            if stream_return:
                yield chunk
                yield silence

        length = len(samples) / voice.SAMPLE_RATE
        total = time.perf_counter() - began
        for name, seconds in spent.items():
            print(f">> {name}: {seconds:.2f} seconds")
        print(f">> Total inference time: {total:.2f} seconds")
        print(f">> Generated audio length: {length:.2f} seconds")
        print(f">> RTF: {total / length if length else 0:.4f}")

        self._set_gr_progress(0.9, "saving audio...")
        if not output_path:
            if not stream_return:
                yield voice.SAMPLE_RATE, samples
            return
        self._save(output_path, samples)
        if not stream_return:
            yield output_path

    def normalize_emo_vec(self, emo_vector: Sequence[float], apply_bias: bool = True) -> list[float]:
        """Sliders as weights that leave the speaker a fifth of the voice."""
        total = sum(emo_vector)
        return [weight * min(1.0, 0.8 / total) if total else 0.0 for weight in emo_vector]

    def _set_gr_progress(self, value: float, desc: str) -> None:
        if self.gr_progress is not None:
            self.gr_progress(value, desc=desc)

    def _pitch_of(self, prompt: str) -> float:
        """How high this speaker's voice is, 0.85 to 1.2 of the usual, told from the recording."""
        return 0.85 + 0.35 * hashlib.sha256(Path(prompt).read_bytes()).digest()[0] / 255

    def _heard_in(self, prompt: str, alpha: float) -> list[float]:
        """An emotion told from a recording, always the same for the same one."""
        strongest = hashlib.sha256(Path(prompt).read_bytes()).digest()[1] % len(EMOTIONS)
        return [0.8 * alpha if index == strongest else 0.0 for index in range(len(EMOTIONS))]

    def _save(self, output_path: str, samples: array.array[int]) -> None:
        path = Path(output_path)
        if path.is_file():
            os.remove(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        voice.write_wav(path, samples)
        print(">> wav file saved to:", output_path)
