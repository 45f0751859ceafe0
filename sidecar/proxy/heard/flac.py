"""FLAC: what its first block says."""

from __future__ import annotations

from typing import Any

_START_BYTES = 42  # the mark, the block's head, STREAMINFO


class Flac:
    format = "flac"

    def __init__(self) -> None:
        self._start = b""

    def feed(self, data: bytes) -> None:
        if len(self._start) < _START_BYTES:
            self._start += data[: _START_BYTES - len(self._start)]

    def facts(self) -> dict[str, Any]:
        if len(self._start) < _START_BYTES or self._start[4] & 0x7F:
            return {}
        packed = int.from_bytes(self._start[18:26], "big")
        rate, samples = packed >> 44, packed & (1 << 36) - 1
        known: dict[str, Any] = {
            "sample_rate": rate,
            "channels": (packed >> 41 & 7) + 1,
            "bits_per_sample": (packed >> 36 & 31) + 1,
        }
        if samples and rate:  # an encoder that streams leaves 0
            known |= {"samples": samples, "duration": round(samples / rate, 6)}
        return known
