"""Facts of an audio file, from its header and its bytes.

The header is parsed by hand: the standard library's wave refuses the float and extensible WAVs that torchaudio writes.
"""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path
from typing import Any, BinaryIO

SUFFIX = ".wav"


def facts(path: Path) -> dict[str, Any]:
    """Members of the schema's `audio`: sha256 and bytes, and what the header says where there is one.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        members: dict[str, Any] = {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": size}
        file.seek(0)
        members.update(header(file, size))
    return members


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def header(file: BinaryIO, size: int) -> dict[str, Any]:
    """Sample rate in hertz, channels, bits, samples, seconds; empty where the file is no WAV.

    Of a data chunk that claims more than the file holds (the writer streamed, or died) only what the file holds counts;
    the same for one that claims nothing: its writer never went back to say.

    Args:
        file: at its beginning; what follows the data chunk's head need not be there.
        size: of the whole, in bytes.
    """
    start = file.read(12)
    if len(start) < 12 or start[:4] not in (b"RIFF", b"RF64") or start[8:] != b"WAVE":
        return {}
    form: tuple[int, int, int] | None = None
    while len(head := file.read(8)) == 8:
        length = struct.unpack("<I", head[4:])[0]
        if head[:4] == b"data" and form is not None:
            channels, rate, bits = form
            frame = channels * bits // 8
            rest = max(size - file.tell(), 0)
            samples = min(length or rest, rest) // frame if frame else 0
            return {
                "sample_rate": rate,
                "channels": channels,
                "bits_per_sample": bits,
                "samples": samples,
                "duration": round(samples / rate, 6) if rate else None,
            }
        if head[:4] == b"fmt " and length >= 16:
            body = file.read(16)
            if len(body) < 16:
                return {}
            _, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body)
            form = channels, rate, bits
            length -= 16
        file.seek(length + (length & 1), 1)
    return {}
