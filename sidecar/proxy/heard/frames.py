"""MP3 and AAC: frames one after the other, each with its own small head. Their number tells the length."""

from __future__ import annotations

from typing import Any

_BITRATES = {  # kbit/s of layer III
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MPEG_RATES = (44_100, 48_000, 32_000)
_AAC_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
_ENCODERS_MARKS = (b"Xing", b"Info")  # a first frame without sound
_MARK_WITHIN = 48


class _Frames:
    """Walks over frames without keeping them."""

    format = ""
    head_bytes = 0

    def __init__(self) -> None:
        self._rest = bytearray()
        self._skip = 0
        self.samples = 0
        self.rate = 0
        self.channels = 0

    def feed(self, data: bytes) -> None:
        if self._skip >= len(data):
            self._skip -= len(data)
            return
        rest = self._rest
        rest += memoryview(data)[self._skip :]
        self._skip = at = 0
        while at + self.head_bytes <= len(rest):
            length = self.frame(rest, at)
            at += length or 1  # none: look for the next head, byte by byte
        self._skip = max(at - len(rest), 0)
        del rest[:at]

    def frame(self, data: bytearray, at: int) -> int:
        """Count the frame that begins there; its length in bytes, 0 where none does."""
        raise NotImplementedError

    def facts(self) -> dict[str, Any]:
        if not self.rate:
            return {}
        return {
            "sample_rate": self.rate,
            "channels": self.channels,
            "samples": self.samples,
            "duration": round(self.samples / self.rate, 6),
        }


class Mpeg(_Frames):
    format = "mp3"
    head_bytes = _MARK_WITHIN

    def frame(self, data: bytearray, at: int) -> int:
        if data[at : at + 3] == b"ID3":
            size = 0
            for byte in data[at + 6 : at + 10]:
                size = size << 7 | byte & 0x7F
            return 10 + size
        one, two, three = data[at + 1], data[at + 2], data[at + 3]
        version, layer, bitrate, rate = one >> 3 & 3, one >> 1 & 3, two >> 4, two >> 2 & 3
        if data[at] != 0xFF or one & 0xE0 != 0xE0 or version == 1 or layer != 1 or rate == 3 or bitrate in (0, 15):
            return 0
        first = version == 3  # MPEG 1; the others have half the rate, or a quarter, and half the samples
        self.rate = _MPEG_RATES[rate] >> (0 if first else 1 if version == 2 else 2)
        self.channels = 1 if three >> 6 == 3 else 2
        samples = 1152 if first else 576
        begin = bytes(data[at : at + _MARK_WITHIN])
        if self.head_bytes < _MARK_WITHIN or not any(mark in begin for mark in _ENCODERS_MARKS):
            self.samples += samples
        self.head_bytes = 10  # from now on: of ID3, the longest
        return samples // 8 * _BITRATES[1 if first else 2][bitrate] * 1000 // self.rate + (two >> 1 & 1)


class Adts(_Frames):
    format = "aac"
    head_bytes = 7

    def frame(self, data: bytearray, at: int) -> int:
        rate = data[at + 2] >> 2 & 15
        length = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
        if data[at] != 0xFF or data[at + 1] & 0xF6 != 0xF0 or rate >= len(_AAC_RATES) or length < self.head_bytes:
            return 0
        self.rate = _AAC_RATES[rate]
        self.channels = (data[at + 2] & 1) << 2 | data[at + 3] >> 6
        self.samples += 1024 * ((data[at + 6] & 3) + 1)
        return length
