"""Emotions by name become the eight weights that the engine makes of them."""

from __future__ import annotations

import pytest

from indextts_patch.facts.mixture import weights

HAPPY = [0.8, 0.0, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "mixture",
    [
        {"happy": 0.8, "sad": 0.2}, {"sad": 0.2, "happy": 0.8}, "happy:0.8, Sad:0.2", '{"happy": 0.8, "sad": 0.2}',
        "高兴:0.8,悲伤:0.2",
    ],
)  # fmt: skip
def test_names_become_weights_in_order(mixture: object) -> None:
    assert weights(mixture) == HAPPY


def test_an_emotion_without_a_weight_has_one_and_none_has_more_than_the_engine_allows() -> None:
    assert weights("calm") == [0.0] * 7 + [1.0]
    assert weights("happy:7,angry:-1") == [1.2, *[0.0] * 7]


@pytest.mark.parametrize("other", [None, [0.1] * 8, "joy:0.3", "happy:much", "{broken", {"joy": 1.0}, {}, "{}", "[1]"])
def test_anything_else_stays_as_it_is(other: object) -> None:
    assert weights(other) is other
