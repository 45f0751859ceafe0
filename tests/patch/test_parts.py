"""The parts by themselves: WAV facts, events that always satisfy the contract, the line in webui.py."""

from __future__ import annotations

import hashlib
import json
import random
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indextts_patch.entry import webui
from indextts_patch.facts import wav as riff
from indextts_patch.writing import event
from indextts_patch.writing import filenames as names
from tests.patch.helpers import REPO, validator


def wav(code: int, bits: int, body: bytes, extra: bytes = b"", before: bytes = b"", claim: int | None = None) -> bytes:
    fmt = struct.pack("<HHIIHH", code, 1, 22050, 22050 * bits // 8, bits // 8, bits) + extra
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt + before
    chunks += b"data" + struct.pack("<I", len(body) if claim is None else claim) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


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
        facts = riff.facts(str(path))
        assert facts["samples"] == count
        assert facts["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert facts["peak"] == round(min(max(map(abs, samples)) / 32767, 1.0), 6)
        assert facts["full_scale_share"] == round(sum(abs(s) >= 32767 for s in samples) / count, 6)


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
        facts = riff.facts(str(path))
        assert (facts.get("samples"), facts.get("peak")) == (samples, peak)
        assert facts["bytes"] == len(content)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(max_size=5),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=5), children, max_size=4),
    max_leaves=12,
)


@given(st.text(st.characters(codec=None)), json_like)
def test_whatever_is_passed_the_event_satisfies_the_contract(text: str, value: Any) -> None:
    identity = event.uuid7()
    data = {
        "text": event.clean(text, event.MAX_TEXT_CHARACTERS),
        "params": {"requested": {"x": event.plain(value)}, "effective": {}},
        "timing": {},
        "model": {},
    }
    line = event.encode(
        identity=identity, subject=identity, source="indextts://h/i", sequence=1,
        kind="indextts.synthesis.succeeded", time=event.now(), data=data,
    )  # fmt: skip
    validator().validate(json.loads(line.decode("utf-8")))
    assert line.count(b"\n") == 1


@pytest.mark.parametrize("size", [1000, 300_000, 1_048_576])
def test_an_event_stays_below_its_limit_and_keeps_the_hash_of_a_text_too_long(size: int) -> None:
    identity = event.uuid7()
    data: dict[str, Any] = {
        "text": "好" * size,
        "text_sha256": "0" * 64,
        "emotion": {"mode": "text", "text": "坏" * size},
        "params": {"requested": {"x": "y" * 4096}, "effective": {}},
        "error": {"type": "E", "message": "m" * 65_535, "traceback": "t" * 262_144},
        "timing": {},
        "model": {},
        "warnings": ["w" * 4096] * 100,
    }
    line = event.encode(
        identity=identity, subject=identity, source="indextts://h/i", sequence=1,
        kind="indextts.synthesis.failed", time=event.now(), data=data,
    )  # fmt: skip
    assert len(line) <= event.MAX_EVENT_BYTES
    told = json.loads(line)
    validator().validate(told)
    assert told["data"]["error"]["type"] == "E"
    assert told["data"]["text_sha256"] == "0" * 64
    assert (told["data"]["text"] is not None) == (size <= 300_000)


def test_uuid7_is_of_version_7_and_in_order_of_time() -> None:
    first = event.uuid7()
    time.sleep(0.002)
    second = event.uuid7()
    assert first < second
    assert first[14] == "7"
    assert first[19] in "89ab"
    assert abs(int(first.replace("-", "")[:12], 16) / 1000 - time.time()) < 60


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 9, 100])
def test_the_last_number_is_found(tmp_path: Path, count: int) -> None:
    for number in range(1, count + 1):
        (tmp_path / names.file_name("a.wav", number)).touch()
    assert names.last_number(str(tmp_path), "a.wav") == count


WEBUIS = [
    b'import sys\ncurrent_dir = "."\nsys.path.append(current_dir)\n'
    b'sys.path.append(os.path.join(current_dir, "indextts"))\nimport gradio\n',
    b"import sys\r\nsys.path.append(os.path.join(current_dir, 'indextts'))\r\nimport gradio\r\n",
    b'#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n"""Doc."""\nfrom __future__ import annotations\nimport gradio\n',
    b"import gradio as gr\ngr.launch()",
    "# 你好\nprint('好')\n".encode(),
    b"\xef\xbb\xbf# bom\nprint(1)\n",
]


@pytest.mark.parametrize("content", WEBUIS)
def test_the_line_goes_in_once_and_out_without_a_trace(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "webui.py"
    path.write_bytes(content)
    path.chmod(0o750)

    def command(verb: str) -> int:
        line = [sys.executable, "-m", "indextts_patch", "webui", verb, str(path)]
        return subprocess.run(line, cwd=REPO, capture_output=True, check=False).returncode

    assert [command("check"), command("insert"), command("insert"), command("check")] == [1, 0, 0, 0]
    changed = path.read_bytes()
    assert changed.count(webui.MARK) == 1
    compile(changed, "webui.py", "exec")
    if b"sys.path.append(os.path" in content:
        before, _, _ = changed.partition(webui.LINE)
        assert before.rstrip().endswith(b"indextts" + content.partition(b"indextts")[2][:1] + b"))")
    assert [command("remove"), command("check")] == [0, 1]
    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o750


def test_what_is_no_python_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "webui.py"
    for content in (b"this is no python\n", b"", b"# only a comment\n"):
        path.write_bytes(content)
        line = [sys.executable, "-m", "indextts_patch", "webui", "insert", str(path)]
        assert subprocess.run(line, cwd=REPO, capture_output=True, check=False).returncode == 1
        assert path.read_bytes() == content
        assert list(tmp_path.iterdir()) == [path]


def test_the_line_does_no_harm_where_the_package_is_gone(tmp_path: Path) -> None:
    (tmp_path / "webui.py").write_bytes(webui.inserted(b"print('served')\n"))
    done = subprocess.run([sys.executable, "-I", "webui.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "served\n"


def test_the_patch_file_is_the_same_line() -> None:
    patch = (REPO / "indextts_patch" / "webui.patch").read_bytes()
    assert b"+" + webui.LINE + b"\n" in patch
