"""Which files can be judged, and what is said of the others."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sidecar.scoring.sound import MOST_SECONDS, Reason, Unscorable, open_sound

RATE = 22050


def tone(seconds: float, rate: int = RATE, channels: int = 1) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    wave = 0.3 * np.sin(2 * np.pi * 220 * np.arange(int(seconds * rate)) / rate)
    return np.repeat(wave[:, np.newaxis], channels, axis=1)


def total(path: Path) -> float:
    """Seconds that are read."""
    with path.open("rb") as file:
        sound = open_sound(file)
        return sum(map(len, sound.blocks())) / sound.rate


@pytest.mark.parametrize(
    ("rate", "channels", "form", "subtype"),
    [
        (RATE, 1, "WAV", "PCM_16"),
        (RATE, 1, "WAV", "PCM_24"),
        (RATE, 1, "WAV", "FLOAT"),
        (RATE, 1, "WAV", "DOUBLE"),
        (8000, 1, "WAV", "PCM_16"),
        (48000, 6, "WAVEX", "PCM_16"),
        (RATE, 2, "RF64", "PCM_16"),
    ],
)
def test_every_wav_that_can_be_heard_is_read_whole(
    rate: int, channels: int, form: str, subtype: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(5.3, rate, channels), rate, subtype=subtype, format=form)
    assert total(path) == pytest.approx(5.3, abs=1e-3)


def header_only(path: Path) -> None:
    path.write_bytes(b"RIFF\x10\0\0\0WAVEfmt ")


def cut(path: Path) -> None:
    soundfile.write(path, tone(3), RATE)
    path.write_bytes(path.read_bytes()[:50_000])


def streamed_and_cut(path: Path) -> None:
    """A writer that did not know the length leaves the greatest in its place; where it stopped nobody can tell."""
    soundfile.write(path, tone(3), RATE)
    content = bytearray(path.read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(content)


def mp3(path: Path) -> None:
    soundfile.write(path, tone(3), RATE, format="MP3")


def not_a_number(path: Path) -> None:
    wave = tone(3)
    wave[1000] = np.nan
    soundfile.write(path, wave, RATE, subtype="FLOAT")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_bytes(b""), Reason.EMPTY),
        (lambda path: soundfile.write(path, tone(0), RATE), Reason.EMPTY),
        (header_only, Reason.CUT_OFF),
        (cut, Reason.CUT_OFF),
        (mp3, Reason.NOT_WAV),
        (lambda path: soundfile.write(path, tone(3), RATE, format="FLAC"), Reason.NOT_WAV),
        (lambda path: path.write_text("no sound at all"), Reason.NOT_WAV),
        (lambda path: soundfile.write(path, tone(0.3), RATE), Reason.TOO_SHORT),
        (lambda path: soundfile.write(path, tone(3, channels=7), RATE), Reason.CHANNELS),
        (lambda path: soundfile.write(path, tone(3, 4000), 4000), Reason.RATE),
        (not_a_number, Reason.NOT_FINITE),
    ],
)
def test_what_cannot_be_judged_has_one_clear_reason(make: object, reason: Reason, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    make(path)  # type: ignore[operator]
    with pytest.raises(Unscorable) as caught:
        total(path)
    assert caught.value.reason == reason
    assert str(caught.value)


def test_a_streamed_header_does_not_pass_for_a_cut_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    streamed_and_cut(path)
    assert total(path) == pytest.approx(3, abs=1e-3)


def test_a_file_that_shrinks_while_it_is_read_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(30), RATE)
    with path.open("rb") as file:
        blocks = open_sound(file).blocks()
        next(blocks)
        os.truncate(path, 200_000)
        with pytest.raises(Unscorable) as caught:
            list(blocks)
    assert caught.value.reason == Reason.CUT_OFF


def test_a_file_that_is_deleted_while_it_is_read_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(10), RATE)
    with path.open("rb") as file:
        sound = open_sound(file)
        blocks = sound.blocks()
        first = next(blocks)
        path.unlink()
        assert len(first) + sum(map(len, blocks)) == 10 * RATE


def test_of_three_hours_the_first_minutes_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with soundfile.SoundFile(path, "w", 8000, 1, "PCM_16") as file:
        for _ in range(180):
            file.write(np.zeros(60 * 8000, dtype="int16"))
    with path.open("rb") as opened:
        sound = open_sound(opened)
        assert sound.seconds == 3 * 3600
        assert sum(map(len, sound.blocks())) == MOST_SECONDS * 8000
