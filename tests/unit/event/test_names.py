"""Names of event files, and names where only valid Unicode may stand."""

from __future__ import annotations

import os

import pytest

from sidecar.event.names import is_event_name, printable, printable_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [("spk_1.wav.json", True), ("欢迎.wav.2.json", True), (".spk_1.wav.json.tmp", False), (".hidden.json", False),
     ("spk_1.wav", False), ("spk_1.JSON", False)],
)  # fmt: skip
def test_a_visible_json_file_may_hold_an_event(name: str, expected: bool) -> None:
    assert is_event_name(name) is expected


def test_bytes_that_are_no_unicode_are_spelt_out() -> None:
    assert printable("/srv/欢迎.json") == "/srv/欢迎.json"
    assert printable(os.fsdecode(b"/srv/\xff\xe6\xac\xa2.json")) == "/srv/\\xff欢.json"


def test_long_names_stay_apart_within_their_column() -> None:
    names = [os.fsdecode(b"\xff" * 200 + end) for end in (b"a.json", b"b.json")]
    first, second = map(printable_name, names)
    assert first != second
    assert max(len(first), len(second)) <= 255
    assert first.endswith(".json")
    assert printable_name("a" * 250 + ".json") == "a" * 250 + ".json"
