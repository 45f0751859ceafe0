"""Ogg: Opus or Vorbis. The position in the last page tells the length."""

from __future__ import annotations

import struct
from typing import Any

_HEAD = 27
_OPUS_RATE = 48_000  # positions are counted in it, whatever the input was
_NO_POSITION = (1 << 64) - 1


class Ogg:
    format = "ogg"

    def __init__(self) -> None:
        self._rest = bytearray()
        self._skip = 0
        self._position = 0
        self._rate = 0
        self._channels = 0
        self._before = 0  # samples that are not heard
        self._lost = False

    def feed(self, data: bytes) -> None:
        if self._lost:
            return
        if self._skip >= len(data):
            self._skip -= len(data)
            return
        self._rest += data[self._skip :]
        self._skip = 0
        while not self._lost and self._page():
            continue

    def facts(self) -> dict[str, Any]:
        if not self._rate or self._lost:
            return {}
        samples = max(self._position - self._before, 0)
        known: dict[str, Any] = {"sample_rate": self._rate, "channels": self._channels}
        return known | {"samples": samples, "duration": round(samples / self._rate, 6)} if samples else known

    def _page(self) -> bool:
        """Take one page off; False where more bytes are needed."""
        page = self._rest
        if len(page) < _HEAD or len(page) < _HEAD + page[26]:
            return False
        if page[:4] != b"OggS":
            self._lost = True
            return False
        body = _HEAD + page[26]
        length = sum(page[_HEAD:body])
        if not self._rate:
            if len(page) < body + length:
                return False
            self._first_page(bytes(page[body : body + length]))
        (position,) = struct.unpack_from("<Q", page, 6)
        if position != _NO_POSITION:
            self._position = position
        end = body + length
        self._skip = max(end - len(page), 0)
        del page[:end]
        return bool(page)

    def _first_page(self, packet: bytes) -> None:
        if packet.startswith(b"OpusHead") and len(packet) >= 19:
            self.format, self._rate, self._channels = "opus", _OPUS_RATE, packet[9]
            (self._before,) = struct.unpack_from("<H", packet, 10)
        elif packet.startswith(b"\x01vorbis") and len(packet) >= 30:
            self._channels = packet[11]
            (self._rate,) = struct.unpack_from("<I", packet, 12)
        else:
            self._lost = True
