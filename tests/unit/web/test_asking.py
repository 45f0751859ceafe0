"""What an address asks for, one by one, as it stands above the list."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from sidecar.answers.filters import MOST_VALUES
from sidecar.web.asking import Part, Question
from sidecar.web.show import named


def test_each_value_has_a_way_out_that_keeps_the_others() -> None:
    question = Question(given={"emotion": ("sad", "happy"), "-user": ("lab",)}, order="-length", at="2026-11-22")
    sad, happy, lab = question.parts
    assert [(each.name, each.value, each.refused) for each in (sad, happy, lab)] == [
        ("emotion", "sad", False), ("emotion", "happy", False), ("user", "lab", True),
    ]  # fmt: skip
    kept = {"sort": ["-length"], "at": ["2026-11-22"]}
    assert parse_qs(sad.without.partition("?")[2]) == {"emotion": ["happy"], "-user": ["lab"], **kept}
    assert parse_qs(lab.without.partition("?")[2]) == {"emotion": ["sad", "happy"], **kept}


def test_the_last_one_s_way_out_leads_to_everything() -> None:
    [part] = Question(given={"text": ("欢迎",)}).parts
    assert part == Part(name="text", value="欢迎", refused=False, without="/")


def test_of_a_name_no_more_are_shown_than_a_filter_may_have() -> None:
    assert len(Question(given={"user": tuple(map(str, range(1000)))}).parts) == MOST_VALUES


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("emotion", "sad", "emotion_sad"),
        ("voice", "voices/anna.wav", "anna.wav"),
        ("model", "2.5", "v2.5"),
        ("user", "O'Brien & co", "O'Brien & co"),
        ("favourite", "yes", "favourites"),
        ("favourite", "no", "without favourites"),
        ("rating", "3", "★★★+"),
        ("rating", "900000000", "900000000"),
        ("request", "fc" * 32, "same_request"),
    ],
)
def test_a_filter_s_value_is_said_as_people_read_it(name: str, value: str, said: str) -> None:
    assert named(value, name, lambda *words: " ".join(words)) == said
