"""The outline of an audio file."""

from __future__ import annotations

import io
import math
import os
import wave
from array import array
from pathlib import Path

import pytest

from sidecar.web.waveform import Thumbnails, outline


def sound(samples: list[int], *, width: int = 2, channels: int = 1) -> io.BytesIO:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((channels, width, 22050, 0, "NONE", ""))
        writer.writeframes(array("h", samples).tobytes())
    file.seek(0)
    return file


def test_each_part_has_its_loudest_sample_of_either_sign() -> None:
    assert outline(sound([0, 3277, -32768, 0, 100, -16384, 0, 0]), parts=4).peaks == [0.1, 1.0, 0.5, 0.0]


def test_the_louder_channel_counts() -> None:
    assert outline(sound([0, 32767, 3277, 0], channels=2), parts=2).peaks == [1.0, 0.1]


def test_a_sound_with_fewer_samples_than_parts_has_silent_parts() -> None:
    assert outline(sound([32767, 32767]), parts=4).peaks == [0.0, 1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    "file",
    [io.BytesIO(b""), io.BytesIO(b"ID3 is no WAV at all"), sound([]), sound([1, 2], width=1)],
    ids=["empty", "another", "no sample", "8 bits"],
)
def test_what_is_not_16_bit_pcm_has_no_outline(file: io.BytesIO) -> None:
    assert outline(file).peaks == []


def test_the_level_is_the_mean_square_of_all_samples() -> None:
    square = [16384, -16384] * 500
    assert outline(sound(square), level=True).level == pytest.approx(20 * math.log10(16384 / 32767), abs=0.01)
    half = outline(sound(square + [0] * 1000), level=True).level
    assert half == pytest.approx(20 * math.log10(16384 / 32767) - 10 * math.log10(2), abs=0.01)
    assert outline(sound([0] * 100), level=True).level is None
    assert outline(sound(square)).level is None, "not asked for"


def test_a_thumbnail_is_made_once_and_anew_for_what_replaces_its_file(tmp_path: Path) -> None:
    path = tmp_path / "spk.wav"
    path.write_bytes(sound([32767] * 4200).getvalue())
    thumbnails = Thumbnails()
    with path.open("rb") as file:
        assert list(thumbnails.of(file)) == [100] * 30
        at_its_end = file.tell()
        assert list(thumbnails.of(file)) == [100] * 30
        assert file.tell() == at_its_end, "nothing is read again"
    with (tmp_path / "new").open("wb") as new:
        new.write(sound([16384] * 4200).getvalue())
    os.replace(tmp_path / "new", path)
    with path.open("rb") as file:
        assert list(thumbnails.of(file)) == [50] * 30


def test_both_channels_have_their_turn_in_a_thumbnail(tmp_path: Path) -> None:
    path = tmp_path / "spk.wav"
    path.write_bytes(sound([0, 32767] * 4200, channels=2).getvalue())
    with path.open("rb") as file:
        assert set(Thumbnails().of(file)) == {100}


def test_only_so_many_thumbnails_are_kept(tmp_path: Path) -> None:
    thumbnails = Thumbnails(kept=2)
    positions = []
    for name in "abcab":
        path = tmp_path / name
        if not path.exists():
            path.write_bytes(sound([32767] * 4200).getvalue())
        with path.open("rb") as file:
            thumbnails.of(file)
            positions.append(file.tell() > 0)
    assert positions == [True] * 5, "a had gone when c came, and b when a came again"
    with (tmp_path / "b").open("rb") as file:
        thumbnails.of(file)
        assert file.tell() == 0
