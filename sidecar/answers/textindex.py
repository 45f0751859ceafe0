"""The optional indexes for search: which of them are there, and how a word is asked of the text index.

They are apart from the tables' migrations: each index makes every insert dearer, and shipping comes first. Whoever
searches large tables applies them with `sidecar index`.

The text index only narrows down. LIKE decides, so that the answer is the same with and without it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sidecar.answers.filters import Where
from sidecar.database import Database

_GRAM = 2  # ngram_token_size, MySQL's default
_TRIGRAM = 3
_MAX_TERMS = 400
_MYSQL_INDEX = "idx_text"
_SQLITE_TABLE = "tts_text_search"


def has_text_index(database: Database) -> bool:
    return _is_there(database, _MYSQL_INDEX if database.dialect == "mysql" else _SQLITE_TABLE)


def has_filter_indexes(database: Database) -> bool:
    return _is_there(database, "idx_rating_created")  # the last one of the file


def supports_text_index(database: Database) -> bool:
    return database.dialect == "sqlite" or "mariadb" not in str(database.query("SELECT VERSION()")[0][0]).lower()


def _is_there(database: Database, name: str) -> bool:
    if database.dialect == "mysql":
        found = database.query(
            "SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() "
            "AND table_name = 'tts_records' AND index_name = ? LIMIT 1",
            [name],
        )
    else:
        found = database.query("SELECT 1 FROM sqlite_master WHERE name = ?", [name])
    return bool(found)


def narrow(database: Database, words: Sequence[str]) -> Where | None:
    """Conditions that every record with these words meets, answered from the text index.

    Returns:
        None where the index cannot help with any of them.
    """
    if database.dialect == "mysql":
        return _narrow_mysql(words)
    return _narrow_sqlite(database, words)


def _narrow_mysql(words: Sequence[str]) -> Where | None:
    """Phrases of bigrams. The index knows no blanks and not every punctuation mark (9.7 finds nothing for the phrase
    "号。"), so a word is asked for in its runs of letters and digits.

    Characters beyond the basic plane are all equal to MySQL's LIKE under utf8mb4_unicode_ci, but not to its index.
    """
    known = "".join(
        character if character.isalnum() and character <= "\uffff" else " " for character in "\n".join(words)
    )
    usable = [part for part in known.split() if len(part) >= _GRAM]
    if not usable:
        return None
    asked = " ".join(f'+"{part}"' for part in usable)
    return ["MATCH (text_input) AGAINST (? IN BOOLEAN MODE)"], [asked]


def _narrow_sqlite(database: Database, words: Sequence[str]) -> Where | None:
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
    return [f"id IN (SELECT rowid FROM {_SQLITE_TABLE} WHERE {_SQLITE_TABLE} MATCH ?)"], [" AND ".join(phrases)]


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
