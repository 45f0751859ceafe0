"""What servers' requests say, by whatever names."""

from __future__ import annotations

import base64
from datetime import datetime, timezone
from typing import Any

import orjson
import pytest

from sidecar.event.event import Event, encode
from sidecar.event.publish import uuid7
from sidecar.event.types import FAILED
from sidecar.proxy.asked import Asked, parse

AUDIO = b"RIFF" + bytes(400)
ENCODED = base64.b64encode(AUDIO).decode()


def facts(body: dict[str, Any], texts: str = "store") -> dict[str, Any]:
    """Of a request; proven to fit the schema."""
    found = Asked(parse(orjson.dumps(body)), texts).facts()
    identity = uuid7()
    data = {**found, "timing": {}, "error": {"type": "x"}}
    head = {"id": identity, "subject": identity, "source": "indextts://h/i", "sequence": 1, "type": FAILED}
    return dict(Event.decode(encode(**head, time=datetime.now(timezone.utc), data=data)).data)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"voice": "alloy"}, "alloy"),
        ({"voice": {"id": "voice_1"}}, "voice_1"),
        ({"speaker": "vivian"}, "vivian"),
        ({"character": "jay"}, "jay"),
        ({"spk_audio_path": "a/b.wav"}, "a/b.wav"),
        ({"audio_paths": ["one.wav", "two.wav"]}, "one.wav"),
        ({"voice_ref": {"type": "path", "path": "voices/alice.wav"}}, "voices/alice.wav"),
        ({"ref_audio": "https://a/b.wav"}, "https://a/b.wav"),
        ({"references": [{"audio_path": "c.wav", "text": "said"}]}, "c.wav"),
        ({"voice": "../../etc/passwd"}, "%2E%2E/%2E%2E/etc/passwd"),
    ],
)
def test_the_voice_is_found(body: dict[str, Any], path: str) -> None:
    assert facts(body)["voice"]["path"] == path


@pytest.mark.parametrize(
    "body",
    [
        {"ref_audio": f"data:audio/wav;base64,{ENCODED}"},
        {"ref_audio": ENCODED},
        {"voice_ref": {"type": "base64", "data": ENCODED}},
        {"voice": "my voice", "ref_audio": [ENCODED]},
        {"prompt_audio": ENCODED.rstrip("=")},
    ],
)
def test_a_voice_in_the_request_is_kept_as_its_hash(body: dict[str, Any]) -> None:
    found = facts(body)
    assert found["voice"]["bytes"] == len(AUDIO)
    assert found["voice"]["path"] == body.get("voice")
    assert ENCODED[:50] not in orjson.dumps(found).decode()


@pytest.mark.parametrize(
    ("body", "mode", "label"),
    [
        ({}, "speaker", "neutral"),
        ({"emo_vec": [0, 0.7, 0, 0, 0, 0, 0, 0.1]}, "vector", "angry"),
        ({"emo_control_method": 2, "emo_vec": [0, 0, 0, 0, 0, 0, 0, 0.9], "emo_weight": 0.5}, "vector", "calm"),
        ({"emo_control_method": 3, "emo_text": "cheerful"}, "text", None),
        ({"emo_text": "cheerful"}, "text", None),
        ({"emo_ref_path": "sad.wav"}, "reference", "reference"),
        ({"emo_control_method": 0, "emo_vec": [1, 0, 0, 0, 0, 0, 0, 0]}, "speaker", "neutral"),
        ({"emo_vec": "loud"}, "speaker", "neutral"),
        ({"extra_params": {"emo_vec": [1, 0, 0, 0, 0, 0, 0, 0]}}, "vector", "happy"),
    ],
)
def test_the_emotion_is_found(body: dict[str, Any], mode: str, label: str | None) -> None:
    found = facts({"input": "a", **body})["emotion"]
    assert (found["mode"], found["label"]) == (mode, label)


@pytest.mark.parametrize(
    "body",
    [
        {"input": "a", "model": "m" * 1000, "voice": "v" * 9000, "language": "l" * 99},
        {"input": "x" * 1_000_000},
        {"input": "a\0b", "voice": "\0", "model": 7, "speed": None, "nested": {"a": [{"b": ["c" * 9000]}]}},
        {"input": "a", **{f"p{number}": "x" * 1000 for number in range(500)}},
        {"input": ["a"], "voice": ["", {}], "emo_vec": [None] * 8, "ref_audio": {"data": "data:,%%%"}},
    ],
)
def test_whatever_a_request_says_fits_an_event(body: dict[str, Any]) -> None:
    assert len(orjson.dumps(facts(body))) < 1_000_000


def test_equal_requests_have_equal_hashes() -> None:
    first = facts({"input": "a", "voice": "b", "speed": 1})["request_hash"]
    assert facts({"speed": 1, "voice": "b", "input": "a"})["request_hash"] == first
    assert facts({"input": "a", "voice": "b", "speed": 2})["request_hash"] != first
    assert "request_hash" not in facts({"input": "a"}, "omit")
