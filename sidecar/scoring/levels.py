"""How loud a sound is, and what its samples say by themselves: loudness, peaks, clipping, DC offset."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
import pyloudnorm
import soxr
from scipy import signal  # type: ignore[import-untyped]

from sidecar.scoring.sound import Samples

_OVERSAMPLING = 4  # BS.1770-4, annex 2
_FULL_SCALE = 0.9995  # of 16 bits the last 16 steps
_BINS = 8192
_NEAR_PEAK = 0.99
_GATING_BLOCK, _GATING_STEP = 0.4, 0.1  # seconds; BS.1770-4
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0  # LUFS, LU
_CHANNEL_WEIGHTS = {5: (1.0, 1.0, 1.0, 1.41, 1.41), 6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41)}  # the sixth is the LFE
QUIETEST = -100.0
"""Decibels: what is quieter, digital silence too, counts as this."""


@dataclass(frozen=True, kw_only=True)
class Levels:
    loudness: float
    """LUFS, integrated over the whole by BS.1770-4."""
    true_peak: float
    """dBTP, 4 times oversampled."""
    full_scale_share: float
    """Samples at full scale."""
    near_peak_share: float
    """Samples within 1 % of the largest one: many where the tops were cut off, wherever the level was put then."""
    dc_offset: float
    """Mean of the samples, of full scale; of the channel where it is the largest."""


def decibels(power: float) -> float:
    """10 log10, and QUIETEST at least."""
    return max(10 * float(np.log10(power)), QUIETEST) if power > 0 else QUIETEST


@dataclass(kw_only=True)
class Meter:
    """Takes a sound block by block, and has its levels in the end."""

    rate: int
    channels: int
    _frames: int = 0
    _largest: float = 0.0
    _true: float = 0.0
    _full: int = 0
    _sum: np.ndarray[tuple[int], np.dtype[np.float64]] = field(init=False)
    _histogram: np.ndarray[tuple[int], np.dtype[np.int64]] = field(init=False)

    def __post_init__(self) -> None:
        self._sum = np.zeros(self.channels)
        self._histogram = np.zeros(_BINS + 1, dtype=np.int64)
        self._oversampled = soxr.ResampleStream(self.rate, self.rate * _OVERSAMPLING, self.channels, quality="MQ")
        self._loudness = _Loudness(self.rate, self.channels)

    def add(self, block: Samples, *, last: bool) -> None:
        """
        Args:
            block: shaped (frames, channels).
            last: whether nothing follows.
        """
        size = np.abs(block)
        self._frames += len(block)
        self._largest = max(self._largest, float(size.max()))
        self._full += int(np.count_nonzero(size >= _FULL_SCALE))
        self._sum += block.sum(axis=0, dtype=np.float64)
        bins = np.minimum(size * _BINS, _BINS).astype(np.intp).ravel()
        self._histogram += np.bincount(bins, minlength=_BINS + 1)
        over = self._oversampled.resample_chunk(block, last=last)
        self._true = max(self._true, float(np.abs(over).max(initial=0.0)))
        self._loudness.add(block)

    def levels(self) -> Levels:
        samples = self._frames * self.channels
        near = int(min(self._largest, 1.0) * _NEAR_PEAK * _BINS)
        return Levels(
            loudness=self._loudness.integrated(),
            true_peak=decibels(max(self._true, self._largest) ** 2),
            full_scale_share=self._full / samples,
            # Silence has no tops.
            near_peak_share=int(self._histogram[near:].sum()) / samples if near > 8 else 0.0,
            dc_offset=float((self._sum / self._frames)[np.argmax(np.abs(self._sum))]),
        )


class _Loudness:
    """pyloudnorm's filters, run block by block: its own meter wants the whole sound at once, three times over."""

    def __init__(self, rate: int, channels: int) -> None:
        stages = pyloudnorm.Meter(rate)._filters.values()
        self._filters = [(stage.b * stage.passband_gain, stage.a) for stage in stages]
        self._states = [np.zeros((max(len(a), len(b)) - 1, channels)) for b, a in self._filters]
        self._weights = np.array(_CHANNEL_WEIGHTS.get(channels, (1.0,) * channels))
        self._step = round(_GATING_STEP * rate)
        self._rest = np.zeros((0, channels))
        self._powers: list[float] = []

    def add(self, block: Samples) -> None:
        filtered = block.astype(np.float64)
        for number, (b, a) in enumerate(self._filters):
            filtered, self._states[number] = signal.lfilter(b, a, filtered, axis=0, zi=self._states[number])
        filtered = np.concatenate([self._rest, filtered])
        whole = len(filtered) // self._step
        steps = filtered[: whole * self._step].reshape(whole, self._step, filtered.shape[1])
        self._powers += (np.mean(steps**2, axis=1) @ self._weights).tolist()
        self._rest = filtered[whole * self._step :]

    def integrated(self) -> float:
        """LUFS; QUIETEST where nothing is as loud as the absolute gate."""
        overlap = round(_GATING_BLOCK / _GATING_STEP)
        if len(self._powers) < overlap:
            return QUIETEST
        powers = np.convolve(self._powers, np.full(overlap, 1 / overlap), mode="valid")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            loud = -0.691 + 10 * np.log10(powers)
        kept = powers[loud > _ABSOLUTE_GATE]
        if not len(kept):
            return QUIETEST
        gate = -0.691 + 10 * np.log10(kept.mean()) + _RELATIVE_GATE
        kept = powers[(loud > _ABSOLUTE_GATE) & (loud > gate)]
        return decibels(float(kept.mean()) * 10**-0.0691)
