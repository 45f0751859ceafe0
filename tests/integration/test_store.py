"""Rows taken for new are those of the upserts, and what was known after all goes that way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pymysql
import pytest

from sidecar.cli.support.databases import open_database, open_sink
from sidecar.errors import PermanentSinkError
from sidecar.service.settings import Settings
from sidecar.storage.database import Database
from sidecar.storage.mysql.sink import MysqlSink
from sidecar.storage.sink import Batch
from tests.batches import NOW, batch
from tests.events import envelope, succeeded, uuid7
from tests.integration.test_sink_contract import HOSTILE
from tests.servers import MySQL, Server

ENOUGH = 100


@pytest.fixture
def url(own_server: Server) -> str:
    return own_server.url(own_server.create_database())


@pytest.fixture
def sink(url: str) -> Iterator[MysqlSink]:
    sink = open_sink(Settings(database_url=url))
    assert isinstance(sink, MysqlSink)
    sink.migrate()
    yield sink
    sink.close()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = open_database(Settings(database_url=url))
    yield database
    database.close()


def rendered(sink: MysqlSink, events: list[dict[str, Any]]) -> Batch:
    made = batch(sink, *events)
    return replace(made, rendered=sink.render(made.deliveries))


def test_rows_taken_for_new_are_those_of_the_upserts(sink: MysqlSink, database: Database, own_server: Server) -> None:
    texts = [text[:255] for text in HOSTILE] + [f"句子 {number}" for number in range(ENOUGH)]
    events = [
        succeeded(text, data={"caller": {"user": text}, "error": {"type": "E", "message": text}}) for text in texts
    ]
    taken = rendered(sink, events)
    assert sink.commit(taken).known == frozenset()
    inserted = _tables(database)
    assert [row[0] for row in database.query("SELECT event FROM tts_events ORDER BY id")] == [
        each.event.raw.decode() for each in sorted(taken.deliveries, key=lambda each: each.event.id)
    ] or isinstance(own_server, MySQL)  # which stores JSON in a form of its own
    for table in ("tts_events", "tts_records"):
        own_server.execute(f"DELETE FROM `{_name(database)}`.{table}")
    sink._patience.refused()
    for half in (taken.deliveries[:50], taken.deliveries[50:]):
        sink.commit(replace(taken, deliveries=half, position=sink.open_position("studio", "/srv")))
    assert _tables(database) == inserted


def test_known_events_are_told_from_new_ones(sink: MysqlSink, database: Database) -> None:
    first = rendered(sink, [succeeded() for _ in range(ENOUGH)])
    sink.commit(first)
    second = rendered(sink, [succeeded() for _ in range(ENOUGH)])
    both = replace(second, deliveries=[*first.deliveries, *second.deliveries], recorded_at=NOW.replace(hour=13))
    assert sink.commit(both).known == {each.event.id for each in first.deliveries}
    assert database.query("SELECT COUNT(*) FROM tts_events") == [(2 * ENOUGH,)]


def test_a_stub_that_is_there_is_filled(sink: MysqlSink, database: Database) -> None:
    events = [succeeded() for _ in range(ENOUGH)]
    sink.commit(rendered(sink, [envelope("audio.rated", {"rating": 5}, id=uuid7(), subject=events[0]["id"])]))
    sink.commit(rendered(sink, events))
    assert database.query("SELECT COUNT(*), SUM(status = 'succeeded'), SUM(rating) FROM tts_records") == [
        (ENOUGH, ENOUGH, 5)
    ]


def test_what_the_server_would_cut_is_refused_and_named(sink: MysqlSink, database: Database) -> None:
    events = [succeeded() for _ in range(ENOUGH)]
    taken = rendered(sink, events)
    stored = taken.deliveries[7]
    sink.commit(rendered(sink, [events[7] | {"sequence": 99}]))
    with pytest.raises(PermanentSinkError) as caught:
        sink.commit(replace(taken, position=sink.open_position("studio", "/srv")))
    assert list(caught.value.rejected) == [stored.path]
    assert database.query("SELECT COUNT(*) FROM tts_events") == [(1,)]


def test_a_server_never_gets_a_file_that_it_asks_for(sink: MysqlSink, own_server: Server) -> None:
    own_server.restart({"local_infile": True})
    sink.close()
    with sink._link.connected().cursor() as cursor:
        cursor.execute("CREATE TABLE stolen (line TEXT)")
        with pytest.raises(pymysql.Error):
            cursor.execute("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE stolen")
        cursor.execute("SELECT COUNT(*) FROM stolen")
        assert cursor.fetchone() == (0,)


def test_every_character_comes_back_from_the_server(sink: MysqlSink, database: Database, own_server: Server) -> None:
    texts = [f"a{chr(code)}b" for code in (*range(0x180), 0x2028, 0x4E00, 0xFFFD, 0x1F600)]
    events = [succeeded(text) for text in texts]
    taken = rendered(sink, events)
    sink.commit(taken)
    stored = "SELECT text_input FROM tts_records ORDER BY event_id"
    assert [row[0] for row in database.query(stored)] == texts
    own_server.execute(f"DELETE FROM `{_name(database)}`.tts_events")
    own_server.execute(f"DELETE FROM `{_name(database)}`.tts_records")
    sink._patience.refused()
    sink.commit(replace(taken, position=sink.open_position("studio", "/srv")))
    assert [row[0] for row in database.query(stored)] == texts


def _name(database: Database) -> str:
    [(name,)] = database.query("SELECT DATABASE()")
    return str(name)


def _tables(database: Database) -> list[Any]:
    events = database.query("SELECT * FROM tts_events ORDER BY id")
    names, _ = database.columns("SELECT * FROM tts_records LIMIT 0")
    columns = ", ".join(name for name in names if name != "id")
    return [*events, *database.query(f"SELECT {columns} FROM tts_records ORDER BY event_id")]
