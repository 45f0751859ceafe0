"""How many syllables a text has when it is read, near enough to say whether a take is as long as its text.

- A Chinese character and a Korean block are a syllable; a kana is a mora and counts as one, a small ya, yu or yo none.
- A Latin word has as many as it has groups of vowels, a silent e at its end aside; at least one.
- A word of capitals alone (AI, MP3's MP) is spelled: a syllable a letter, three for a W.
- A number is read as the text's language reads it: 1580 has six syllables in Chinese (yi qian wu bai ba shi), and four
  in others, as a year (fifteen eighty). A year before 年, and what follows a decimal point, goes digit by digit.
- Words of other alphabets have as many as they have vowels.
- Punctuation, spaces and symbols have none, but for % and $ and their like, which have those of their names.
"""

from __future__ import annotations

import re
import unicodedata

_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?|[^\W\d_]+(?:['’][^\W\d_]+)*|[%$€£¥&@+=°]")
_EAST_ASIAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\uac00-\ud7af\u3041-\u30ff]")
_SMALL_KANA = frozenset("ゃゅょャュョぁぃぅぇぉァィゥェォ・")
_CHINESE = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_SCRIPTS = {"CJK": "zh", "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "LATIN": "latin"}
_VOWELS = re.compile(r"[aeiouyаеёиоуыэюяієїαεηιουω]+")
_HIATUS = re.compile(r"(?:io|ia|eo)$")  # radio, media, video
_SILENT = re.compile(r"[^aeiouyl]e$|[aeiouy]le$|[^aeiouytd]ed$|[^aeiouylscxzg]es$|[aeiouy]les$")
"""An e at the end that is not spoken; in table, wanted and horses it is."""
_ENGLISH_SYMBOLS = {"%": 2, "$": 2, "€": 2, "£": 1, "¥": 1, "&": 1, "@": 1, "+": 1, "=": 2, "°": 2}
_CHINESE_SYMBOLS = {"%": 3, "$": 2, "€": 2, "£": 2, "¥": 1, "&": 1, "@": 1, "+": 1, "=": 2, "°": 1}
_ONES = (2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 3, 1, 2, 2, 2, 2, 3, 2, 2)  # zero to nineteen
_TENS = (0, 1, 2, 2, 2, 2, 2, 3, 2, 2)
_POWERS = ((10**12, 2), (10**9, 2), (10**6, 2), (1000, 2))  # trillion, billion, million, thousand
_WEAK = re.compile(
    r"(?:a|an|the|of|to|in|on|at|by|for|from|with|and|or|but|if|as|than|so|that|it|its|he|she|his|her|him|my|you|your|i|"
    r"we|our|they|their|is|was|are|were|be|been|am|do|does|did|has|have|had|will|would|can|could|should|not|there|this|"
    r"me|us)"
)
"""English words that are hardly ever stressed, and spoken in half the time."""
_WEAKENING = 0.2  # syllables; fitted to espeak-ng, as the lengthening is
_BREAK = re.compile(r"[，。！？；：、…,.!?;:—](?!\d)")
_LENGTHENING = 1.0  # syllables: what is drawn out before a break, and breath that is not told from it
_LONGEST_NUMBER = 15  # digits; a longer one is read digit by digit


def is_chinese(text: str) -> bool:
    """Whether a text's numbers are read in Chinese: it has a Chinese character for every four Latin letters."""
    letters = sum(1 for each in text if each.isascii() and each.isalpha())
    return len(_CHINESE.findall(text)) * 4 > letters


def script(text: str) -> str:
    """What a text is written in, for takes whose caller named no language: zh, ja, ko, latin or other."""
    counts = {"zh": 0, "ja": 0, "ko": 0, "latin": 0, "other": 0}
    for each in text:
        if each.isalpha():
            first = unicodedata.name(each, "").partition(" ")[0]
            counts[
                {"CJK": "zh", "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "LATIN": "latin"}.get(first, "other")
            ] += 1
    counts |= {name: counts[name] * 4 for name in ("zh", "ja", "ko")}  # one of them says as much as some letters
    if counts["ja"] * 5 > counts["zh"] > 0:
        counts["ja"] += counts["zh"]
    return max(counts, key=lambda name: counts[name]) if any(counts.values()) else "other"


def syllables(text: str) -> int:
    """Syllables of a text as it is read; see the head of this module."""
    chinese = is_chinese(text)
    count = 0
    for found in _TOKEN.finditer(unicodedata.normalize("NFKC", text)):
        token = found[0]
        if token[0].isdigit():
            count += _number(token, chinese, year=found.string[found.end() : found.end() + 1] == "年")
        elif token in _ENGLISH_SYMBOLS:
            count += (_CHINESE_SYMBOLS if chinese else _ENGLISH_SYMBOLS)[token]
        else:
            count += _word(token)
    return count


def beats(text: str) -> float:
    """The time that a text takes, in ordinary syllables: its syllables, more for breaks, less for words without stress.

    Two texts of as many syllables take the same time to within a tenth; of as many beats, a little nearer.
    """
    plain = unicodedata.normalize("NFKC", text)
    weak = sum(bool(_WEAK.fullmatch(found[0].casefold())) for found in _TOKEN.finditer(plain))
    return syllables(text) + _LENGTHENING * len(_BREAK.findall(plain)) - _WEAKENING * weak


def _word(token: str) -> int:
    alone = sum(each not in _SMALL_KANA for each in _EAST_ASIAN.findall(token))
    return alone + sum(_latin(each) for each in _EAST_ASIAN.split(token) if each)


def _latin(word: str) -> int:
    if 1 < len(word) <= 5 and word.isupper():
        return sum(3 if each == "W" else 1 for each in word)
    plain = "".join(each for each in unicodedata.normalize("NFD", word.casefold()) if not unicodedata.combining(each))
    groups = len(_VOWELS.findall(plain))
    if _HIATUS.search(plain):
        groups += 1
    return max(groups - (1 if groups > 1 and _SILENT.search(plain) else 0), 1)


def _number(token: str, chinese: bool, *, year: bool) -> int:
    whole, _, fraction = token.replace(",", "").partition(".")
    digits = [int(each) for each in whole + fraction]
    if chinese:
        read = len(whole) if (year and len(whole) == 4) or len(whole) > _LONGEST_NUMBER else _chinese(int(whole))
        return read + (1 + len(fraction) if fraction else 0)
    point = 1 + sum(_ONES[each] for each in map(int, fraction)) if fraction else 0
    if len(whole) > _LONGEST_NUMBER:
        return sum(_ONES[each] for each in digits)
    value = int(whole)
    if 1100 <= value < 2100 and len(whole) == 4 and "," not in token and not fraction and value % 1000 >= 10:
        return _english(value // 100) + (_english(value % 100) if value % 100 else 2)  # as a year: twenty twenty-four
    return _english(value) + point


def _english(value: int) -> int:
    if value < 20:
        return _ONES[value]
    if value < 100:
        return _TENS[value // 10] + (_ONES[value % 10] if value % 10 else 0)
    for power, name in (*_POWERS, (100, 2)):
        if value >= power:
            return _english(value // power) + name + (_english(value % power) if value % power else 0)
    raise AssertionError(value)


def _chinese(value: int) -> int:
    """Digits that are not zero, the names of their places, and a ling for each gap between them."""
    if value < 10_000:
        figures = str(value).rstrip("0") or "0"
        places = len(str(value)) - 1
        read = re.sub("0+", "0", figures)
        named = sum(each != "0" for each in figures[:places])
        return len(read) + named - (1 if 10 <= value < 20 else 0)  # shi er, not yi shi er
    power = 10 ** (4 * ((len(str(value)) - 1) // 4))
    high, low = divmod(value, power)
    gap = 1 if 0 < low < power // 10 else 0
    return _chinese(high) + 1 + (gap + _chinese(low) if low else 0)
