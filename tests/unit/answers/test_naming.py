"""Download names: what a person reads in them, and that every file system takes them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sidecar.answers.naming import Distinct, download_name

UTC = timezone.utc
RECORD: dict[str, Any] = {
    "created_at": datetime(2026, 11, 24, 20, 30, tzinfo=UTC),
    "voice": "voices/旁白.wav",
    "text_input": "欢迎光临",
    "emotion": "happy",
    "audio_path": "outputs/spk_1.wav",
}
_RESERVED = set('\\/:*?"<>|')


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "2026-11-25_旁白_欢迎光临_happy.wav"),
        ({"voice": None, "audio_path": "a.MP3"}, "2026-11-25_欢迎光临_happy.mp3"),
        ({"voice": "C:\\voices\\anna v2.wav"}, "2026-11-25_anna v2_欢迎光临_happy.wav"),
        ({"text_input": "Where is it? In: a/b\\c."}, "2026-11-25_旁白_Where is it In a b c_happy.wav"),
        (
            {"text_input": "The quick brown fox jumps over the lazy dog"},
            "2026-11-25_旁白_The quick brown fox_happy.wav",
        ),
        ({"text_input": "字" * 60}, f"2026-11-25_旁白_{'字' * 24}_happy.wav"),
        ({"text_input": f"sha256:{'ab' * 32}", "emotion": "sad"}, "2026-11-25_旁白_sad.wav"),
        ({"text_input": "..."}, "2026-11-25_旁白_happy.wav"),
        ({"text_input": "a_b\n c\u202egnp.exe"}, "2026-11-25_旁白_a b c gnp exe_happy.wav"),
    ],
)
def test_a_name_tells_day_voice_text_and_emotion(changes: dict[str, Any], name: str) -> None:
    assert download_name({**RECORD, **changes}, ZoneInfo("Asia/Shanghai")) == name


@example(text="", voice="", emotion="\U00010000" * 47 + " more", path="")  # its blank is the last byte that fits
@given(
    text=st.text(max_size=200), voice=st.text(max_size=300), emotion=st.text(max_size=300), path=st.text(max_size=40)
)
def test_every_system_takes_every_name(text: str, voice: str, emotion: str, path: str) -> None:
    record = {**RECORD, "text_input": text, "voice": voice, "emotion": emotion, "audio_path": path}
    name = download_name(record, UTC)
    assert not _RESERVED.intersection(name)
    assert all(ord(character) >= 32 for character in name)
    assert name.endswith((".wav", ".mp3", ".flac", ".ogg", ".m4a"))
    assert not name.rpartition(".")[0].endswith((" ", "."))
    assert len(name.encode("utf-8", "surrogatepass")) <= 210


def test_names_that_are_equal_on_some_system_are_told_apart() -> None:
    distinct = Distinct()
    names = ["a.wav", "a.wav", "A.wav", "b.wav", "a-2.wav", "a.wav"]
    found = [distinct.name(name) for name in names]
    assert found == ["a.wav", "a-2.wav", "A-3.wav", "b.wav", "a-2-2.wav", "a-4.wav"]
    assert len({name.casefold() for name in found}) == len(names)
