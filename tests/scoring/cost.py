"""python -m tests.scoring.cost: what a score costs in processor time and memory, beside the bare models.

Processor time, not wall time: other programs may be at work.
"""

from __future__ import annotations

import importlib
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

RATE = 24_000  # hertz
SECONDS = 10.0
_TURNS = 5
_PARTS = ("nothing", "models", "score", "long")


def _clip(path: Path, seconds: float) -> None:
    """Harmonics that wander and swell, the same ten seconds again and again."""
    moments = np.arange(int(10 * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(120 + 20 * np.sin(np.pi * moments)) / RATE
    wave = sum(np.sin(k * phase) / k for k in range(1, 20)) * (0.55 + 0.45 * np.sin(6 * np.pi * moments))
    samples = (0.1 * np.asarray(wave) * 2**15).astype(np.int16)
    with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16") as file:
        for _ in range(int(seconds // 10)):
            file.write(samples)


def _resident() -> float:
    """MiB, at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _measure(part: str, folder: Path) -> None:
    clip, long = folder / "clip.wav", folder / "long.wav"
    best = 0.0
    if part == "models":
        mos, speech = (importlib.import_module(f"sidecar.scoring.{name}") for name in ("mos", "speech"))
        sound, judge, listener = np.zeros(int(SECONDS * mos.RATE), dtype=np.float32), mos.Judge(), speech.Listener()
        best = min(_cost(lambda: (judge.listen(sound), listener.listen(sound))) for _ in range(_TURNS))
    elif part in ("score", "long"):
        scorer = importlib.import_module("sidecar.scoring.measures").Scorer()
        path, turns = (clip, _TURNS) if part == "score" else (long, 1)
        best = min(_cost(lambda: scorer.measure(path.open("rb"), "文本")) for _ in range(turns))
    print(f"{best:.2f} {_resident():.0f}")


def _cost(work: object) -> float:
    before = time.process_time()
    work()  # type: ignore[operator]
    return time.process_time() - before


def main() -> None:
    if len(sys.argv) == 3:
        _measure(sys.argv[1], Path(sys.argv[2]))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _clip(folder / "clip.wav", SECONDS)
        _clip(folder / "long.wav", 3 * 3600)
        words = {
            "nothing": "Python, numpy and soundfile",
            "models": f"DNSMOS and Silero alone, {SECONDS:.0f} s",
            "score": f"a score, {SECONDS:.0f} s",
            "long": "a score, 3 h of which 5 min are heard",
        }
        print("| | seconds of one core | MiB at most |\n|---|---:|---:|")
        for part in _PARTS:
            command = [sys.executable, "-m", "tests.scoring.cost", part, temporary]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
            print(f"| {words[part]} | {told[0]} | {told[1]} |")


if __name__ == "__main__":
    main()
