"""Every word that the library's pages and the report say, in English and Chinese: a name, and what it is called.

shared.py has what both say, pages.py and report.py what only one of them does; no name is in two of them. A third
language is one more member of each pair, and of LANGUAGES.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sidecar.wording.pages import IN_SCRIPTS, PAGES
from sidecar.wording.report import REPORT
from sidecar.wording.shared import SHARED

__all__ = ["LANGUAGES", "WORDS", "Word", "browser_language", "for_scripts", "length", "translator"]

LANGUAGES: Mapping[str, str] = {"en": "English", "zh": "中文"}
WORDS: Mapping[str, tuple[str, str]] = {**SHARED, **PAGES, **REPORT}


class Word(Protocol):
    def __call__(self, name: str, /, *values: object, **named: object) -> str:
        """The word of that name, with the values in its gaps."""


def translator(language: str) -> Word:
    """What has no entry, such as an emotion that somebody named himself, is called by its own name.

    Args:
        language: one of LANGUAGES; English where it is none.
    """
    index = 1 if language == "zh" else 0

    def word(name: str, /, *values: object, **named: object) -> str:
        found = WORDS.get(name)
        text = found[index] if found else name.partition("_")[2] or name
        return text.format(*values, **named) if values or named else text

    return word


def length(seconds: float, word: Word) -> str:
    """A length of time, such as 4.2 s, 3 min 05 s or 12 h 05 min."""
    if round(seconds, 1) < 60:
        return word("n_seconds", f"{seconds:.1f}")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return word("minutes_seconds", minutes, f"{rest:02}")
    hours, minutes = divmod(minutes, 60)
    return word("hours_minutes", f"{hours:,}", f"{minutes:02}")


def for_scripts(language: str) -> dict[str, str]:
    """The words that the pages' scripts need."""
    word = translator(language)
    names = [*IN_SCRIPTS, *(name for name in WORDS if name.startswith(("emotion_", "status_")))]
    return {name: word(name) for name in names}


def browser_language(header: str) -> str:
    """The first of our languages in an Accept-Language header, English where there is none."""
    for part in header.lower().split(","):
        tag = part.partition(";")[0].strip()
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return "en"
