"""Hums a text: vowels as formants over a buzz, consonants as noise; pitch and pace follow the emotion.

Standard library only. A second of audio takes about a tenth of a second to make.
"""

from __future__ import annotations

import array
import math
import random
import sys
import unicodedata
import wave
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path

SAMPLE_RATE = 22050  # hertz
FRAME = 110  # samples between two settings of the filters, 5 ms
PEAK = 0.7  # share of full scale

FORMANTS = {  # hertz
    "a": (800.0, 1200.0, 2500.0),
    "e": (500.0, 1900.0, 2600.0),
    "i": (300.0, 2250.0, 3000.0),
    "o": (500.0, 900.0, 2400.0),
    "u": (350.0, 700.0, 2300.0),
}
BANDWIDTHS = (80.0, 110.0, 160.0)  # hertz
HISSING = frozenset("bcdfghjkpqstvxz")
# The four tones of Mandarin, as semitones at the start, middle and end of a syllable.
TONES = ((2.0, 2.0, 2.0), (-2.0, 0.0, 3.0), (-1.0, -3.0, 0.0), (3.0, 0.0, -3.0))
LONG_PAUSES = frozenset("。！？.!?…\n")
SHORT_PAUSES = frozenset("，、；：,;:—")


@dataclass(frozen=True)
class Style:
    """How somebody speaks."""

    pitch: float  # hertz
    span: float  # 1: tones as they are; more: livelier
    pace: float  # syllables a second
    breath: float  # share of noise in the voice
    tremble: float  # share of the pitch
    loudness: float


NEUTRAL = Style(150, 1.0, 5.0, 0.03, 0.004, 0.75)
STYLES = (  # in the order of IndexTTS2's emotion vector
    Style(205, 1.7, 6.0, 0.03, 0.006, 0.9),  # happy
    Style(175, 1.4, 6.8, 0.06, 0.004, 1.0),  # angry
    Style(125, 0.6, 3.6, 0.12, 0.008, 0.55),  # sad
    Style(215, 0.9, 6.4, 0.16, 0.030, 0.6),  # afraid
    Style(130, 1.2, 4.3, 0.08, 0.004, 0.7),  # disgusted
    Style(118, 0.7, 3.5, 0.10, 0.006, 0.5),  # melancholic
    Style(220, 2.2, 5.4, 0.05, 0.006, 0.85),  # surprised
    Style(140, 0.7, 4.2, 0.04, 0.003, 0.65),  # calm
)


@dataclass(frozen=True)
class Syllable:
    """One sound, or a pause where vowel is empty."""

    vowel: str
    hiss: bool
    tone: tuple[float, float, float]
    duration: float  # seconds


def mixed(weights: Sequence[float] | None) -> Style:
    """The style of an emotion vector; what the weights leave over is the neutral voice."""
    shares = [max(0.0, weight) for weight in weights or []]
    total = sum(shares)
    shares = [share / max(1.0, total) for share in shares]
    parts = [(1.0 - sum(shares), NEUTRAL), *zip(shares, STYLES, strict=False)]
    return Style(*(sum(share * getattr(style, f.name) for share, style in parts) for f in fields(Style)))


def syllables(text: str, style: Style) -> list[Syllable]:
    """What to hum for a text: one syllable for each Chinese character and for each group of Latin vowels."""
    plan: list[Syllable] = []
    beat = 1.0 / style.pace
    hiss = inside_vowels = False
    for character in unicodedata.normalize("NFKC", text).lower():
        if character in FORMANTS or character == "y":
            if not inside_vowels:
                vowel = "i" if character == "y" else character
                plan.append(Syllable(vowel, hiss, TONES[0] if len(plan) % 2 else TONES[3], 0.8 * beat))
            inside_vowels, hiss = True, False
            continue
        inside_vowels = False
        if character in LONG_PAUSES or character in SHORT_PAUSES:
            plan.append(Syllable("", False, TONES[0], (1.6 if character in LONG_PAUSES else 0.8) * beat))
        elif character.isascii():
            hiss = character in HISSING
            if character.isspace() and plan:
                plan.append(Syllable("", False, TONES[0], 0.12 * beat))
        elif character.isalpha():
            code = zlib.crc32(character.encode())
            plan.append(Syllable("aeiou"[code % 5], bool(code & 64), TONES[(code >> 8) % 4], beat))
    return plan


