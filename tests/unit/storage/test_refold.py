from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sidecar.storage.beside import TABLES, put_right
from sidecar.storage.dsn import SqliteDsn
from sidecar.storage.refold import compare, latest, mend, replacements
from sidecar.storage.sqlite.database import SqliteDatabase
from sidecar.storage.sqlite.sink import SqliteSink
from sidecar.storage.tombstones import fold_again
from tests.batches import batch
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
    tagged = [
        envelope("audio.tagged", {"add": add, "remove": remove, **note}, subject=first["id"])
        for add, remove, note in (
            (["a", "片头"], ["b"], {"note": "first"}),
            (["b"], ["a"], {}),
            ([], ["b", "c"], {"note": None}),
        )
    ]
    preferred = [
        envelope("audio.preferred", {"over": [loser["id"]], "caller": {"user": user}}, subject=winner["id"])
        for winner, loser, user in ((first, again, "anna"), (again, first, "anna"), (first, again, "ben"))
    ]
    stub = envelope("audio.rated", {"rating": 3}, subject=uuid7())
    return [first, interrupted, again, *ratings, *deleted, *tagged, *preferred, stub]


def commit(dsn: SqliteDsn, events: Sequence[dict[str, Any]]) -> None:
    with closing(SqliteSink(dsn)) as sink:
        for event in events:
            sink.commit(batch(sink, event))


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
        assert [put_right(database, table) for table in TABLES] == [0] * len(TABLES)
        assert told(database) == SAID


SAID = [
    [("first", "a", 0), ("first", "b", 0), ("first", "c", 0), ("first", "片头", 1)],
    [("again", "first", 0), ("again", "first", 1), ("first", "again", 0), ("first", "again", 1)],
]


def told(database: SqliteDatabase) -> list[list[tuple[Any, ...]]]:
    """Tags, and preferences without the persons, by what the records say."""
    names = {
        event_id: "first" if text == "the first" else "again"
        for event_id, text in database.query("SELECT event_id, text_input FROM tts_records WHERE status <> 'pending'")
    }
    tags = database.query("SELECT event_id, tag, present FROM tts_tags ORDER BY tag")
    preferences = database.query("SELECT event_id, other, won FROM tts_preferences")
    return [
        [(names[event_id], *row) for event_id, *row in tags],
        sorted((names[event_id], names[other], won) for event_id, other, won in preferences),
    ]


@pytest.mark.parametrize("table", ["tts_tags", "tts_preferences"])
@pytest.mark.parametrize("damage", ["DELETE FROM {}", "DELETE FROM {} WHERE rowid % 2", "flip", "stray"])
def test_what_is_wrong_beside_the_records_is_put_right(dsn: SqliteDsn, table: str, damage: str) -> None:
    commit(dsn, history())
    column, key = ("present", "tag") if table == "tts_tags" else ("won", "other")
    with closing(SqliteDatabase(dsn)) as database:
        before = database.query(f"SELECT * FROM {table} ORDER BY 1, 2, 3")
        if damage == "flip":
            database.execute(f"UPDATE {table} SET {column} = 1 - {column}")
        elif damage == "stray":
            database.execute(f"UPDATE {table} SET {key} = ? WHERE rowid = 1", [uuid7()])
        else:
            database.execute(damage.format(table))
        assert sum(put_right(database, each) for each in TABLES) > 0
        assert database.query(f"SELECT * FROM {table} ORDER BY 1, 2, 3") == before
        assert sum(put_right(database, each) for each in TABLES) == 0


def test_a_forgotten_take_wins_and_loses_no_more(dsn: SqliteDsn) -> None:
    winner, loser = succeeded("kept"), succeeded("forgotten")
    said = [
        envelope("audio.preferred", {"over": [over["id"]]}, subject=chosen["id"])
        for chosen, over in ((winner, loser), (loser, winner))
    ]
    tombstone = envelope("record.forgotten", {"reason": None}, subject=loser["id"])
    for order in [*itertools.permutations([winner, loser, *said, tombstone])][::9]:
        commit(dsn, order)
        with closing(SqliteDatabase(dsn)) as database:
            rows = database.query("SELECT event_id, other, won FROM tts_preferences")
            assert rows == [(winner["id"], loser["id"], 1)], "what is left of it is the event of the other's win"
            assert sum(put_right(database, each) for each in TABLES) == 0
            for emptied in ("tts_events", "tts_records", "tts_preferences"):
                database.execute(f"DELETE FROM {emptied}")


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


def test_of_a_record_of_which_only_its_successor_speaks_there_is_a_stub(dsn: SqliteDsn) -> None:
    """As after its events were pruned: that it was overwritten is what comes of it whatever comes first."""
    first, _, again, *_ = history()
    commit(dsn, [again])
    subjects = [first["id"], again["id"]]
    with closing(SqliteDatabase(dsn)) as database:
        replaced = latest(replacements(row[0] for row in database.query("SELECT event FROM tts_events")))
        assert not compare(database, subjects, replaced).differs, "a stub that is there stays"
        assert not compare(database, subjects).differs
        before = database.query("SELECT status, replaced_by, created_at FROM tts_records ORDER BY event_id")
        database.execute("DELETE FROM tts_records WHERE event_id = ?", [first["id"]])
        database.alone(lambda: mend(database, compare(database, subjects, replaced)))
        assert database.query("SELECT status, replaced_by, created_at FROM tts_records ORDER BY event_id") == before
        database.execute("DELETE FROM tts_events")
        assert compare(database, subjects).strays == subjects
        assert compare(database, subjects, replaced).strays == subjects, (
            "what has gone since it was read counts no more"
        )


def test_a_stub_that_is_left_of_a_record_keeps_nothing_of_it(dsn: SqliteDsn) -> None:
    """Not even in somebody else's column."""
    first, _, again, *_ = history()
    commit(dsn, [first, again])
    with closing(SqliteDatabase(dsn)) as database:
        database.execute("ALTER TABLE tts_records ADD COLUMN theirs TEXT")
        database.execute("UPDATE tts_records SET theirs = 'of anna'")
        database.execute("DELETE FROM tts_events WHERE subject = ?", [first["id"]])
        database.alone(lambda: fold_again(database, [first["id"]], [first["id"]]))
        rows = database.query("SELECT event_id, status, text_input, replaced_by, theirs FROM tts_records ORDER BY 1")
    assert rows == [
        (first["id"], "pending", "", again["id"], None),
        (again["id"], "succeeded", "over it", None, "of anna"),
    ]


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
