from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sidecar.event.event import Event
from sidecar.storage.dsn import SqliteDsn
from sidecar.storage.refold import compare, latest, mend, replacements
from sidecar.storage.sink import Batch, Delivery
from sidecar.storage.sqlite.database import SqliteDatabase
from sidecar.storage.sqlite.sink import SqliteSink
from tests.events import encode, envelope, succeeded, uuid7


def history() -> list[dict[str, Any]]:
    """Everything that can be said of two records, one of which overwrote the other's audio."""
    first = succeeded("the first")
    interrupted = envelope("synthesis.interrupted", {"text": "the first"}, subject=first["id"])
    again = succeeded("over it", data={"audio": {**first["data"]["audio"], "replaces": first["id"]}})
    ratings = [
        envelope("audio.rated", {"rating": stars, "note": "so", "caller": {"user": "anna"}}, subject=first["id"])
        for stars in (2, 5, 1)
    ]
    deleted = [envelope("audio.deleted", {"reason": "old"}, subject=again["id"]) for _ in range(2)]
    stub = envelope("audio.rated", {"rating": 3}, subject=uuid7())
    return [first, interrupted, again, *ratings, *deleted, stub]


def commit(dsn: SqliteDsn, events: Sequence[dict[str, Any]]) -> None:
    with closing(SqliteSink(dsn)) as sink:
        for event in events:
            batch = Batch(
                shipper="x",
                folder="/f",
                deliveries=[Delivery(event=Event.decode(encode(event)), path=f"/f/{event['id']}.json")],
                quarantined=(),
                position=sink.open_position("x", "/f"),
                recorded_at=datetime.now(timezone.utc),
            )
            sink.commit(batch)


@pytest.fixture
def dsn(tmp_path: Path) -> SqliteDsn:
    made = SqliteDsn(path=str(tmp_path / "sidecar.db"))
    with closing(SqliteSink(made)) as sink:
        sink.migrate()
    return made


@pytest.mark.parametrize("seed", range(8))
def test_what_the_statements_fold_is_what_is_expected_in_any_order(dsn: SqliteDsn, seed: int) -> None:
    events = history()
    random.Random(seed).shuffle(events)
    commit(dsn, events)
    subjects = sorted({event["subject"] for event in events})
    with closing(SqliteDatabase(dsn)) as database:
        replaced = latest(replacements(row[0] for row in database.query("SELECT event FROM tts_events")))
        assert not compare(database, subjects, replaced).differs
        assert not compare(database, subjects).differs


@pytest.mark.parametrize("column", ["emotion", "rating", "rating_key", "replaced_by", "deleted_at", "params", "rtf"])
def test_each_column_that_is_wrong_is_put_right_and_no_other(dsn: SqliteDsn, column: str) -> None:
    events = history()
    commit(dsn, events)
    subjects = sorted({event["subject"] for event in events})
    with closing(SqliteDatabase(dsn)) as database:
        replaced = latest(replacements(row[0] for row in database.query("SELECT event FROM tts_events")))
        before = database.query("SELECT * FROM tts_records ORDER BY id")
        database.execute(
            f"UPDATE tts_records SET {column} = NULL"
            if column != "emotion"
            else f"UPDATE tts_records SET {column} = 'x'"
        )
        found = compare(database, subjects, replaced)
        assert set(itertools.chain.from_iterable(wrong for _, wrong in found.wrong)) == {column}
        database.alone(partial(mend, database, found))
        assert database.query("SELECT * FROM tts_records ORDER BY id") == before


def test_a_record_of_which_only_its_successor_speaks_is_not_made_again(dsn: SqliteDsn) -> None:
    """As after its events were pruned."""
    first, _, again, *_ = history()
    commit(dsn, [again])
    with closing(SqliteDatabase(dsn)) as database:
        replaced = latest(replacements(row[0] for row in database.query("SELECT event FROM tts_events")))
        assert not compare(database, [first["id"], again["id"]], replaced).differs, "a stub that is there stays"
        database.execute("DELETE FROM tts_records WHERE event_id = ?", [first["id"]])
        assert not compare(database, [first["id"], again["id"]], replaced).differs


def test_a_forgotten_record_is_a_stray_and_one_that_cannot_be_read_is_left_alone(dsn: SqliteDsn) -> None:
    first, other = succeeded(), succeeded()
    commit(dsn, [first, other])
    tombstone = envelope("record.forgotten", {"reason": None}, subject=first["id"])
    with closing(SqliteDatabase(dsn)) as database:
        database.execute("UPDATE tts_events SET event = '{}' WHERE id = ?", [other["id"]])
        database.execute(
            "INSERT INTO tts_events SELECT ?, 'indextts.record.forgotten', source, 9, subject, time, shipper, path, "
            "sha256, recorded_at, ? FROM tts_events WHERE id = ?",
            [tombstone["id"], encode(tombstone).decode(), first["id"]],
        )
        found = compare(database, [first["id"], other["id"]], {})
    assert (found.strays, found.wrong, found.missing, found.unreadable) == ([first["id"]], [], [], 1)
