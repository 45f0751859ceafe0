"""Opening a WAV file and reading it block by block, or saying in one sentence why it cannot be judged."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

import numpy as np
import soundfile

from sidecar.errors import SidecarError

Samples = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

MOST_SECONDS = 300.0
"""Of a longer file only that much from its start is judged, so that memory and time stay bounded."""
FEWEST_SECONDS = 0.5
"""A shorter file holds no word whose loudness, which is taken over 0.4 s, would mean anything."""
MOST_CHANNELS = 6
"""BS.1770 weighs those of 5.1; what more channels would mean nobody says."""
LOWEST_RATE = 8000  # hertz; telephones have it
HIGHEST_RATE = 192_000  # hertz
BLOCK_SECONDS = 2.0
_FORMATS = ("WAV", "WAVEX", "RF64")
_UNKNOWN_LENGTHS = (0, 0xFFFFFFFF)  # a writer that streams does not know it yet


class Reason(StrEnum):
    """Why an audio file cannot be judged."""

    UNREADABLE = "unreadable"
    NOT_WAV = "not_wav"
    EMPTY = "empty"
    CUT_OFF = "cut_off"
    TOO_SHORT = "too_short"
    CHANNELS = "channels"
    RATE = "rate"
    NOT_FINITE = "not_finite"


class Unscorable(SidecarError):
    """An audio file cannot be judged."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Sound:
    """An open WAV file; the caller closes its file."""

    file: soundfile.SoundFile
    rate: int
    """Hertz."""
    channels: int
    seconds: float
    """Of the whole file."""
    frames: int
    """How many of it are judged."""

    def blocks(self) -> Iterator[Samples]:
        """The samples as float32, shaped (frames, channels), at most two seconds at a time.

        Raises:
            Unscorable: the file ends early, cannot be read on, or holds what is no number.
        """
        left = self.frames
        while left:
            try:
                block = self.file.read(min(left, int(BLOCK_SECONDS * self.rate)), dtype="float32", always_2d=True)
            except (soundfile.SoundFileError, OSError) as error:
                raise Unscorable(Reason.UNREADABLE, f"it cannot be read on: {error}") from error
            if not len(block):
                raise Unscorable(Reason.CUT_OFF, f"it ends {left / self.rate:.1f} s before it should")
            if not np.isfinite(block).all():
                raise Unscorable(Reason.NOT_FINITE, "some of its samples are no numbers")
            left -= len(block)
            yield block


def open_sound(file: BinaryIO) -> Sound:
    """
    Args:
        file: opened for reading, a file of the operating system's; it stays the caller's.

    Raises:
        Unscorable: it is no WAV that can be judged.
    """
    try:
        _check_length(file)
        # By its descriptor, from where that stands: for a file object soundfile has C call Python, which needs memory
        # that is written and executed, and the service may have none (MemoryDenyWriteExecute).
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        opened = soundfile.SoundFile(file.fileno(), closefd=False)
    except OSError as error:
        raise Unscorable(Reason.UNREADABLE, f"it cannot be read: {error.strerror or error}") from error
    except soundfile.SoundFileError as error:
        raise Unscorable(Reason.NOT_WAV, "it is no WAV file that could be decoded") from error
    if opened.format not in _FORMATS:
        raise Unscorable(Reason.NOT_WAV, f"it is {opened.format} and no WAV")
    rate, channels, seconds = opened.samplerate, opened.channels, opened.frames / opened.samplerate
    if not opened.frames:
        raise Unscorable(Reason.EMPTY, "it holds no samples")
    if seconds < FEWEST_SECONDS:
        raise Unscorable(Reason.TOO_SHORT, f"its {seconds:.2f} s are too short to be judged")
    if channels > MOST_CHANNELS:
        raise Unscorable(Reason.CHANNELS, f"it has {channels} channels; up to {MOST_CHANNELS} can be judged")
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise Unscorable(Reason.RATE, f"its {rate} samples a second are outside {LOWEST_RATE} to {HIGHEST_RATE}")
    frames = min(opened.frames, int(MOST_SECONDS * rate))
    return Sound(file=opened, rate=rate, channels=channels, seconds=seconds, frames=frames)


def _check_length(file: BinaryIO) -> None:
    """libsndfile reads what is there and says nothing; a take whose end is missing must not pass for a short one."""
    size = file.seek(0, 2)
    file.seek(0)
    start = file.read(12)
    if not size:
        raise Unscorable(Reason.EMPTY, "the file is empty")
    if len(start) < 12 or start[:4] != b"RIFF" or start[8:] != b"WAVE":
        return  # RF64 keeps its lengths elsewhere; everything else is no WAV, and the decoder says so
    while len(head := file.read(8)) == 8:
        length = struct.unpack("<I", head[4:])[0]
        if head[:4] == b"data":
            there = size - file.tell()
            if length not in _UNKNOWN_LENGTHS and there < length:
                raise Unscorable(Reason.CUT_OFF, f"its end is missing: {there} of {length} bytes of sound are there")
            return
        file.seek(length + (length & 1), 1)
    raise Unscorable(Reason.CUT_OFF, "its end is missing: the file stops within its header")
