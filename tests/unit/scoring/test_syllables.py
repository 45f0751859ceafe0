"""Syllables as people would count them."""

from __future__ import annotations

import pytest

from sidecar.scoring.syllables import beats, script, syllables


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("……！？，。", 0),
        ("今天天气很好。", 6),
        ("花了1580元", 9),
        ("2024年春天", 7),
        ("第12天", 4),
        ("20个，110个，10086个", 15),
        ("圆周率是3.14", 8),
        ("涨了5%", 6),
        ("用AI软件画画", 7),
        ("ＡＩ全角", 4),
        ("我爱Python编程", 6),
        ("The whole team repaired the old radio.", 10),
        ("apples, miles and horses, a table", 9),
        ("AI costs $1,580", 13),
        ("In the spring of 2024", 9),
        ("at 8 o'clock", 4),
        ("WWW", 9),
        ("お茶をのむ", 5),
        ("きょう", 2),
        ("안녕하세요", 5),
        ("Москва", 2),
        ("1" * 20, 20),
    ],
)
def test_syllables_are_counted_as_the_text_is_read(text: str, count: int) -> None:
    assert syllables(text) == count


def test_breaks_take_time_and_weak_words_take_less() -> None:
    assert beats("春天来了，花开了。") == syllables("春天来了，花开了。") + 2
    assert beats("cats of the town") < beats("cats drink cold milk") == 4
    assert beats("3.14") == syllables("3.14")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今天用AI软件画画", "zh"),
        ("The word 你好 means hello in the Chinese language", "latin"),
        ("漢字とかな", "ja"),
        ("안녕하세요", "ko"),
        ("Москва", "other"),
        ("in 2024", "latin"),
        ("123", "other"),
    ],
)
def test_a_text_is_of_the_script_that_most_of_it_is_in(text: str, expected: str) -> None:
    assert script(text) == expected
