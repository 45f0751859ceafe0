"""Facts of a WAV file, read from the file itself.

The header is parsed by hand: the standard library's wave refuses float and extensible WAVs up to Python
3.11, and torchaudio writes both.
"""

from __future__ import annotations

import hashlib
import os
import struct
import sys
from typing import Any, BinaryIO

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_FULL_SCALE = 32767
_BLOCK = 1024 * 1024
# Hashing runs at some hundred MB a second: a larger file would hold the caller up noticeably.
HASH_LIMIT_BYTES = 256 * 1024 * 1024
_MAX_CANDIDATES = 2048
# High byte of a 16-bit sample -> magnitude: 0..127 for positive and for negative samples alike.
_MAGNITUDE = bytes(byte if byte < 128 else 255 - byte for byte in range(256))


def facts(path: str) -> dict[str, Any]:
    """Size, SHA-256, format, length, peak and share of full-scale samples of a WAV file.

    Returns:
        Members of the schema's `audio` (bytes, hertz, seconds, shares); only size and hash where the
        file is no WAV. Peak and share are known for 16-bit PCM, all that upstream writes.

    Raises:
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        found: dict[str, Any] = {"bytes": size}
        layout = header(file, size)
        if layout is not None:
            frame = layout["channels"] * layout["bits_per_sample"] // 8
            samples = layout["length"] // frame if frame else 0
            rate = layout["sample_rate"]
            found.update({key: layout[key] for key in ("sample_rate", "channels", "bits_per_sample")})
            found["samples"] = samples
            found["duration"] = round(samples / rate, 6) if rate else None
        if size > HASH_LIMIT_BYTES:
            return found
        file.seek(0)
        level = (
            _Level() if layout is not None and layout["format"] == _PCM and layout["bits_per_sample"] == 16 else None
        )
        found["sha256"] = _walk(file, layout, level)
    if level is not None and level.samples:
        found["peak"] = round(min(level.peak / _FULL_SCALE, 1.0), 6)
        found["full_scale_share"] = round(level.full / level.samples, 6)
    return found


def header(file: BinaryIO, size: int) -> dict[str, int] | None:
    """Format, channels, sample rate, bits, and where the samples lie (offset, length in bytes).

    A data chunk that claims more than the file holds (a writer that streamed, or died) counts as what is
    there.
    """
    start = file.read(12)
    if len(start) < 12 or start[:4] not in (b"RIFF", b"RF64") or start[8:12] != b"WAVE":
        return None
    layout: dict[str, int] = {}
    while True:
        head = file.read(8)
        if len(head) < 8:
            return None
        kind, length = head[:4], struct.unpack("<I", head[4:])[0]
        if kind == b"data":
            if not layout:
                return None
            offset = file.tell()
            return {**layout, "offset": offset, "length": min(length, max(size - offset, 0))}
        if kind == b"fmt " and length >= 16:
            body = file.read(min(length, 40))
            if len(body) < 16:
                return None
            code, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16])
            if code == _EXTENSIBLE and len(body) >= 26:
                code = struct.unpack("<H", body[24:26])[0]
            layout = {"format": code, "channels": channels, "sample_rate": rate, "bits_per_sample": bits}
            file.seek(length - len(body) + (length & 1), os.SEEK_CUR)
        else:
            file.seek(length + (length & 1), os.SEEK_CUR)


def sha256(path: str) -> tuple[str | None, int]:
    """SHA-256 and size in bytes of a file; no hash beyond 256 MiB.

    Raises:
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        return (None if size > HASH_LIMIT_BYTES else _walk(file, None, None)), size


def _walk(file: BinaryIO, layout: dict[str, int] | None, level: _Level | None) -> str:
    digest = hashlib.sha256()
    position = 0
    first, end = (layout["offset"], layout["offset"] + layout["length"] // 2 * 2) if layout else (0, 0)
    rest = b""
    while block := file.read(_BLOCK):
        digest.update(block)
        if level is not None:
            samples = rest + block[max(first - position, 0) : max(end - position, 0)]
            rest = samples[len(samples) // 2 * 2 :]
            level.add(samples[: len(samples) // 2 * 2])
        position += len(block)
    return digest.hexdigest()


class _Level:
    """Peak and full-scale count of 16-bit little-endian samples, block by block.

    Pure Python takes 5 ms for ten seconds of audio, so the work is left to C: to numpy where the host has
    loaded it (upstream always has), else to bytes.translate and bytes.find, which look at the high bytes only
    and leave a few candidates to Python.
    """

    def __init__(self) -> None:
        self.peak = 0
        self.full = 0
        self.samples = 0

    def add(self, data: bytes) -> None:
        if not data:
            return
        self.samples += len(data) // 2
        numpy = sys.modules.get("numpy")
        if numpy is not None and hasattr(numpy, "frombuffer"):
            values = numpy.frombuffer(data, "<i2")
            high, low = int(values.max()), int(values.min())
            self.peak = max(self.peak, high, -low)
            if high >= _FULL_SCALE or low <= -_FULL_SCALE:
                self.full += int((values >= _FULL_SCALE).sum()) + int((values <= -_FULL_SCALE).sum())
            return
        magnitudes = data[1::2].translate(_MAGNITUDE)
        top = next(value for value in range(127, -1, -1) if value in magnitudes)
        if min(self.peak, _FULL_SCALE) >> 8 > top:
            return
        if magnitudes.count(top) > _MAX_CANDIDATES:
            values = struct.unpack(f"<{len(data) // 2}h", data)
            self.peak = max(self.peak, max(values), -min(values))
            self.full += sum(map(values.count, (_FULL_SCALE, -_FULL_SCALE, -_FULL_SCALE - 1)))
            return
        index = magnitudes.find(top)
        while index >= 0:
            value = abs(int.from_bytes(data[index * 2 : index * 2 + 2], "little", signed=True))
            self.peak = max(self.peak, value)
            self.full += value >= _FULL_SCALE
            index = magnitudes.find(top, index + 1)
