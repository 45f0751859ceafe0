"""What a person types into the search field, and how it becomes SQL."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_TO_WIDE = 0xFEE0  # from ! to its full-width form
_WORDS = re.compile(r'"([^"]+)"?|([^\s"]+)')


def words(text: str) -> list[str]:
    """The words of a search; what is in double quotes is one word, blanks included."""
    return [quoted or plain for quoted, plain in _WORDS.findall(text)]


def forms(word: str) -> list[str]:
    """The word as typed, with every full-width character as its plain one, and with full-width punctuation.

    Chinese and English input methods write other marks and other letters, and no collation that every server has takes
    them for equal.
    """
    plain = "".join(map(_plain, word))
    return list(dict.fromkeys([word, plain, "".join(map(_wide, plain))]))


def certain(words: Sequence[str]) -> list[str]:
    """The parts of the words that they have in all of their forms, for what only narrows a search down."""
    marked = "\n".join(words)
    return "".join(each if forms(each) == [each] else "\n" for each in marked).split("\n")


def _plain(character: str) -> str:
    return unicodedata.normalize("NFKC", character)


def _wide(character: str) -> str:
    return chr(ord(character) + _TO_WIDE) if "!" <= character <= "~" and not character.isalnum() else character


def like(word: str) -> str:
    """A pattern that finds the word anywhere, for LIKE ? ESCAPE '!'."""
    return "%" + word.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
