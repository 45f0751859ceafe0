"""Clips for judging the judge: espeak-ng reads texts in several voices, and a quarter of the clips are spoiled.

Each is spoiled mildly enough to be missed by who does not listen, in one of nine ways. What the text says stays as it
was, so a swallowed or repeated word is in the sound alone.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import soundfile

from tests.scoring.texts import text as some_text

Samples = np.ndarray[tuple[int], np.dtype[np.float64]]

VOICES: Mapping[str, Sequence[tuple[str, int]]] = {
    "zh": (("cmn+f2", 165), ("cmn+m3", 180), ("cmn", 150), ("cmn+f4", 190)),
    "en": (("en-us", 165), ("en-gb+f3", 150), ("en-gb-scotland+m4", 175), ("en-us+f5", 185)),
}
"""espeak-ng's name of a voice, and its words a minute."""
CLAUSES = (2, 2, 3, 3, 4, 5)
"""A clause takes three to five seconds."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    path: Path
    text: str
    language: str
    voice: str
    defect: str
    """A key of DEFECTS; empty where it is good."""


def lacking() -> str:
    """What this machine lacks for making clips; nothing where that is nothing."""
    names = [name for name in ("espeak-ng", "sox") if shutil.which(name) is None]
    return f"no {' and no '.join(names)} on this machine: install Debian's {' and '.join(names)}" if names else ""


def make(
    folder: Path,
    seed: int,
    *,
    count: int = 600,
    spoiled: int = 150,
    voices: Mapping[str, Sequence[tuple[str, int]]] = VOICES,
    clauses: Sequence[int] = CLAUSES,
) -> list[Clip]:
    """Write that many clips, and return what each is; of one seed always the same.

    Args:
        clauses: how long texts are; one of these each.

    Raises:
        OSError: there is no espeak-ng or no sox, or the folder cannot be written.
    """
    random = Random(seed)
    kinds = [list(DEFECTS)[each % len(DEFECTS)] for each in range(spoiled)] + [""] * (count - spoiled)
    random.shuffle(kinds)
    clips = []
    for number, defect in enumerate(kinds):
        language = random.choice(list(voices))
        voice, rate = random.choice(voices[language])
        text = some_text(language, random, clauses=random.choice(clauses))
        path = folder / f"{number:04}.wav"
        samples, hertz = _spoken(_reworded(text, language, defect, random), voice, rate, path)
        # What a real voice has: a level of its own from take to take, and a room that is not dead silent.
        samples = samples * 10 ** (random.uniform(-1, 1) / 20) * 0.5
        noise = np.random.default_rng(random.getrandbits(32))
        samples = samples + noise.standard_normal(len(samples)) * _level(samples) * 10 ** (-random.uniform(45, 55) / 20)
        if defect in _SOUND:
            samples = _SOUND[defect](samples, hertz, random)
        soundfile.write(path, np.clip(samples, -1, 1), hertz, subtype="PCM_16")
        if defect in ("slower", "faster"):
            _tempo(path, 0.65 if defect == "slower" else 1.6)
        clips.append(Clip(path=path, text=text, language=language, voice=f"{voice}.wav", defect=defect))
    return clips


def _spoken(text: str, voice: str, rate: int, path: Path) -> tuple[Samples, int]:
    command = ["espeak-ng", "-v", voice, "-s", str(rate), "-w", str(path), "--", text]
    subprocess.run(command, check=True, capture_output=True)
    samples, hertz = soundfile.read(path)
    return samples, hertz


def _words(text: str, language: str) -> list[str]:
    """The text in pieces: words with what follows them, or single characters of Chinese."""
    return re.findall(r"\d+|[A-Za-z]+|.[，。！？]*" if language == "zh" else r"\S+\s*", text)


def _reworded(text: str, language: str, defect: str, random: Random) -> str:
    """What is read instead: a quarter of the words in one place left out, or said twice."""
    words = _words(text, language)
    quarter = max(1, round(len(words) / 4))
    start = random.randrange(0, len(words) - quarter + 1)
    place = slice(start, start + quarter)
    if defect == "swallowed":
        return "".join(words[:start] + words[place.stop :])
    if defect == "repeated":
        return "".join(words[: place.stop] + words[place] + words[place.stop :])
    return text


def _level(samples: Samples) -> float:
    """Root mean square of what is not silent."""
    loud = samples[np.abs(samples) > 1e-3 * np.abs(samples).max()]
    return float(np.sqrt(np.mean(loud**2))) if len(loud) else 0.0


def _silence(samples: Samples, hertz: int, random: Random) -> Samples:
    place = random.randrange(len(samples) // 5, len(samples) * 4 // 5)
    hush = np.random.default_rng(random.getrandbits(32)).standard_normal(2 * hertz) * _level(samples) * 10 ** (-50 / 20)
    return np.concatenate([samples[:place], hush, samples[place:]])


def _clipped(samples: Samples, hertz: int, random: Random) -> Samples:
    """20 dB more than fits; now and then turned down afterwards, so that no sample is at full scale any more."""
    peak = np.abs(samples).max()
    driven = np.clip(samples / peak * 10, -1, 1)
    turned_down: Samples = driven * random.choice((1.0, float(peak)))
    return turned_down


def _noisy(samples: Samples, hertz: int, random: Random) -> Samples:
    noise = np.random.default_rng(random.getrandbits(32)).standard_normal(len(samples))
    if random.random() < 0.5:  # as a room hums, rather than as a tape hisses
        noise = np.convolve(noise, np.ones(16) / 4, mode="same")
    return samples + noise / _level(noise) * _level(samples) * 10 ** (-10 / 20)


def _quieter(samples: Samples, hertz: int, random: Random) -> Samples:
    return samples * 10 ** (-12 / 20)


def _louder(samples: Samples, hertz: int, random: Random) -> Samples:
    return samples * 10 ** (12 / 20)


def _tempo(path: Path, factor: float) -> None:
    # Without -D its dither is another one each time.
    other = path.with_suffix(".tempo.wav")
    subprocess.run(["sox", "-D", str(path), str(other), "tempo", "-s", str(factor)], check=True, capture_output=True)
    other.replace(path)


_SOUND: Mapping[str, Callable[[Samples, int, Random], Samples]] = {
    "silence": _silence,
    "clipped": _clipped,
    "noisy": _noisy,
    "quieter": _quieter,
    "louder": _louder,
}
DEFECTS: Mapping[str, frozenset[str]] = {
    "swallowed": frozenset({"shorter"}),
    "repeated": frozenset({"longer"}),
    "silence": frozenset({"silence"}),
    "clipped": frozenset({"clipped"}),
    "noisy": frozenset({"noisy"}),
    "slower": frozenset({"slow"}),
    "faster": frozenset({"fast"}),
    "quieter": frozenset({"quiet"}),
    "louder": frozenset({"loud"}),
}
"""The ways to spoil a clip, and the doubts that would be right about each."""
