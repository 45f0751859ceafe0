"""Every word that the library's pages and the report say: one TOML file a language, each word under its name.

Whatever files lie here are the languages that pages and report offer; en.toml tells what a file may hold. A word that a
language lacks is said in English, so that a translation can be used before it is complete.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

ENGLISH = "en"
_FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, kw_only=True)
class Language:
    name: str
    """What its speakers call it."""
    tag: str
    """For HTML's lang attribute."""
    fonts: tuple[str, ...]
    """Fonts that have its characters, the best first; empty where every font has them."""
    fonts_package: str
    """Debian's package of one of them."""
    words: Mapping[str, str]
    """All words by name; English ones where it lacks its own."""
    for_scripts: Mapping[str, str]
    """Those that the pages' scripts say."""


class Word(Protocol):
    def __call__(self, name: str, /, *values: object, **named: object) -> str:
        """The word of that name, with the values in its gaps."""


def codes() -> list[str]:
    """The languages by the names of their files, such as en."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


@cache
def languages() -> Mapping[str, Language]:
    """The languages by their codes; their files are read once."""
    import tomllib  # here: most commands say no such word

    files = {code: tomllib.loads((_FOLDER / f"{code}.toml").read_text(encoding="utf-8")) for code in codes()}
    return {code: _language(code, file, files[ENGLISH]) for code, file in files.items()}


def _language(code: str, file: Mapping[str, Any], english: Mapping[str, Any]) -> Language:
    tables = [table for each in (english, file) for table in each.values() if isinstance(table, dict)]
    words = dict(chain.from_iterable(table.items() for table in tables))
    return Language(
        name=file.get("name", code),
        tag=file.get("tag", code),
        fonts=tuple(file.get("fonts", ())),
        fonts_package=file.get("fonts_package", ""),
        words=words,
        for_scripts={name: words[name] for name in english["scripts"]},
    )


def translator(language: str) -> Word:
    """The words of a language. What has no entry, such as an emotion that a user made up, is called by its own name.

    Args:
        language: a code; English where there is no such language.
    """
    words = languages().get(language, languages()[ENGLISH]).words

    def word(name: str, /, *values: object, **named: object) -> str:
        text = words.get(name) or name.partition("_")[2] or name
        return text.format(*values, **named) if values or named else text

    return word


def length(seconds: float, word: Word) -> str:
    """A length of time, such as 4.2 s, 3 min 05 s or 12 h 05 min. Halves round up, here and in the player's clock."""
    tenths = math.floor(seconds * 10 + 0.5)
    if tenths < 600:
        return word("n_seconds", f"{tenths / 10:.1f}")
    minutes, rest = divmod(math.floor(seconds + 0.5), 60)
    if minutes < 60:
        return word("minutes_seconds", minutes, f"{rest:02}")
    hours, minutes = divmod(minutes, 60)
    return word("hours_minutes", f"{hours:,}", f"{minutes:02}")


def browser_language(header: str) -> str:
    """The code of the first of our languages in an Accept-Language header; English where there is none."""
    for part in header.lower().split(","):
        tag = part.partition(";")[0].strip()
        fitting = [code for code in languages() if f"{tag}-".startswith(f"{code.lower()}-")]
        if fitting:
            return max(fitting, key=len)  # pt-br rather than pt
    return ENGLISH
