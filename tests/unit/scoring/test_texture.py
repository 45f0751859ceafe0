"""Tempo in the spectrum, and noise below speech."""

from __future__ import annotations

import numpy as np
import pytest

from sidecar.scoring.sound import Samples
from sidecar.scoring.texture import RATE, texture

WHOLE = [(0.0, 8.0)]


def babble(syllables_a_second: float, seconds: float = 8.0, seed: int = 1) -> Samples:
    """Noise whose colour changes from one syllable to the next, each of them swelling and fading."""
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    place = time * syllables_a_second
    centres = random.uniform(300, 3000, int(place[-1]) + 2)
    tone = np.sin(2 * np.pi * np.cumsum(np.interp(place, np.arange(len(centres)), centres)) / RATE)
    wave = 0.2 * tone * np.sin(np.pi * (place % 1)) ** 2 + 1e-3 * random.standard_normal(len(time))
    return np.asarray(wave, dtype=np.float32)


def test_a_faster_tempo_changes_the_spectrum_faster() -> None:
    slow, usual, fast = (texture(babble(rate), WHOLE).change_rate or 0 for rate in (2.6, 4.0, 6.4))
    assert slow * 1.2 < usual < fast / 1.2


def test_more_of_the_same_tempo_does_not() -> None:
    short, long = texture(babble(4, 4), [(0.0, 4.0)]).change_rate, texture(babble(4), WHOLE).change_rate
    assert short == pytest.approx(long, rel=0.1)


def test_the_level_does_not_either() -> None:
    sound = babble(4)
    assert texture(sound * np.float32(0.1), WHOLE).change_rate == pytest.approx(
        texture(sound, WHOLE).change_rate, rel=0.01
    )


def test_noise_is_measured_by_how_far_speech_stands_above_it() -> None:
    sound = babble(4)
    noise = np.random.default_rng(2).standard_normal(len(sound)).astype(np.float32)
    noise *= np.float32(np.sqrt(np.mean(sound**2) * 0.1))
    assert texture(sound + noise, WHOLE).signal_to_noise == pytest.approx(11, abs=3)
    assert texture(sound, WHOLE).signal_to_noise > 30


def test_a_jump_is_that_of_two_neighbours() -> None:
    sound = np.full(RATE * 3, 0.1, dtype=np.float32)
    sound[RATE : 2 * RATE] = 0.05
    stretches = [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)]
    assert texture(sound, stretches).largest_jump == pytest.approx(6.02, abs=0.2)
    assert texture(sound, [(0.0, 3.0)]).largest_jump is None


def test_where_nobody_speaks_nothing_changes() -> None:
    found = texture(np.zeros(RATE, dtype=np.float32), [])
    assert (found.change_rate, found.largest_jump, found.signal_to_noise) == (None, None, 0)


@pytest.mark.parametrize("more", [0, 1, 159, 160, 161, 239, 240, 241])
def test_a_sound_that_ends_just_after_ten_seconds_is_heard_whole(more: int) -> None:
    """Frames are taken ten seconds at a time, and what is left over then is less than one of them."""
    sound = babble(4, 11)
    whole, ended = texture(sound, [(0.0, 10.0)]), texture(sound[: 10 * RATE + more], [(0.0, 10.0)])
    assert ended.change_rate == pytest.approx(whole.change_rate, rel=0.001)
    assert ended.signal_to_noise == pytest.approx(whole.signal_to_noise, abs=0.2)
