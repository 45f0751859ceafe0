"""Texts in one spelling: what is the same to the ear is the same."""

from __future__ import annotations

import random

import pytest

from sidecar.scoring.spelling import chinese_number, spelt


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("我有二十五个苹果。", "我有25个苹果"),
        ("两百零三", "203"),
        ("二〇二四年", "2024年"),
        ("两千零二十四年", "二零二四年"),
        ("３万元", "30,000元"),
        ("三万五", "35000"),
        ("1.5亿", "一亿五千万"),
        ("三点一四", "3.14"),
        ("百分之五", "5％"),
        ("百分之二点五", "2.5%"),
        ("Twenty-five apples", "25 apples"),
        ("in 2024", "in twenty twenty-four"),
        ("1999", "nineteen ninety-nine"),
        ("one hundred and five", "105"),
        ("fifteen hundred", "1,500"),
        ("three point one four", "3.14"),
        ("five percent", "5%"),
        ("the twenty-first", "the 21st"),
        ("Hello, World!", "ｈｅｌｌｏ　ｗｏｒｌｄ"),
        ("don't", "dont"),
        ("“你好”——他说", "你好他说"),
        ("It's 3.", "it's three"),
    ],
)
def test_what_sounds_alike_is_spelt_alike(one: str, other: str) -> None:
    assert spelt(one).text == spelt(other).text


@pytest.mark.parametrize(
    ("one", "other"), [("25", "26"), ("五", "四"), ("万一", "1"), ("5%", "5"), ("3.14", "314"), ("apple", "apples")]
)
def test_what_sounds_otherwise_is_not(one: str, other: str) -> None:
    assert spelt(one).text != spelt(other).text


def _words(value: int) -> str:
    """A number below 10**16 in Chinese, as a person would say it: worked out anew, place by place."""
    figures, places, groups = "零一二三四五六七八九", ["", "十", "百", "千"], ["", "万", "亿", "万亿"]
    spoken, gap = "", False
    digits = str(value)
    for index, digit in enumerate(digits):
        left = len(digits) - 1 - index
        if digit == "0":
            gap = True
        else:
            spoken += ("零" if gap and spoken else "") + figures[int(digit)] + places[left % 4]
            gap = False
        if left % 4 == 0 and digits[max(index - 3, 0) : index + 1].strip("0"):
            spoken += groups[left // 4] if left // 4 < 3 else "万"
    return spoken or "零"


def test_chinese_numbers_are_read_back() -> None:
    chance = random.Random(1)
    for value in [*range(1000), *(chance.randrange(10 ** chance.randint(4, 12)) for _ in range(3000))]:
        assert chinese_number(_words(value)) == str(value), _words(value)


@pytest.mark.parametrize("word", ["万一", "千万", "百", "亿", "二三百四五六十七八九百千"])
def test_what_is_no_number_stays(word: str) -> None:
    assert chinese_number(word) is None
    assert spelt(word).text == word


def test_places_lead_back_into_the_text_as_it_was_given() -> None:
    text = "我有 二十五 个，Twenty-five！"
    found = spelt(text)
    assert [text[begin:end] for begin, end in found.places[2:4]] == ["二十五", "二十五"]
    assert text[found.places[-1][0] : found.places[-1][1]] == "Twenty-five"


def test_any_text_is_spelt_and_its_places_are_within_it() -> None:
    chance = random.Random(2)
    marks = "零〇一二两三十百千万亿点百分之09,.% aé\u0301ßﬁ㎏"
    words = [
        "zero",
        "one",
        "twenty",
        "hundred",
        "thousand",
        "point",
        "and",
        "third",
        "percent",
        "per",
        "cent",
        "dozen",
        "million",
    ]
    for _ in range(2000):
        text = "".join(chance.choice(marks) for _ in range(chance.randint(0, 20)))
        text += " ".join(chance.choice(words) for _ in range(chance.randint(0, 8)))
        found = spelt(text)
        assert len(found.text) == len(found.places)
        assert all(0 <= begin < end <= len(text) for begin, end in found.places)
