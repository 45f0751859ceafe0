"""Texts in one spelling, in which what was heard is compared with what should have been said, character by character.

- Full and half width are one (NFKC), and so are upper and lower case. Blanks and punctuation are left out.
- A number is its digits, however it was written: 二十五, 25 and twenty-five; 二〇二四, twenty twenty-four and 2024;
  3万 and 30,000; 百分之五, 5% and five percent; 三点一四 and 3.14.

Not done: traditional for simplified characters, other symbols than the percent sign ($5 is 5), number words of other
languages than Chinese and English.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from text_to_num import find_numbers

_FIGURES = {each: number for number, each in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_PLACES = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "亿": 10**8}
_FIGURE, _PLACE = "".join(_FIGURES), "".join([*_PLACES, *_MYRIADS])
_NUMBER = re.compile(
    rf"(?P<share>百分之)?(?:(?P<digits>\d+(?:,\d{{3}})*(?:\.\d+)?)(?P<times>[{_PLACE}]*)"
    rf"|(?P<words>[{_FIGURE}{_PLACE}]+)(?:点(?P<fraction>[{_FIGURE}]+))?)"
)
_WORD = re.compile(r"[a-z]+")
_PERCENT = re.compile(r"\s*per\s?cent\b")
_MOST_FIGURES = 40  # a longer run of them counts nothing


@dataclass(frozen=True, slots=True)
class Spelt:
    """A text in that spelling."""

    text: str
    places: Sequence[tuple[int, int]]
    """Of each of its characters, from where to where it stands in the text as it was given."""


def spelt(text: str) -> Spelt:
    """The text in one spelling; see the head of this module."""
    plain, places = _plain(text)
    characters: list[str] = []
    found: list[tuple[int, int]] = []
    for begin, end, read in _read(plain):
        for each in read:
            characters.append(each)
            found.append((places[begin][0], places[end - 1][1]))
    return Spelt(text="".join(characters), places=found)


def _plain(text: str) -> tuple[str, list[tuple[int, int]]]:
    """In one width and case, and where each character comes from."""
    characters, places = [], []
    for index, each in enumerate(text):
        for plain in unicodedata.normalize("NFKC", each).casefold():
            characters.append(plain)
            places.append((index, index + 1))
    return "".join(characters), places


def _read(plain: str) -> Iterator[tuple[int, int, str]]:
    """Pieces of the text that are heard, each with its spelling: numbers whole, all else by the character."""
    numbers = sorted([*_chinese_and_digits(plain), *_english(plain)])
    at = 0
    for begin, end, read in numbers:
        if begin < at:
            continue
        yield from _by_character(plain, at, begin)
        yield begin, end, read
        at = end
    yield from _by_character(plain, at, len(plain))


def _by_character(plain: str, begin: int, end: int) -> Iterator[tuple[int, int, str]]:
    for index in range(begin, end):
        if unicodedata.category(plain[index])[0] in "LNM":
            yield index, index + 1, plain[index]


def _chinese_and_digits(plain: str) -> Iterator[tuple[int, int, str]]:
    for found in _NUMBER.finditer(plain):
        if found["digits"]:
            read: str | None = _times(found["digits"].replace(",", ""), found["times"])
        else:
            read = chinese_number(found["words"])
        if read is None:
            continue
        if found["fraction"]:
            read += "." + "".join(str(_FIGURES[each]) for each in found["fraction"])
        end = found.end()
        percent = _PERCENT.match(plain, end)
        if found["share"] or percent or plain[end : end + 1] == "%":
            read += "%"
            end = percent.end() if percent else end + (plain[end : end + 1] == "%")
        yield found.start(), end, read


def _times(digits: str, times: str) -> str:
    """3 and 万 are 30000, 1.5 and 亿 are 150000000."""
    power = 0
    for each in times:
        power += len(str({**_PLACES, **_MYRIADS}[each])) - 1
    whole, _, fraction = digits.partition(".")
    if not power:
        return digits
    moved = whole + fraction[:power].ljust(power, "0")
    return (moved.lstrip("0") or "0") + (f".{fraction[power:]}" if fraction[power:] else "")


def chinese_number(words: str) -> str | None:
    """The digits of a number in Chinese characters; None where they are no number, as in 万一 and 千万."""
    if len(words) > _MOST_FIGURES:
        return None
    if all(each in _FIGURES for each in words):  # figure by figure, as years and telephone numbers are
        return "".join(str(_FIGURES[each]) for each in words)
    total = section = figure = 0
    last = 10  # the place before; of 三万五 and 二百五 the five is in the next one
    bare = True  # whether nothing was counted before a place
    for each in words:
        if each in _FIGURES:
            if figure:
                return None
            figure, bare = _FIGURES[each], False
            last = 10 if figure == 0 else last
        elif each in _PLACES:
            if bare and each != "十":
                return None
            section += (figure or (1 if bare or not section % 100 else 0)) * _PLACES[each]
            figure, last, bare = 0, _PLACES[each], False
        else:
            if bare:
                return None
            total = (total + section + figure) * _MYRIADS[each] if each == "亿" else total + (section + figure) * 10**4
            section, figure, last = 0, 0, _MYRIADS[each]
    return str(total + section + figure * (last // 10 if last > 10 else 1))


@dataclass(frozen=True, slots=True)
class _Token:
    """A word, as find_numbers asks for it."""

    written: str
    begin: int
    end: int
    apart: bool

    def text(self) -> str:
        return self.written

    def nt_separated(self, previous: object) -> bool:
        return self.apart

    def not_a_number_part(self) -> bool:
        return False


def _english(plain: str) -> Iterator[tuple[int, int, str]]:
    """Numbers in English words."""
    tokens: list[_Token] = []
    for found in _WORD.finditer(plain):
        between = plain[tokens[-1].end : found.start()] if tokens else ""
        tokens.append(_Token(found[0], found.start(), found.end(), bool(between.strip(" -‐‑\n\t"))))
    for number in find_numbers(tokens, "en", threshold=0):
        begin, end = tokens[number.start].begin, tokens[number.end - 1].end
        percent = _PERCENT.match(plain, end)
        yield begin, percent.end() if percent else end, number.text + ("%" if percent else "")
