"""However an answer is cut into pieces, the same is known of it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.proxy.heard.audio import Audio
from sidecar.proxy.heard.events import Events
from tests.proxy import sounds, speech

PCM = sounds.samples("text", 2400)
WHOLE: dict[str, tuple[bytes, dict[str, Any]]] = {
    "wav": (sounds.wav(PCM), {"samples": 2400, "duration": 0.1, "sample_rate": 24_000}),
    "open wav": (sounds.wav(PCM, length=0xFFFFFFFF), {"samples": 2400, "duration": 0.1}),
    "wav that says nothing": (sounds.wav(PCM, length=0), {"samples": 2400, "duration": 0.1}),
    "mp3": (sounds.mp3(10), {"format": "mp3", "samples": 5760, "duration": 0.24, "channels": 1}),
    "mp3 with tag and mark": (sounds.mp3(10, tag=True, info=True), {"format": "mp3", "samples": 5760}),
    "aac": (sounds.aac(10), {"format": "aac", "samples": 10_240, "sample_rate": 24_000}),
    "flac": (sounds.flac(2400), {"format": "flac", "samples": 2400, "bits_per_sample": 16, "channels": 1}),
    "opus": (sounds.opus(9600), {"format": "opus", "samples": 9600, "duration": 0.2, "sample_rate": 48_000}),
}


def pieces(content: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts)})
    return [content[start:end] for start, end in itertools.pairwise(at)]


@pytest.mark.parametrize("name", WHOLE)
@given(cuts=st.lists(st.integers(0, 20_000), max_size=30))
def test_pieces_of_any_size_tell_the_same(name: str, cuts: list[int]) -> None:
    content, known = WHOLE[name]
    audio = Audio("application/octet-stream", "", None)
    for piece in pieces(content, cuts):
        assert audio.feed(piece) == piece
    facts = audio.facts()
    assert facts is not None
    assert facts["bytes"] == len(content)
    assert known.items() <= facts.items()


@given(st.binary(max_size=300), st.sampled_from([b"", b"RIFF", b"ID3", b"OggS", b"fLaC", b"\xff\xf1", b"\xff\xfb"]))
def test_nothing_is_too_broken_to_be_listened_to(content: bytes, start: bytes) -> None:
    audio = Audio("", "", None)
    for piece in pieces(start + content, [3, 7, 50]):
        audio.feed(piece)
    audio.facts()


@pytest.mark.parametrize(
    ("content_type", "wanted", "rate", "seconds"),
    [
        ("audio/pcm;rate=48000", "", None, 0.05),
        ("audio/L16; rate=24000; channels=2", "", None, 0.05),
        ("audio/pcm", "pcm", 24_000, 0.1),
        ("application/octet-stream", "f32", 24_000, 0.05),
        ("audio/pcm", "", None, None),
    ],
)
def test_raw_samples_have_the_rate_that_somebody_says(
    content_type: str, wanted: str, rate: int | None, seconds: float | None
) -> None:
    audio = Audio(content_type, wanted, rate)
    audio.feed(PCM)
    assert (audio.facts() or {}).get("duration") == seconds


@given(cuts=st.lists(st.integers(0, 20_000), max_size=30), ending=st.sampled_from([b"\n", b"\r\n"]))
def test_events_of_any_size_tell_the_same(cuts: list[int], ending: bytes) -> None:
    content = sounds.wav(PCM)
    said = b"".join(speech.events(content, 5)).replace(b"\n", ending)
    events = Events("wav", None)
    assert b"".join(events.feed(piece) for piece in pieces(said, cuts)) == content
    facts = events.facts()
    assert facts is not None
    assert (facts["bytes"], facts["duration"]) == (len(content), 0.1)
    assert events.warnings() == []


def test_pieces_that_are_each_a_wav_are_added_up() -> None:
    events = Events("wav", None)
    for line in speech.events(sounds.wav(PCM), 1)[:1] * 3:
        events.feed(line)
    facts = events.facts()
    assert facts is not None
    assert (facts["duration"], facts["bytes"]) == (0.3, 3 * len(sounds.wav(PCM)))
