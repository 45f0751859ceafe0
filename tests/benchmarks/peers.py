"""What the shipper is compared with, on the same events and the same server.

The statements of the ceiling stand here in full, and not in the shipper's words, so that the measure stays the same
when the shipper finds better ones.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from sidecar.event.event import Event
from sidecar.storage.projection import BASE, Values, project

ROWS_A_STATEMENT = 1000
EVENT_COLUMNS = "id, type, source, sequence, subject, time, shipper, path, sha256, recorded_at, event"
_EVENTS = f"INSERT INTO tts_events ({EVENT_COLUMNS}) VALUES {{}} ON DUPLICATE KEY UPDATE id = id"
_RECORDS = f"INSERT INTO tts_records ({', '.join(BASE.columns)}) VALUES {{}} ON DUPLICATE KEY UPDATE id = id"
_POSITION = (
    "INSERT INTO sidecar_positions VALUES ('ceiling', '/', '0:0', 1, 1, 1, UTC_TIMESTAMP(6)) "
    "ON DUPLICATE KEY UPDATE revision = revision + 1"
)
ARTICLE_TABLE = (
    "CREATE TABLE article_records (id BIGINT AUTO_INCREMENT PRIMARY KEY, text_input TEXT NOT NULL, "
    "emotion VARCHAR(50) DEFAULT 'neutral', audio_path VARCHAR(255) NOT NULL, "
    "created_at DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6), duration FLOAT, user_id VARCHAR(50), "
    "model_version VARCHAR(20), INDEX idx_created (created_at), INDEX idx_emotion (emotion)) "
    "DEFAULT CHARACTER SET utf8mb4"
)


def ceiling(connection: Connection[Cursor], raws: Sequence[bytes]) -> float:
    """Rows rendered beforehand, both tables and a position in each transaction, one connection.

    Returns:
        Seconds that sending and committing took.
    """
    transactions = list(_rendered(connection, raws))
    connection.autocommit(False)
    started = time.monotonic()
    with connection.cursor() as cursor:
        for statements in transactions:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()
    return time.monotonic() - started


def _rendered(connection: Connection[Cursor], raws: Sequence[bytes]) -> Iterator[list[Any]]:
    for first in range(0, len(raws), ROWS_A_STATEMENT):
        events = [Event.decode(raw) for raw in raws[first : first + ROWS_A_STATEMENT]]
        event_rows = [event_row(each) for each in events]
        record_rows = [row for event in events for fold, row in project(event) if fold is BASE]
        yield [
            _POSITION.encode(),
            _EVENTS.format(_values(connection, event_rows)).encode(),
            _RECORDS.format(_values(connection, record_rows)).encode(),
        ]


def event_row(event: Event) -> tuple[Any, ...]:
    """What EVENT_COLUMNS hold of it."""
    moment = event.time.replace(tzinfo=None)
    envelope = (event.id, event.type, event.source, event.sequence, event.subject, moment)
    return (*envelope, "bench", f"/outputs/{event.id}.json", event.sha256, moment, event.raw.decode())


def _values(connection: Connection[Cursor], rows: Sequence[Values]) -> str:
    return ",".join(connection.escape(row) for row in rows)


def one_insert_a_row(connection: Connection[Cursor], raws: Sequence[bytes]) -> float:
    """What the original article does: an INSERT and a COMMIT for each synthesis, one table of eight columns.

    Returns:
        Seconds.
    """
    events = [Event.decode(raw) for raw in raws]
    with connection.cursor() as cursor:
        cursor.execute(ARTICLE_TABLE)
        connection.autocommit(False)
        started = time.monotonic()
        for event in events:
            insert(cursor, event)
            connection.commit()
        return time.monotonic() - started


def insert(cursor: Cursor, event: Event) -> None:
    data = event.data
    cursor.execute(
        "INSERT INTO article_records (text_input, emotion, audio_path, duration, user_id, model_version) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        (
            data["text"],
            data["emotion"]["label"],
            data["audio"]["path"],
            data["audio"]["duration"],
            None,
            data["model"]["version"],
        ),
    )


def count(connection: pymysql.connections.Connection[Cursor], table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {table}")
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])