def bent(tone: tuple[float, float, float], place: float) -> float:
    """The tone, in semitones, at a place from 0 to 1 within its syllable."""
    start, middle, end = tone
    return start + (middle - start) * 2 * place if place < 0.5 else middle + (end - middle) * (2 * place - 1)


def excitation(plan: Sequence[Syllable], style: Style) -> Iterator[tuple[str, list[float]]]:
    """The sound at the vocal cords, frame by frame, with the vowel that the mouth forms."""
    noise = random.Random(0)
    phase = 0.0
    time = 0.0
    for syllable in plan:
        frames = max(1, round(syllable.duration * SAMPLE_RATE / FRAME))
        hissing = min(frames // 3, 8) if syllable.hiss else 0
        for frame in range(frames):
            place = frame / frames
            if not syllable.vowel:
                yield "a", [0.0] * FRAME
            elif frame < hissing:
                yield "i", [noise.uniform(-0.2, 0.2) for _ in range(FRAME)]
            else:
                bend = bent(syllable.tone, place)
                vibrato = style.tremble * math.sin(math.tau * 5.5 * time)
                pitch = style.pitch * 2 ** (style.span * bend / 12) * (1 + vibrato)
                level = style.loudness * math.sin(math.pi * min(1.0, 0.08 + place)) ** 0.5
                step = pitch / SAMPLE_RATE
                samples = []
                for _ in range(FRAME):
                    phase = (phase + step) % 1.0
                    # An opening and a quicker closing: softer than a saw.
                    pulse = math.sin(math.pi * phase / 0.6) ** 2 if phase < 0.6 else 0.0
                    samples.append(level * (pulse - 0.3 + style.breath * noise.uniform(-1.0, 1.0)))
                yield syllable.vowel, samples
            time += FRAME / SAMPLE_RATE


def vocal_tract(frames: Iterator[tuple[str, list[float]]]) -> list[float]:
    """What leaves the mouth: three resonators that glide from vowel to vowel, and a small room's echo."""
    current = list(FORMANTS["a"])
    memory = [[0.0, 0.0] for _ in current]
    output: list[float] = []
    for vowel, samples in frames:
        for index, target in enumerate(FORMANTS[vowel]):
            current[index] += 0.25 * (target - current[index])
        for (formant, bandwidth), state in zip(zip(current, BANDWIDTHS, strict=True), memory, strict=True):
            radius = math.exp(-math.pi * bandwidth / SAMPLE_RATE)
            b = 2 * radius * math.cos(math.tau * formant / SAMPLE_RATE)
            c = -radius * radius
            a = 1 - b - c
            one, two = state
            for place, sample in enumerate(samples):
                one, two = a * sample + b * one + c * two, one
                samples[place] = one
            state[0], state[1] = one, two
        output += samples
    # Lips radiate high sounds better than low ones.
    output = [now - 0.92 * before for before, now in pairwise(output)]
    echo = int(0.045 * SAMPLE_RATE)
    for place in range(echo, len(output)):
        output[place] += 0.2 * output[place - echo]
    return output


def pcm(samples: Sequence[float], loudness: float) -> array.array[int]:
    """16-bit samples, the loudest of them at PEAK times the loudness."""
    loudest = max((abs(sample) for sample in samples), default=0.0) or 1.0
    scale = 32767 * PEAK * min(1.0, loudness) / loudest
    return array.array("h", (round(sample * scale) for sample in samples))


def write_wav(path: Path, samples: array.array[int]) -> None:
    """Write 16-bit mono PCM. Raises OSError."""
    if sys.byteorder == "big":
        samples = samples[:]
        samples.byteswap()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())
