"""The outline of an audio file: its loudest sample in each of a few hundred equal parts; and how loud it is."""

from __future__ import annotations

import math
import os
import sys
import threading
import wave
from array import array
from collections import OrderedDict
from dataclasses import dataclass
from operator import mul
from typing import BinaryIO

_MAX_BYTES = 128 * 1024 * 1024
_FULL = 32767
_PARTS = 480
"""As many as a wide screen shows bars."""
_BARS = 30
_EVERY = 7
"""Of so many samples a thumbnail looks at one: of 10 s at 24 kHz still 1,140 a bar, in an eighth of the time."""
_KEPT = 20_000
"""Thumbnails, of 400 bytes each."""


@dataclass(frozen=True, kw_only=True)
class Outline:
    peaks: list[float]
    """The loudest sample of each part, 0 to 1."""
    level: float | None = None
    """Root mean square of all samples, dBFS; None where it was not asked for, or all is silent."""


def outline(file: BinaryIO, parts: int = _PARTS, *, level: bool = False, every: int = 1) -> Outline:
    """
    Args:
        level: whether to tell the level as well, which takes two or three times as long.
        every: of so many samples one is looked at. An odd number, so that both channels of two have their turn.

    Returns:
        No peaks where the file is not 16-bit PCM WAV, or is very long.
    """
    peaks, squares, count = [], 0, 0
    try:
        with wave.open(file, "rb") as sound:
            frames, channels = sound.getnframes(), sound.getnchannels()
            if sound.getsampwidth() != 2 or not 0 < frames * channels * 2 <= _MAX_BYTES:
                return Outline(peaks=[])
            for part in range(parts):
                start, end = frames * part // parts, frames * (part + 1) // parts
                samples = array("h", sound.readframes(end - start))[::every]
                if sys.byteorder == "big":
                    samples.byteswap()
                loudest = max(max(samples), -min(samples)) if samples else 0
                peaks.append(round(min(loudest / _FULL, 1.0), 3))
                if level:
                    squares, count = squares + sum(map(mul, samples, samples)), count + len(samples)
    except (wave.Error, EOFError, OSError, ValueError, MemoryError):
        return Outline(peaks=[])
    mean = squares / count if count else 0.0
    return Outline(peaks=peaks, level=round(10 * math.log10(mean / _FULL**2), 2) if mean else None)


class Thumbnails:
    """The small waveforms of the files that were seen last. A file is known by its inode, size and time: what replaces
    it is drawn anew.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._known: OrderedDict[tuple[int, ...], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, file: BinaryIO) -> bytes:
        """Each bar's height in hundredths of full scale; none where no outline can be drawn of it."""
        state = os.fstat(file.fileno())
        key = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
                return known
        drawn = bytes(round(100 * peak) for peak in outline(file, _BARS, every=_EVERY).peaks)
        with self._lock:
            self._known[key] = drawn
            while len(self._known) > self._kept:
                self._known.popitem(last=False)
        return drawn
