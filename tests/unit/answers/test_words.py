"""What is typed into the search field, and what it finds."""

from __future__ import annotations

import sqlite3

import pytest

from sidecar.answers.words import certain, forms, like, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  欢迎  光临 ", ["欢迎", "光临"]),
        ('he said "good morning" twice', ["he", "said", "good morning", "twice"]),
        ('an "open quote', ["an", "open quote"]),
        ('""', []),
    ],
)
def test_words_are_told_apart_by_blanks_and_quotes(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize("word", ["100%", "a_b", "wow!", "!%_", "欢迎"])
def test_a_word_finds_itself_anywhere_and_nothing_else(word: str) -> None:
    with sqlite3.connect(":memory:") as database:
        texts = [f"before {word} after", word, word.replace("%", "x").replace("_", "x").replace("!", "x") + "."]
        found = [database.execute("SELECT ? LIKE ? ESCAPE '!'", [text, like(word)]).fetchone()[0] for text in texts]
    database.close()
    assert found == [1, 1, int(word.isalpha())]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("欢迎", ["欢迎"]),
        ("harbour", ["harbour"]),
        ("you?", ["you?", "you？"]),
        ("你好，Ａ?", ["你好，Ａ?", "你好,A?", "你好，A？"]),
        ("100%", ["100%", "100％"]),
    ],
)
def test_a_word_is_looked_for_in_full_width_and_plain(word: str, expected: list[str]) -> None:
    assert forms(word) == expected


def test_what_only_some_forms_have_does_not_narrow() -> None:
    assert certain(["you?", "你好，Ａb"]) == ["you", "", "你好", "", "b"]
