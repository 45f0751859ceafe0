"""Sound in memory, in every shape and type that engines hand back."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from indextts_patch.facts.samples import extent, facts

SOUND = np.array([0, 16_384, -32_767, 100], dtype=np.int16)


def told(samples: Any, rate: int | None = 4) -> dict[str, Any]:
    members = facts(rate, samples)
    assert members is not None
    return members


@pytest.mark.parametrize("shape", [(4,), (4, 1), (1, 4), (1, 1, 4)])
def test_time_is_the_longest_axis(shape: tuple[int, ...]) -> None:
    members = told(SOUND.reshape(shape))
    assert (members["samples"], members["channels"], members["duration"]) == (4, 1, 1.0)
    assert members["sha256"] == hashlib.sha256(SOUND.tobytes()).hexdigest()
    assert (members["peak"], members["full_scale_share"]) == (1.0, 0.25)


def test_two_channels_either_way() -> None:
    assert extent((2, 500)) == extent((500, 2)) == (500, 2)


def test_floats_have_a_peak_in_either_scale() -> None:
    unit = told(np.array([[0.0, 0.5, -0.25, 1.0]], dtype=np.float32))
    assert (unit["peak"], unit["full_scale_share"], unit["bits_per_sample"]) == (1.0, 0.25, 32)
    assert told(np.array([0.5, -0.125]))["peak"] == 0.5
    assert told(np.array([16_383.5, -100.0]))["peak"] == 0.5
    assert told(np.array([0.5, -0.125]))["full_scale_share"] == 0.0


def test_floats_that_are_no_numbers_have_no_peak() -> None:
    members = told(np.array([0.5, np.nan]))
    assert "peak" not in members
    assert members["samples"] == 2


def test_no_sound_has_no_length_and_no_peak() -> None:
    members = told(np.zeros((1, 0), dtype=np.float32))
    assert (members["samples"], members["channels"], members["duration"]) == (0, 1, 0.0)
    assert "peak" not in members


def test_a_tensor_on_the_host_is_read_where_it_lies_and_one_on_a_gpu_is_not() -> None:
    tensor = SimpleNamespace(shape=(1, 4), device=SimpleNamespace(type="cpu"), numpy=lambda: SOUND)
    tensor.detach = lambda: tensor
    assert told(tensor)["peak"] == 1.0
    far = SimpleNamespace(shape=(1, 4), device=SimpleNamespace(type="cuda"), numpy=lambda: pytest.fail("it would wait"))
    assert told(far) == {"path": None, "sample_rate": 4, "channels": 1, "samples": 4, "duration": 1.0}


def test_without_a_rate_or_a_shape_there_is_no_sound() -> None:
    assert facts(None, SOUND) is None
    assert facts(22_050, "path.wav") is None
