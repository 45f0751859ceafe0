"""Changing large tables: it takes as long as it takes, shows that it works, and finds its unfinished self again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from sidecar.cli.support.databases import open_sink
from sidecar.service import config
from sidecar.storage.mysql import defining
from tests.integration.processes import eventually
from tests.operate.scene import Scene
from tests.operate.test_upgrades import old_tables
from tests.servers import Server

DOUBLINGS = 17


def fill(scene: Scene) -> None:
    """Rows enough that a change of the table takes longer than an answer may."""
    columns = "text_input, audio_path, error_message"
    scene.execute(f"INSERT INTO tts_records ({columns}) VALUES (REPEAT('好', 300), 'a.wav', REPEAT('x', 300))")
    for _ in range(DOUBLINGS):
        scene.execute(f"INSERT INTO tts_records ({columns}) SELECT {columns} FROM tts_records")


def test_a_large_table_is_changed_however_long_it_takes(tmp_path: Path, own_tables_url: str) -> None:
    scene = old_tables(tmp_path, own_tables_url, 6)
    fill(scene)
    assert "applied 007_collations\n" in scene.run("migrate", "--read-timeout", "0.5")
    assert scene.query("SELECT COUNT(*) FROM tts_records") == [(2**DOUBLINGS,)]


def test_a_migrate_waits_for_what_an_earlier_one_left_at_work(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(defining, "_LOCK_SECONDS", 60.0)  # the first is to be at it until the second has seen it
    name = server.create_database()
    scene = old_tables(tmp_path, server.url(name), 6)
    with (
        ThreadPoolExecutor() as pool,
        closing(open_sink(config.load(scene.given()))) as first,
        closing(open_sink(config.load(scene.given()))) as second,
        server.connect(name, autocommit=False) as holder,
        holder.cursor() as cursor,
    ):
        cursor.execute("SELECT COUNT(*) FROM tts_records")  # a transaction that keeps the table from being changed
        said: list[str] = []
        try:
            changing = pool.submit(first.migrate)
            eventually(lambda: waits_for_the_table(server), "the change that waits")
            following = pool.submit(second.migrate, said.append)
            eventually(lambda: said, "the second one's word")
        finally:
            holder.rollback()
        assert (changing.result()[0], following.result()) == ("007_collations", [])
    assert "an earlier `sidecar migrate` is still at work on the server: ALTER TABLE tts_records" in said[0]
    server.drop_database(name)


def test_a_change_shows_that_it_works(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(defining, "_LOCK_SECONDS", 60.0)
    monkeypatch.setattr(defining, "_TELL_SECONDS", 0.2)
    name = server.create_database()
    scene = old_tables(tmp_path, server.url(name), 6)
    with (
        ThreadPoolExecutor() as pool,
        closing(open_sink(config.load(scene.given()))) as sink,
        server.connect(name, autocommit=False) as holder,
        holder.cursor() as cursor,
    ):
        cursor.execute("SELECT COUNT(*) FROM tts_records")
        said: list[str] = []
        try:
            changing = pool.submit(sink.migrate, said.append)
            eventually(lambda: any("metadata lock" in line for line in said), "what the server is at")
        finally:
            holder.rollback()
        assert changing.result()[0] == "007_collations"
    assert said[0].startswith("still at work: ALTER TABLE tts_records, ")
    server.drop_database(name)


def waits_for_the_table(server: Server) -> bool:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW FULL PROCESSLIST")
        return any("metadata lock" in str(row[6]) for row in cursor.fetchall())
