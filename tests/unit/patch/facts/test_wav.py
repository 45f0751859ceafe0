"""Facts of WAV files of every kind, exact where they can be."""

from __future__ import annotations

import hashlib
import random
import struct
import sys
from pathlib import Path
from typing import Any

import pytest

from indextts_patch.facts.wav import facts


def wav(code: int, bits: int, body: bytes, extra: bytes = b"", before: bytes = b"", claim: int | None = None) -> bytes:
    fmt = struct.pack("<HHIIHH", code, 1, 22050, 22050 * bits // 8, bits // 8, bits) + extra
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt + before
    chunks += b"data" + struct.pack("<I", len(body) if claim is None else claim) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.slow
@pytest.mark.parametrize("numpy", [False, True])
def test_wav_facts_are_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, numpy: bool) -> None:
    if numpy:
        pytest.importorskip("numpy")
    else:
        monkeypatch.delitem(sys.modules, "numpy", raising=False)
    dice = random.Random(7)
    path = tmp_path / "x.wav"
    for _ in range(150):
        limit = dice.choice([0, 1, 255, 256, 257, 20000, 32767, 32768])
        count = dice.choice([1, 2, 3, 500, 40_000])
        samples = [max(-32768, min(32767, dice.randint(-limit, limit))) for _ in range(count)]
        body = struct.pack(f"<{count}h", *samples)
        path.write_bytes(wav(1, 16, body, before=b"LIST\x03\x00\x00\x00abc\x00"))
        found = facts(str(path))
        assert found["samples"] == count
        assert found["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert found["peak"] == round(min(max(map(abs, samples)) / 32767, 1.0), 6)
        assert found["full_scale_share"] == round(sum(abs(s) >= 32767 for s in samples) / count, 6)


def test_float_extensible_and_broken_wavs_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    extensible = struct.pack("<HHI", 22, 16, 4) + struct.pack("<H", 1) + b"\0" * 14
    cases: list[tuple[bytes, Any, Any]] = [
        (wav(3, 32, b"\0" * 400), 100, None),
        (wav(0xFFFE, 16, b"\1\2" * 100, extra=extensible), 100, 0.015656),
        (wav(1, 16, b"\1\2" * 100, claim=0xFFFFFFFF), 100, 0.015656),
        (wav(1, 16, b"\1\2" * 100)[:-51], 74, 0.015656),
        (wav(1, 24, b"\1\2\3" * 100), 100, None),
        (b"RIFF\0\0\0\0WAVE", None, None),
        (b"ID3 this is no WAV", None, None),
        (b"", None, None),
    ]
    for content, samples, peak in cases:
        path.write_bytes(content)
        found = facts(str(path))
        assert (found.get("samples"), found.get("peak")) == (samples, peak)
        assert found["bytes"] == len(content)
