"""Stretches of speech and the silence around them. That Silero knows speech is tried in tests/scoring, on speech."""

from __future__ import annotations

import numpy as np
import pytest

from sidecar.scoring.speech import RATE, Listener, Speech, summed_up


def test_silence_lies_before_between_and_after() -> None:
    speech = summed_up([(0.5, 2.0), (3.5, 4.0)], 5.0)
    assert speech == Speech(
        stretches=((0.5, 2.0), (3.5, 4.0)), seconds=2.0, leading=0.5, trailing=1.0, longest_silence=1.5
    )


@pytest.mark.parametrize(("stretch", "longest"), [((2.0, 3.0), 2.0), ((0.1, 1.0), 2.0)])
def test_the_longest_may_be_at_an_end(stretch: tuple[float, float], longest: float) -> None:
    assert summed_up([stretch], 3.0).longest_silence == longest


def test_where_nobody_speaks_all_is_silence() -> None:
    noise = np.random.default_rng(1).standard_normal(RATE * 3).astype(np.float32) * 0.01
    for sound in (noise, np.zeros(RATE * 3, dtype=np.float32)):
        assert Listener().listen(sound) == Speech(
            stretches=(), seconds=0.0, leading=3.0, trailing=0.0, longest_silence=3.0
        )
