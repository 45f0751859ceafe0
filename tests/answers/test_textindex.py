"""The optional text index: it leaves nothing out that LIKE finds, and the server keeps it whoever writes."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from sidecar.answers.textindex import TextIndex, narrow, text_index
from sidecar.answers.words import forms, like
from sidecar.storage.database import Database
from sidecar.storage.dsn import parse_dsn
from tests.answers.conftest import connect
from tests.answers.load import load
from tests.answers.three_ways import run
from tests.events import envelope, succeeded
from tests.servers import Server

# Equal to others in the collation, of no weight, of two weights, beyond the basic plane, with a meaning in LIKE or in
# the index's own language.
ALPHABET = "aAáÀzßæÆ①１1!！ 　\u200d\u0301欢迎号第。，？😀𠀀ไทย가각ーカか_%\\'\"*+-()~<>@"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Tables with the optional indexes, and nothing in them."""
    load(parse_dsn(database_url), [])
    run(database_url, "index", "--create")
    opened = connect(database_url)
    yield opened
    opened.close()


def found(database: Database, word: str, *, narrowed: bool) -> list[int]:
    conditions = [f"({' OR '.join(['text_input LIKE ? ESCAPE ' + repr('!')] * len(forms(word)))})"]
    parameters = [*map(like, forms(word))]
    also = narrow(database, [word]) if narrowed else None
    if also is not None:
        conditions, parameters = [*conditions, *also[0]], [*parameters, *map(str, also[1])]
    rows = database.query(f"SELECT id FROM tts_records WHERE {' AND '.join(conditions)} ORDER BY id", parameters)
    return [row[0] for row in rows]


def test_the_index_leaves_out_nothing_that_like_finds(database: Database, database_url: str) -> None:
    dice = random.Random(11)
    texts = ["".join(dice.choices(ALPHABET, k=dice.randint(1, 12))) for _ in range(300)]
    load(parse_dsn(database_url), map(succeeded, texts))
    parts = []
    for _ in range(300):
        text = dice.choice(texts)
        start = dice.randrange(len(text))
        parts.append(text[start : start + dice.randint(1, 5)])
    hits = 0
    for word in [*parts, *("".join(dice.choices(ALPHABET, k=3)) for _ in range(100))]:
        expected = found(database, word, narrowed=False)
        assert found(database, word, narrowed=True) == expected, word
        hits += len(expected)
    assert hits > len(parts)


def test_a_long_text_is_found_by_its_end(database: Database, database_url: str) -> None:
    text = "风" * 60_000 + "最后一句话" + "x" * 60_000 + " the very end"
    load(parse_dsn(database_url), [succeeded(text), succeeded("something else")])
    for word in ("最后一句话", "very end", "话x", "nd"):
        assert len(found(database, word, narrowed=True)) == 1, word


def test_the_server_keeps_the_index_whatever_the_shipper_writes(mariadb: Server) -> None:
    name = mariadb.create_database()
    owner = mariadb.url(name)
    load(parse_dsn(owner), [])
    run(owner, "index", "--create")
    narrow_url = mariadb.url(name, mariadb.create_account([f"SELECT, INSERT, UPDATE ON `{name}`.*"]))
    spoken = succeeded("先评分，后到达的句子")
    rated = envelope("audio.rated", {"rating": 5, "note": None, "caller": {"user": "a"}}, subject=spoken["id"])
    load(parse_dsn(narrow_url), [rated], migrate=False)
    database = connect(narrow_url)
    try:
        assert text_index(database) is TextIndex.WEIGHTS
        assert found(database, "后到达", narrowed=True) == []
        more = [succeeded(f"第{number}句") for number in range(200)]
        load(parse_dsn(narrow_url), [spoken, *more], migrate=False)
        assert len(found(database, "后到达", narrowed=True)) == 1
        assert len(found(database, "第17", narrowed=True)) == 11
        assert "search_terms" not in database.columns("SELECT * FROM tts_records LIMIT 1")[0]
        for disturb in (
            lambda: run(owner, "rebuild"),
            lambda: mariadb.execute(f"OPTIMIZE TABLE `{name}`.tts_records"),
            lambda: mariadb.execute(f"ALTER TABLE `{name}`.tts_records ADD COLUMN later INT"),
        ):
            disturb()
            assert text_index(database) is TextIndex.WEIGHTS
            assert len(found(database, "第17", narrowed=True)) == 11
    finally:
        database.close()
        mariadb.drop_database(name)
