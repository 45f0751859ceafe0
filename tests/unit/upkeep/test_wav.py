"""Facts of WAV files as several programs write them."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import pytest

from sidecar.upkeep import wav

SAMPLES = b"\1\0" * 22050


def chunk(name: bytes, body: bytes, claimed: int | None = None) -> bytes:
    return name + struct.pack("<I", len(body) if claimed is None else claimed) + body + b"\0" * (len(body) % 2)


def form(code: int, bits: int, extra: bytes = b"") -> bytes:
    return chunk(b"fmt ", struct.pack("<HHIIHH", code, 1, 22050, 22050 * bits // 8, bits // 8, bits) + extra)


def riff(*chunks: bytes, magic: bytes = b"RIFF") -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (riff(form(1, 16), chunk(b"data", SAMPLES)), (16, 22050, 1.0)),
        (riff(form(3, 32), chunk(b"data", SAMPLES)), (32, 11025, 0.5)),
        (riff(form(0xFFFE, 16, b"\0" * 24), chunk(b"LIST", b"odd"), chunk(b"data", SAMPLES)), (16, 22050, 1.0)),
        (riff(form(1, 16), chunk(b"data", SAMPLES), magic=b"RF64"), (16, 22050, 1.0)),
        (riff(form(1, 16), chunk(b"data", SAMPLES, claimed=0xFFFFFFFF)), (16, 22050, 1.0)),
        (riff(form(1, 16), chunk(b"data", SAMPLES[:22050], claimed=44100)), (16, 11025, 0.5)),
        (riff(form(1, 16), chunk(b"data", b"")), (16, 0, 0.0)),
    ],
    ids=["plain", "float", "extensible and odd", "RF64", "streamed", "cut off", "silent"],
)
def test_the_header_tells_its_form_and_the_bytes_their_length(
    content: bytes, expected: tuple[int, int, float], tmp_path: Path
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    facts = wav.facts(path)
    assert (facts["bits_per_sample"], facts["samples"], facts["duration"]) == expected
    assert (facts["sample_rate"], facts["channels"], facts["bytes"]) == (22050, 1, len(content))
    assert facts["sha256"] == wav.sha256(path) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    "content",
    [b"", b"RIFF", b"ID3 is no WAV at all", riff(), riff(chunk(b"data", SAMPLES)), riff(form(1, 16))[:20]],
    ids=["empty", "short", "another", "no chunk", "no form", "cut form"],
)
def test_what_is_no_wav_has_a_hash_and_a_size_alone(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    assert wav.facts(path) == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
