"""Facts of a WAV file, read from the file itself.

The header is parsed by hand: up to Python 3.11 the standard library's wave refuses float and extensible WAVs, and
torchaudio writes both.
"""

from __future__ import annotations

import os
import struct
import sys
import threading

from .digest import new_sha256

TYPE_CHECKING = False  # typing itself takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any, BinaryIO

_PCM, _EXTENSIBLE = 1, 0xFFFE
_FULL_SCALE = 32767
_BLOCK = 256 * 1024
_HEADER = 4096  # read at once: chunk by chunk would be a system call each
_local = threading.local()
# Hashing runs at some hundred MB a second: a larger file would keep the caller waiting noticeably.
HASH_LIMIT_BYTES = 256 * 1024 * 1024
_INVERTED = bytes(range(255, -1, -1))
# High byte of a 16-bit sample -> magnitude: 0..127 for positive and for negative samples alike.
_MAGNITUDE = bytes(byte if byte < 128 else 255 - byte for byte in range(256))


def facts(path: str) -> dict[str, Any]:
    """Size, SHA-256, format, length, peak and share of full-scale samples of a WAV file.

    Returns:
        Members of the schema's `audio` (bytes, hertz, seconds, shares); only size and hash where the file is not a
        WAV. Peak and share are known for 16-bit PCM, which is all that upstream writes.

    Raises:
        OSError: the file cannot be read.
    """
    with open(path, "rb", buffering=_HEADER) as file:
        size = os.fstat(file.fileno()).st_size
        members: dict[str, Any] = {"bytes": size}
        layout = header(file, size)
        if layout is not None:
            frame = layout["channels"] * layout["bits_per_sample"] // 8
            samples = layout["length"] // frame if frame else 0
            rate = layout["sample_rate"]
            members.update({key: layout[key] for key in ("sample_rate", "channels", "bits_per_sample")})
            members["samples"] = samples
            members["duration"] = round(samples / rate, 6) if rate else None
        if size > HASH_LIMIT_BYTES:
            return members
        file.seek(0)
        pcm16 = layout is not None and (layout["format"], layout["bits_per_sample"]) == (_PCM, 16)
        level = Level() if pcm16 else None
        members["sha256"] = _walk(file, layout, level)
    return {**members, **level.facts()} if level is not None else members


def header(file: BinaryIO, size: int) -> dict[str, int] | None:
    """Format, channels, sample rate, bits, and where the samples lie (offset, length in bytes).

    A data chunk that claims more than the file holds (its writer streamed, or died) counts as what is there.
    """
    start = file.read(12)
    if len(start) < 12 or start[:4] not in (b"RIFF", b"RF64") or start[8:12] != b"WAVE":
        return None
    layout: dict[str, int] = {}
    while len(head := file.read(8)) == 8:
        kind, length = head[:4], struct.unpack("<I", head[4:])[0]
        if kind == b"data":
            offset = file.tell()
            return {**layout, "offset": offset, "length": min(length, max(size - offset, 0))} if layout else None
        body = file.read(min(length, 40)) if kind == b"fmt " and length >= 16 else b""
        if len(body) >= 16:
            code, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16])
            if code == _EXTENSIBLE and len(body) >= 26:
                code = struct.unpack("<H", body[24:26])[0]
            layout = {"format": code, "channels": channels, "sample_rate": rate, "bits_per_sample": bits}
        file.seek(length - len(body) + (length & 1), os.SEEK_CUR)
    return None


def sha256(path: str) -> tuple[str | None, int]:
    """SHA-256 and size in bytes of a file; no hash beyond 256 MiB.

    Raises:
        OSError: the file cannot be read.
    """
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        return (None if size > HASH_LIMIT_BYTES else _walk(file, None, None)), size


def _walk(file: BinaryIO, layout: dict[str, int] | None, level: Level | None) -> str:
    digest = new_sha256()
    position, rest = 0, b""
    first, end = (layout["offset"], layout["offset"] + layout["length"] // 2 * 2) if layout else (0, 0)
    # One buffer for all calls of a thread: fresh memory for each costs more in page faults than the hash.
    if not hasattr(_local, "buffer"):
        _local.buffer = bytearray(_BLOCK)
    view = memoryview(_local.buffer)
    while length := file.readinto(view):  # type: ignore[attr-defined]
        digest.update(view[:length])
        if level is not None:
            samples: bytes | memoryview = view[max(first - position, 0) : max(min(end - position, length), 0)]
            if rest:
                samples = rest + bytes(samples)
            whole = len(samples) // 2 * 2
            level.add(samples[:whole])
            rest = bytes(samples[whole:])
        position += length
    return digest.hexdigest()


class Level:
    """Peak and full-scale count of 16-bit little-endian samples, block by block.

    Pure Python takes 5 ms for ten seconds of audio, so the work is left to C: to numpy where the host has
    loaded it (upstream always has), else to methods of bytes and to the & of large integers.
    """

    def __init__(self) -> None:
        self.peak = 0
        self.full = 0
        self.samples = 0

    def facts(self) -> dict[str, float]:
        """Peak and share of full-scale samples, of all that was added."""
        if not self.samples:
            return {}
        peak, share = min(self.peak / _FULL_SCALE, 1.0), self.full / self.samples
        return {"peak": round(peak, 6), "full_scale_share": round(share, 6)}

    def add(self, data: bytes | memoryview) -> None:
        if not len(data):
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
        self._add_slowly(bytes(data))

    def _add_slowly(self, data: bytes) -> None:
        # |s| of a sample is high byte and low byte for a positive one, both inverted plus 1 for a negative one.
        high, low = data[1::2], data[0::2]
        magnitudes = high.translate(_MAGNITUDE)
        top = next(value for value in range(127, -1, -1) if value in magnitudes)
        if min(self.peak, _FULL_SCALE) >> 8 > top:
            return
        for byte, lows, plus in ((top, low, 0), (255 - top, low.translate(_INVERTED), 1)):
            if byte not in high:
                continue
            chosen = _where(high, byte, lows)
            best = next(value for value in range(255, -1, -1) if value in chosen)
            self.peak = max(self.peak, (top << 8 | best) + plus)
            if top == 127:
                self.full += chosen.count(0xFF) + (chosen.count(0xFE) if plus else 0)


def _where(high: bytes, byte: int, low: bytes) -> bytes:
    """The low bytes where the high byte is the given one, 0 elsewhere."""
    chosen = bytearray(256)
    chosen[byte] = 255
    mask = high.translate(chosen)
    both = int.from_bytes(mask, "little") & int.from_bytes(low, "little")
    return both.to_bytes(len(low), "little")
