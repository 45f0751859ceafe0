from __future__ import annotations

import json
from typing import Any

import pytest

from sidecar.upkeep.mentions import Target
from tests.events import encode, envelope, succeeded

NEIGHBOURS = ["Zoë", "zoë", "Zoe", "Zoë ", "😀", "😎", 'a"b', "a\\b"]


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_a_user_is_matched_byte_by_byte_whole_or_broken(name: str) -> None:
    target = Target(user=name)
    for other in NEIGHBOURS:
        event = succeeded(data={"caller": {"user": other}})
        assert target.matches(event) == (other == name)
        for raw in (encode(event), json.dumps(event).encode()):  # as UTF-8, and escaped
            assert target.may_match(raw[:-9]) == (other == name)


@pytest.mark.parametrize(
    ("target", "data", "meant"),
    [
        (Target(text="key"), {"text": "a key to"}, True),
        (Target(text="key"), {"text": "A KEY TO"}, False),
        (Target(text="key"), {"text": "", "emotion": {"text": "like a key"}}, True),
        (Target(voice="voices/anna"), {"voice": {"path": "voices/anna.wav"}}, True),
        (Target(voice="voices/anna"), {"voice": {"path": "voices/Anna.wav"}}, False),
        (Target(voice="ab" * 32), {"voice": {"path": "x", "sha256": "ab" * 32}}, True),
        (Target(user="anna"), {"caller": "anna"}, False),
        (Target(user="anna"), {"caller": None}, False),
    ],
)
def test_words_and_voices(target: Target, data: dict[str, Any], meant: bool) -> None:
    assert target.matches({"data": data}) == meant


def test_ids_are_those_of_the_envelope() -> None:
    record, other = succeeded(), succeeded(data={"audio": {"replaces": "01920000-0000-7000-8000-000000000001"}})
    remark = envelope("audio.rated", {"rating": 1}, subject=record["id"])
    target = Target(ids=frozenset({record["id"], "01920000-0000-7000-8000-000000000001"}))
    for event, meant in ((record, True), (remark, True), (other, False)):
        assert (target.matches(event), target.may_match(encode(event)[:-4])) == (meant, meant)
