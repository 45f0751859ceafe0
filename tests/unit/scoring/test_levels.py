"""Loudness, peaks and clipping, held against pyloudnorm's own meter and against sounds whose figures are known."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest

from sidecar.scoring.levels import QUIETEST, Levels, Meter

RATE = 24_000


def heard(wave: np.ndarray[tuple[int, ...], np.dtype[np.float64]], rate: int = RATE, block: int = 7_001) -> Levels:
    sound = wave.reshape(len(wave), -1).astype(np.float32)
    meter = Meter(rate=rate, channels=sound.shape[1])
    for start in range(0, len(sound), block):
        meter.add(sound[start : start + block], last=start + block >= len(sound))
    return meter.levels()


def sine(
    hertz: float, amplitude: float, seconds: float = 8.0, phase: float = 0.0, rate: int = RATE
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate + phase)


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("rate", [8000, 22050, 24_000, 48_000])
def test_loudness_is_pyloudnorms_in_whatever_blocks_it_is_heard(rate: int, channels: int) -> None:
    random = np.random.default_rng(1)
    wave = random.standard_normal((rate * 6, channels)) * 0.05
    wave[rate * 2 : rate * 4] *= 0.01  # below the relative gate
    assert heard(wave, rate).loudness == pytest.approx(pyloudnorm.Meter(rate).integrated_loudness(wave), abs=0.02)


def test_a_full_scale_sine_has_the_loudness_that_the_standard_gives_it() -> None:
    """Within the tenth that EBU Tech 3341 allows a meter."""
    assert heard(sine(997, 1.0, rate=48_000), 48_000).loudness == pytest.approx(-3.01, abs=0.1)


def test_the_bass_channel_of_six_does_not_count() -> None:
    wave = np.random.default_rng(1).standard_normal((RATE * 3, 6)) * 0.05
    without = wave.copy()
    without[:, 3] = 0
    assert heard(wave).loudness == heard(without).loudness
    assert heard(wave).loudness > heard(wave[:, :3]).loudness


def test_a_peak_between_two_samples_is_seen() -> None:
    """A quarter of the sampling rate, sampled 45 degrees beside its tops: no sample is above 0.707."""
    levels = heard(sine(RATE / 4, 1.0, phase=np.pi / 4))
    assert levels.true_peak == pytest.approx(0, abs=0.3)
    assert levels.full_scale_share == 0


def test_tops_that_were_cut_off_are_seen_at_any_level() -> None:
    wave = np.clip(sine(220, 10.0), -1, 1)
    at_full_scale, turned_down, whole = heard(wave), heard(wave * 0.2), heard(sine(220, 0.2) * 0.9)
    assert at_full_scale.full_scale_share > 0.8
    assert turned_down.full_scale_share == 0
    assert turned_down.near_peak_share > 0.8
    assert whole.near_peak_share < 0.1


def test_an_offset_is_that_of_the_channel_where_it_is_largest() -> None:
    wave = np.stack([sine(220, 0.1) + 0.01, sine(220, 0.1) - 0.05], axis=1)
    assert heard(wave).dc_offset == pytest.approx(-0.05, abs=1e-4)


def test_silence_has_the_least_of_everything() -> None:
    levels = heard(np.zeros(RATE))
    assert levels == Levels(loudness=QUIETEST, true_peak=QUIETEST, full_scale_share=0, near_peak_share=0, dc_offset=0)
