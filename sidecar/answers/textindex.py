"""The optional indexes for search: which of them exist, and how the text index is asked for a word.

They are apart from the tables' migrations: each index makes every insert dearer, and shipping comes first. Whoever
searches large tables applies them with `sidecar index`.

The text index only narrows down. LIKE decides, so that the answer is the same with and without it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from sidecar.answers.filters import Where
from sidecar.answers.sample import shares
from sidecar.answers.words import certain, like
from sidecar.storage.database import Database

_TRIGRAM = 3
_MAX_TERMS = 400
_WEIGHT_LENGTH = 4
_MOST_TRIGRAMS = 2
_MOST_BIGRAMS = 3
_MOST_SAMPLED = 30
_WEIGHT = re.compile("....")
"""As the generated column reads a weight: see schema/mysql/optional/text.mariadb.sql."""


class TextIndex(Enum):
    """The kinds; each value is a part of the name of its scripts in schema/."""

    NGRAM = "mysql/optional/text"
    """MySQL's n-gram parser over text_input."""
    WEIGHTS = "mysql/optional/text.mariadb"
    """On MariaDB, trigrams of the collation's weights, in the generated column search_terms."""
    FTS5 = "sqlite/optional/text"
    """SQLite's trigrams."""

    @property
    def script(self) -> str:
        """The name that migrations.optional knows it by."""
        return self.value.rpartition("/")[2]


def text_index(database: Database) -> TextIndex | None:
    """The text index that exists; None without one."""
    if database.dialect == "sqlite":
        there = database.query("SELECT 1 FROM sqlite_master WHERE name = 'tts_text_search'")
        return TextIndex.FTS5 if there else None
    columns = _indexed_columns(database, "idx_text")
    if not columns:
        return None
    return TextIndex.NGRAM if columns == ["text_input"] else TextIndex.WEIGHTS


def possible_text_index(database: Database) -> TextIndex | None:
    """The one that this database can have; None where LIKE has to do, as on OceanBase."""
    if database.dialect == "sqlite":
        return TextIndex.FTS5
    version = str(database.query("SELECT VERSION()")[0][0]).lower()
    if "oceanbase" in version:
        return None
    return TextIndex.WEIGHTS if "mariadb" in version else TextIndex.NGRAM


def has_filter_indexes(database: Database) -> bool:
    last_of_file = "idx_rating_created"
    if database.dialect == "sqlite":
        return bool(database.query("SELECT 1 FROM sqlite_master WHERE name = ?", [last_of_file]))
    return bool(_indexed_columns(database, last_of_file))


def _indexed_columns(database: Database, index: str) -> list[str]:
    rows = database.query(
        "SELECT column_name FROM information_schema.statistics WHERE table_schema = DATABASE() "
        "AND table_name = 'tts_records' AND index_name = ? ORDER BY seq_in_index",
        [index],
    )
    return [str(row[0]) for row in rows]


def narrow(database: Database, words: Sequence[str]) -> Where | None:
    """Conditions that every record with these words meets, answered from the text index.

    Returns:
        None where there is no index, or it cannot help with any of them.
    """
    there = text_index(database)
    words = [part for part in certain(words) if part]
    if not words:
        return None
    if there is TextIndex.NGRAM:
        return _narrow_ngram(database, words)
    if there is TextIndex.WEIGHTS:
        return _narrow_weights(database, words)
    return _narrow_fts5(database, words) if there else None


