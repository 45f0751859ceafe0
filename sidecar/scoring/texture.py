"""What a sound's spectrum says over time: how fast it changes, and how far speech stands above the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sidecar.scoring.levels import decibels
from sidecar.scoring.mos import mel_filters
from sidecar.scoring.sound import Samples

Power = np.ndarray[tuple[int, ...], np.dtype[np.floating]]
"""Shaped (frames, bands)."""

RATE = 16_000  # hertz
_FFT, _HOP, _BANDS = 400, 160, 24  # 25 ms every 10 ms
_FRAMES_A_SECOND = RATE / _HOP
_AT_ONCE = 1000  # frames: they overlap, and those of a long sound take much memory
_SMOOTHING = np.array([0.25, 0.5, 0.25])  # over frames: what jitters from one to the next is no articulation
_FLOOR_PERCENTILE = 3.0
_RANGE = 15.0
"""Decibels below the mean: what is quieter in a band does not count as change. Of 15 to 45 this told tempo from missing
and repeated words best on the spoiled clips of tests/scoring."""
_FEWEST_FRAMES = 30


@dataclass(frozen=True, kw_only=True)
class Texture:
    change_rate: float | None
    """Hertz: how fast the spectrum moves within speech. It follows the tempo of articulation, not how much is said."""
    signal_to_noise: float
    """Decibels between speech and the quietest moments."""
    largest_jump: float | None
    """Decibels between two stretches of speech that follow each other."""


def texture(sound: Samples, stretches: Sequence[tuple[float, float]]) -> Texture:
    """
    Args:
        sound: one channel at RATE.
        stretches: begin and end of each stretch of speech, in seconds.
    """
    power = _power(sound)
    total = power.sum(axis=1)
    spoken = [slice(round(begin * _FRAMES_A_SECOND), round(end * _FRAMES_A_SECOND)) for begin, end in stretches]
    speech = np.concatenate([total[each] for each in spoken]) if spoken else total[:0]
    loud = float(speech.mean()) if len(speech) else 0.0
    quiet = float(np.percentile(total, _FLOOR_PERCENTILE)) if len(total) else 0.0
    return Texture(
        change_rate=_change_rate(power, spoken, loud),
        signal_to_noise=max(decibels(loud) - decibels(quiet), 0.0),
        largest_jump=_largest_jump([total[each] for each in spoken]),
    )


def _power(sound: Samples) -> Power:
    """In bands, frame by frame; a frame each hop, the last ones filled up with silence."""
    window = np.hanning(_FFT).astype(np.float32)
    filters = mel_filters(RATE, _FFT, _BANDS).astype(np.float32)
    found = []
    for start in range(0, len(sound) - _HOP + 1, _AT_ONCE * _HOP):  # what is left after the last hop is no frame
        count = min((len(sound) - start) // _HOP, _AT_ONCE)
        needed = (count - 1) * _HOP + _FFT
        part = sound[start : start + needed]
        part = np.pad(part, (0, needed - len(part))) if len(part) < needed else part
        frames = np.lib.stride_tricks.sliding_window_view(part, _FFT)[::_HOP]
        found.append(np.abs(np.fft.rfft(frames * window)).astype(np.float32) ** 2 @ filters)
    return np.concatenate(found)


def _change_rate(power: Power, spoken: Sequence[slice], loud: float) -> float | None:
    """Root mean square of the bands' change over that of their spread: the mean frequency of their motion."""
    floor = loud / power.shape[1] * 10 ** (-_RANGE / 10) + 1e-12
    parts = [10 * np.log10(power[each] + floor) for each in spoken]
    smooth = [_smoothed(part) for part in parts if len(part) > len(_SMOOTHING)]
    if sum(map(len, smooth)) < _FEWEST_FRAMES:
        return None
    mean = np.concatenate(smooth).mean(axis=0)
    changed = sum(float((np.diff(part, axis=0) ** 2).sum()) for part in smooth)
    spread = sum(float(((part - mean) ** 2).sum()) for part in smooth)
    return float(np.sqrt(changed / spread) * _FRAMES_A_SECOND / (2 * np.pi)) if spread > 0 else None


def _smoothed(levels: Power) -> Power:
    before, here, after = _SMOOTHING
    return before * levels[:-2] + here * levels[1:-1] + after * levels[2:]  # type: ignore[no-any-return]


def _largest_jump(stretches: Sequence[Samples]) -> float | None:
    levels = [decibels(float(each.mean())) for each in stretches if len(each) >= _FEWEST_FRAMES]
    return max((abs(after - before) for before, after in pairwise(levels)), default=None)
