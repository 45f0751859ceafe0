"""What a person types into the search field, and how it becomes SQL."""

from __future__ import annotations

import re

_WORDS = re.compile(r'"([^"]+)"?|([^\s"]+)')


def words(text: str) -> list[str]:
    """The words of a search; what is in double quotes is one word, blanks included."""
    return [quoted or plain for quoted, plain in _WORDS.findall(text)]


def like(word: str) -> str:
    """A pattern that finds the word anywhere, for LIKE ? ESCAPE '!'."""
    return "%" + word.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