def _narrow_ngram(database: Database, words: Sequence[str]) -> Where | None:
    """The rarest bigrams, or what the server was told to make instead. Not as phrases: to see whether bigrams stand
    side by side, 9.7 reads each text that has them, which takes longer than LIKE. The index knows no blanks and not
    every punctuation mark (it finds nothing for "号。"), so only runs of letters and digits are asked for.

    Characters beyond the basic plane are all equal to MySQL's LIKE under utf8mb4_general_ci, but not to its index.
    """
    known = "".join(
        character if character.isalnum() and character <= "\uffff" else " " for character in "\n".join(words)
    )
    size = int(database.query("SELECT @@ngram_token_size")[0][0])
    grams = [part[start : start + size] for part in known.split() for start in range(len(part) - size + 1)]
    if not grams:
        return None
    asked = " ".join(f"+{gram}" for gram in _rarest(database, grams, _MOST_BIGRAMS))
    return ["MATCH (text_input) AGAINST (? IN BOOLEAN MODE)"], [asked]


def _narrow_weights(database: Database, words: Sequence[str]) -> Where | None:
    """The rarest trigrams of the words. Each costs the reading of its list of records, and a frequent one of hundreds
    of thousands tells little more than a rare one did. A shorter word is the beginning of a trigram.
    """
    grams = _rarest(database, [gram for word in words for gram in _grams(word)], _MOST_TRIGRAMS)
    weights = ", ".join("HEX(WEIGHT_STRING(? COLLATE utf8mb4_general_ci))" for _ in grams)
    limits = "@@innodb_ft_min_token_size, @@innodb_ft_max_token_size"
    ((shortest, longest, *hexadecimals),) = database.query(f"SELECT {limits}, {weights}", list(grams))
    if int(shortest) > _WEIGHT_LENGTH or int(longest) < _TRIGRAM * _WEIGHT_LENGTH:
        return None  # this server was told to leave such terms out
    terms = []
    for hexadecimal in hexadecimals:
        units = _WEIGHT.findall(hexadecimal)[:_TRIGRAM]
        if units:
            terms.append("+" + "".join(units) + ("" if len(units) == _TRIGRAM else "*"))
    return (["MATCH (search_terms) AGAINST (? IN BOOLEAN MODE)"], [" ".join(terms)]) if terms else None


def _grams(word: str) -> list[str]:
    """Parts of three characters, side by side and the last one; a shorter word whole."""
    last = max(len(word) - _TRIGRAM, 0)
    return [word[start : start + _TRIGRAM] for start in [*range(0, last, _TRIGRAM), last]]


def _rarest(database: Database, grams: Sequence[str], most: int) -> list[str]:
    asked = list(dict.fromkeys(grams))[:_MOST_SAMPLED]
    if len(asked) <= most:
        return asked
    rarity = shares(database, [(["text_input LIKE ? ESCAPE '!'"], [like(gram)]) for gram in asked])
    return [gram for _, gram in sorted(zip(rarity, asked, strict=True))[:most]]


def _narrow_fts5(database: Database, words: Sequence[str]) -> Where | None:
    phrases = []
    for word in words:
        if "\0" in word:
            continue
        if len(word) >= _TRIGRAM:
            phrases.append(f'"{_quoted(word)}"')
        else:
            terms = _terms(database, word)
            if terms is not None:
                if not terms:
                    return ["0 = 1"], []
                phrases.append("(" + " OR ".join(f'"{_quoted(term)}"' for term in terms) + ")")
    if not phrases:
        return None
    return ["id IN (SELECT rowid FROM tts_text_search WHERE tts_text_search MATCH ?)"], [" AND ".join(phrases)]


def _terms(database: Database, word: str) -> list[str] | None:
    """The trigrams of the index that begin with a word shorter than one; None where they are too many, or where
    upper and lower case of the word are more than ASCII's, which LIKE tells apart.
    """
    if not word.isascii() and word.lower() != word.upper():
        return None
    start = word.lower()
    rows = database.query(
        "SELECT term FROM tts_text_terms WHERE term >= ? AND term < ? LIMIT ?",
        [start, start + "\U0010ffff", _MAX_TERMS + 1],
    )
    return [row[0] for row in rows] if len(rows) <= _MAX_TERMS else None


def _quoted(phrase: str) -> str:
    return phrase.replace('"', '""')
