"""WAV: its header, and how much follows. One that is streamed does not know its length when it begins."""

from __future__ import annotations

import io
from typing import Any

from sidecar.upkeep.wav import header

_MAX_HEADER_BYTES = 64 * 1024


class Wav:
    format = "wav"

    def __init__(self) -> None:
        self._start = bytearray()
        self._size = 0

    def feed(self, data: bytes) -> None:
        if len(self._start) < _MAX_HEADER_BYTES:
            self._start += data[: _MAX_HEADER_BYTES - len(self._start)]
        self._size += len(data)

    def facts(self) -> dict[str, Any]:
        return header(io.BytesIO(self._start), self._size)
