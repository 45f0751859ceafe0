"""The outline of an audio file."""

from __future__ import annotations

import io
import wave
from array import array

import pytest

from sidecar.web.waveform import peaks


def sound(samples: list[int], *, width: int = 2, channels: int = 1) -> io.BytesIO:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((channels, width, 22050, 0, "NONE", ""))
        writer.writeframes(array("h", samples).tobytes())
    file.seek(0)
    return file


def test_each_part_has_its_loudest_sample_of_either_sign() -> None:
    assert peaks(sound([0, 3277, -32768, 0, 100, -16384, 0, 0]), parts=4) == [0.1, 1.0, 0.5, 0.0]


def test_the_louder_channel_counts() -> None:
    assert peaks(sound([0, 32767, 3277, 0], channels=2), parts=2) == [1.0, 0.1]


def test_a_sound_with_fewer_samples_than_parts_has_silent_parts() -> None:
    assert peaks(sound([32767, 32767]), parts=4) == [0.0, 1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    "file",
    [io.BytesIO(b""), io.BytesIO(b"ID3 is no WAV at all"), sound([]), sound([1, 2], width=1)],
    ids=["empty", "another", "no sample", "8 bits"],
)
def test_what_is_not_16_bit_pcm_has_no_outline(file: io.BytesIO) -> None:
    assert peaks(file) == []
