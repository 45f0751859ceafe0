"""Raw samples. Nothing in them says their rate: the content type, a header of the answer or a setting may."""

from __future__ import annotations

import re
from typing import Any

_PARAMETER = re.compile(r";\s*(rate|sample[_-]?rate|channels)\s*=\s*\"?(\d{1,6})")
_BITS = {"f32": 32, "l24": 24}


class Pcm:
    format = "pcm"

    def __init__(self, content_type: str, wanted: str, sample_rate: int | None) -> None:
        said = {name[0]: int(value) for name, value in _PARAMETER.findall(content_type)}
        self._rate = said.get("r") or said.get("s") or sample_rate
        self._channels = said.get("c") or 1
        self._bits = _BITS.get(wanted) or (24 if "l24" in content_type else 16)
        self._size = 0

    def feed(self, data: bytes) -> None:
        self._size += len(data)

    def facts(self) -> dict[str, Any]:
        if not self._rate:
            return {}
        samples = self._size // (self._channels * self._bits // 8)
        return {
            "sample_rate": self._rate,
            "channels": self._channels,
            "bits_per_sample": self._bits,
            "samples": samples,
            "duration": round(samples / self._rate, 6),
        }
