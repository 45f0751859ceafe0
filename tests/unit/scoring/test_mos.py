"""The opinions are those that speechmos 0.0.1.1 gives, whose figures below were taken from its own code."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from sidecar.scoring.mos import RATE, Judge
from sidecar.scoring.sound import Samples

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


def hum(seconds: float) -> Samples:
    """A voice of sorts: harmonics of a wandering pitch that swell three times a second, in a little noise."""
    time = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(120 + 20 * np.sin(np.pi * time)) / RATE
    wave = sum(np.sin(k * phase) / k for k in range(1, 20)) * (0.55 + 0.45 * np.sin(6 * np.pi * time))
    return (0.1 * wave + 1e-3 * np.random.default_rng(1).standard_normal(len(time))).astype(np.float32)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (4, (1.3772098, 1.7291451, 1.5412514, 2.4199829)),
        (12.5, (1.3623937, 1.6981617, 1.5049546, 2.4383790)),
        (28, (1.3738809, 1.7318106, 1.5338706, 2.4259922)),
    ],
)
def test_every_window_gives_what_speechmos_gives(seconds: float, expected: tuple[float, ...], judge: Judge) -> None:
    assert astuple(judge.listen(hum(seconds), every=True)) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("seconds", [0.5, 9, 9.02, 28])
def test_few_windows_give_nearly_the_same(seconds: float, judge: Judge) -> None:
    few, every = judge.listen(hum(seconds)), judge.listen(hum(seconds), every=True)
    assert astuple(few) == pytest.approx(astuple(every), abs=0.15)
