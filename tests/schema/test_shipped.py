"""The published examples, shipped by the real command to every database: each ends where its folder says."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql

from tests.schema.examples import INVALID, MAX_BYTES, VALID, event_of


def sidecar(*arguments: str, folder: Path, database_url: str) -> None:
    environment = {
        **os.environ,
        "SIDECAR_WATCH_DIR": "outputs",
        "SIDECAR_DATABASE_URL": database_url,
        "SIDECAR_LISTEN": "off",
    }
    done = subprocess.run(
        [sys.executable, "-m", "sidecar", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def query(sql: str, database_url: str) -> list[tuple[Any, ...]]:
    url = urlsplit(database_url)
    if url.scheme == "sqlite":
        with closing(sqlite3.connect(url.path.removeprefix("/"))) as connection:
            return connection.execute(sql).fetchall()
    with (
        pymysql.connect(
            host=url.hostname or "",
            port=url.port or 0,
            user=url.username,
            password=unquote(url.password or ""),
            database=url.path[1:],
            charset="utf8mb4",
        ) as server,
        server.cursor() as cursor,
    ):
        cursor.execute(sql)
        return list(cursor.fetchall())


def test_every_example_is_stored_exactly_or_quarantined_under_its_name(database_url: str, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    for path in [*VALID, *INVALID]:
        shutil.copy(path, outputs)
    (outputs / "too_large.json").write_bytes(event_of(MAX_BYTES + 1))
    (outputs / "unreadable.json").symlink_to(VALID[0])

    sidecar("migrate", folder=tmp_path, database_url=database_url)
    sidecar("run", "--once", folder=tmp_path, database_url=database_url)

    stored = {
        Path(path).stem: json.loads(event) for path, event in query("SELECT path, event FROM tts_events", database_url)
    }
    quarantined = query("SELECT path, reason, message FROM sidecar_quarantine", database_url)
    expected = {path.stem for path in INVALID} | {"too_large", "unreadable"}
    if database_url.startswith("sqlite"):
        expected.remove("rejected_by_sink")
        assert "rejected_by_sink" in stored
        del stored["rejected_by_sink"]
    assert {Path(path).stem: reason for path, reason, _ in quarantined} == {name: name for name in expected}
    assert all(message for _, _, message in quarantined)
    assert stored == {path.stem: json.loads(path.read_bytes()) for path in VALID}


def test_texts_come_back_from_the_table_byte_for_byte(database_url: str, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    events = [json.loads(path.read_bytes()) for path in VALID]
    for path in VALID:
        shutil.copy(path, outputs)
    (outputs / "largest.json").write_bytes(event_of(MAX_BYTES).replace(b'"019a', b'"019b'))
    events.append(json.loads((outputs / "largest.json").read_bytes()))

    sidecar("migrate", folder=tmp_path, database_url=database_url)
    sidecar("run", "--once", folder=tmp_path, database_url=database_url)

    rows = dict(query("SELECT event_id, text_input FROM tts_records", database_url))
    texts = {event["subject"]: event["data"]["text"] for event in events if event["data"].get("text")}
    assert {subject: rows[subject] for subject in texts} == texts
