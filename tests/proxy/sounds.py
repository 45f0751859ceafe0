"""Audio of every format, made without an encoder: heads as they are, and nothing audible in the bodies."""

from __future__ import annotations

import hashlib
import struct

RATE = 24_000
MP3_FRAME_SAMPLES = 576
AAC_FRAME_SAMPLES = 1024
OPUS_SKIP = 312


def samples(text: str, count: int) -> bytes:
    """16-bit samples that only this text has."""
    seed = hashlib.sha256(text.encode()).digest()
    return (seed * (count * 2 // len(seed) + 1))[: count * 2]


def wav(pcm: bytes, *, rate: int = RATE, length: int | None = None) -> bytes:
    """
    Args:
        length: what the data chunk claims to hold; what it holds, unless given.
    """
    claimed = len(pcm) if length is None else length
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", min(36 + claimed, 0xFFFFFFFF), b"WAVE")
        + form
        + b"data"
        + struct.pack("<I", claimed)
        + pcm
    )


def mp3(frames: int, *, tag: bool = False, info: bool = False) -> bytes:
    """MPEG 2 layer III, 24 kHz, 64 kbit/s, one channel: 192 bytes and 576 samples a frame."""
    frame = bytes([0xFF, 0xF3, 0x84, 0xC4]) + bytes(188)
    first = frame[:13] + b"Info" + frame[17:] if info else b""
    return (b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10) if tag else b"") + first + frame * frames


def aac(frames: int) -> bytes:
    """ADTS, 24 kHz, one channel: 1,024 samples a frame."""
    size = 100
    head = bytes([0xFF, 0xF1, 0x40 | 6 << 2, 1 << 6 | size >> 11, size >> 3 & 0xFF, (size & 7) << 5 | 0x1F, 0xFC])
    return (head + bytes(size - 7)) * frames


def flac(count: int) -> bytes:
    packed = RATE << 44 | 0 << 41 | 15 << 36 | count
    return b"fLaC\x80\x00\x00\x22" + bytes(10) + packed.to_bytes(8, "big") + bytes(16) + bytes(500)


def opus(count: int) -> bytes:
    """Ogg, 48 kHz, one channel; checksums are zero, which nobody here looks at."""

    def page(kind: int, position: int, body: bytes) -> bytes:
        lacing = bytes([255] * (len(body) // 255) + [len(body) % 255])
        head = struct.pack("<4sBBqIIIB", b"OggS", 0, kind, position, 1, 0, 0, len(lacing))
        return head + lacing + body

    first = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, OPUS_SKIP, RATE, 0, 0)
    half = count // 2
    return (
        page(2, 0, first)
        + page(0, 0, b"OpusTags" + bytes(300))
        + page(0, half, bytes(3000))
        + page(4, count + OPUS_SKIP, bytes(2000))
    )
