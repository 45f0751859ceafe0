"""What every sink promises, on every database that there is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from sidecar.cli.support.databases import open_database, open_sink
from sidecar.errors import PermanentSinkError, PositionLost, Reason, TablesNotReady, TemporarySinkError
from sidecar.event.event import Event
from sidecar.service.settings import Settings
from sidecar.storage.database import Database
from sidecar.storage.mysql.sink import MysqlSink
from sidecar.storage.sink import Position, Quarantined
from sidecar.storage.sqlite.sink import SqliteSink
from sidecar.storage.tombstones import erase
from sidecar.upkeep.rebuild import rebuild
from tests.batches import NOW, batch, delivery
from tests.events import envelope, failed, rfc3339, started, succeeded, uuid7

AnySink = MysqlSink | SqliteSink
HOSTILE = [
    "好，欢迎 😀 👨‍👩‍👧",
    "quotes ' \" ` and \\ back\\\\slashes",
    "NUL \x00 in the middle",
    "'); DROP TABLE tts_records; --",
    '"],["',
    "%s %(name)s ? :x {0} ${y}",
    "line\nbreak\r\ttab \x1a \x08 \u2028",
    " trailing space ",
    "",
    "a" * 70_000,
]


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, name="studio")


@pytest.fixture
def sink(settings: Settings) -> Iterator[AnySink]:
    opened = open_sink(settings)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def database(settings: Settings, sink: AnySink) -> Iterator[Database]:
    opened = open_database(settings)
    yield opened
    opened.close()


def records(database: Database) -> list[dict[str, Any]]:
    names, rows = database.columns("SELECT * FROM tts_records ORDER BY event_id")
    return [{name: value for name, value in zip(names, row, strict=True) if name != "id"} for row in rows]


def test_before_migrate_the_next_command_is_named(settings: Settings) -> None:
    sink = open_sink(settings)
    with pytest.raises(TablesNotReady, match=r"missing|no database") as caught:
        sink.check()
    assert "sidecar migrate" in caught.value.hint
    sink.close()


def test_migrate_can_be_repeated_and_check_is_content(sink: AnySink) -> None:
    assert sink.migrate() == []
    sink.check()


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_text_comes_back_exactly(sink: AnySink, database: Database, text: str) -> None:
    event = succeeded(text, data={"caller": {"user": text[:255]}, "error": {"type": "E", "message": text[:65535]}})
    sink.commit(batch(sink, delivery(event, f"/srv/{text[:200]}.json".replace("\x00", ""))))
    [record] = records(database)
    assert (record["text_input"], record["error_message"]) == (text, text[:65535])
    assert record["user_id"] == text[:255]
    [(raw,)] = database.query("SELECT event FROM tts_events")
    assert Event.decode(raw.encode()).data == event["data"]


def test_a_record_holds_the_facts_of_its_event(sink: AnySink, database: Database) -> None:
    event = succeeded("欢迎", time="2026-11-22T10:15:42.318207Z")
    sink.commit(batch(sink, event))
    [record] = records(database)
    expected = {
        "text_input": "欢迎",
        "emotion": "happy",
        "audio_path": event["data"]["audio"]["path"],
        "created_at": datetime(2026, 11, 22, 10, 15, 42, 318207, tzinfo=timezone.utc),
        "duration": 4.25,
        "user_id": "anna",
        "model_version": "2",
        "status": "succeeded",
        "event_id": event["id"],
        "source": event["source"],
        "emotion_mode": "vector",
        "voice_sha256": "9f" * 32,
        "wall_time": 4.4,
        "rtf": 1.04,
        "sample_rate": 22050,
        "request_hash": "fc" * 32,
    }
    assert {name: record[name] for name in expected} == expected


def test_shipping_twice_has_the_effect_of_shipping_once(sink: AnySink, database: Database) -> None:
    events = [succeeded(), failed()]
    assert sink.commit(batch(sink, *events)).known == frozenset()
    before = records(database)
    again = sink.commit(batch(sink, *events, recorded_at=NOW.replace(microsecond=1)))
    assert again.known == {event["id"] for event in events}
    assert records(database) == before
    assert database.query("SELECT COUNT(*) FROM tts_events") == [(2,)]


def test_an_attempt_whose_answer_was_lost_still_counts_as_new(sink: AnySink) -> None:
    if isinstance(sink, SqliteSink):
        pytest.skip("a commit into a file has no answer to lose")
    first = batch(sink, succeeded())
    sink.commit(first)
    assert sink.commit(first).known == frozenset()


def test_the_same_event_twice_in_one_batch_is_one_row(sink: AnySink, database: Database) -> None:
    event = succeeded()
    sink.commit(batch(sink, delivery(event, "/a.json"), delivery(event, "/b.json")))
    assert len(records(database)) == 1


def test_an_id_with_other_content_is_refused_by_path_and_nothing_is_stored(sink: AnySink, database: Database) -> None:
    event = succeeded("the first")
    sink.commit(batch(sink, event))
    other = delivery(succeeded("another", id=event["id"]), "/srv/outputs/other.json")
    with pytest.raises(PermanentSinkError) as caught:
        sink.commit(batch(sink, succeeded("innocent"), other))
    assert list(caught.value.rejected) == ["/srv/outputs/other.json"]
    assert [record["text_input"] for record in records(database)] == ["the first"]


def test_what_happened_to_one_subject_folds_to_the_same_record_in_any_order(sink: AnySink, database: Database) -> None:
    folded = set()
    # Each 17th of the 720 orders: every pair of events meets in both orders many times over.
    for order in itertools.islice(itertools.permutations(range(6)), 0, None, 17):
        subject, newer = uuid7(), uuid7()
        events = [
            succeeded("it", id=subject, time="2026-11-22T10:00:00.000000Z"),
            envelope(
                "synthesis.interrupted",
                {"text": "it", "caller": {"request": "r1"}},  # of which the last word says nothing
                subject=subject,
                time="2026-11-22T11:00:00.000000Z",
            ),
            envelope("audio.rated", {"rating": 2}, subject=subject, time="2026-11-22T12:00:00.000000Z"),
            envelope("audio.rated", {"rating": 5, "note": "好"}, subject=subject, time="2026-11-22T13:00:00.000000Z"),
            envelope("audio.deleted", {}, subject=subject, time="2026-11-22T14:00:00.000000Z"),
            succeeded("the newer", id=newer, data={"audio": {"path": "outputs/same.wav", "replaces": subject}}),
        ]
        for index in order:
            sink.commit(batch(sink, events[index]))
        [row] = database.query(
            "SELECT status, text_input, request_id, created_at, rating, rating_note, deleted_at, replaced_by = ? "
            "FROM tts_records WHERE event_id = ?",
            (newer, subject),
        )
        folded.add(row)
    [(status, text, request, created_at, rating, note, deleted_at, replaced)] = folded
    assert (status, text, request, rating, note, bool(replaced)) == ("succeeded", "it", None, 5, "好", True)
    assert rfc3339(created_at) == "2026-11-22T10:00:00.000000Z"
    assert rfc3339(deleted_at) == "2026-11-22T14:00:00.000000Z"


def processes(database: Database) -> list[dict[str, Any]]:
    names, rows = database.columns("SELECT * FROM tts_processes ORDER BY source")
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_a_process_is_one_row_in_any_order_which_takes_are_joined_to(sink: AnySink, database: Database) -> None:
    told = set()
    for order in itertools.permutations(range(4)):
        source = f"indextts://studio/{uuid7()}"
        first, again = started(source=source, data={"cuda": None}), started(source=source, data={"driver": "580"})
        events = [first, again, succeeded(source=source), succeeded(source=source)]
        for index in order:
            sink.commit(batch(sink, events[index]))
        sink.commit(batch(sink, *events))  # once more, all at once
        told |= set(
            database.query(
                "SELECT p.gpu, p.torch, p.cuda, p.driver, p.event_id = ?, p.started_at = ?, COUNT(*), "
                "SUM(r.wall_time) / SUM(r.duration) FROM tts_records r JOIN tts_processes p ON p.source = r.source "
                "WHERE r.source = ? GROUP BY p.source, p.gpu, p.torch, p.cuda, p.driver, p.event_id, p.started_at",
                (again["id"], datetime.fromisoformat(again["time"]), source),
            )
        )
    [(gpu, torch, cuda, driver, same_event, same_time, takes, rtf)] = told
    assert (gpu, torch, cuda, driver, takes) == ("NVIDIA L40S", "2.8.0+cu128", "12.8", "580", 2)
    assert (bool(same_event), bool(same_time)) == (True, True)
    assert rtf == pytest.approx(4.4 / 4.25)
    assert len(processes(database)) == 24
    assert len(records(database)) == 48


def test_what_the_processes_table_says_is_put_right_by_the_log(sink: AnySink, database: Database) -> None:
    sources = [f"indextts://studio/{number}" for number in range(4)]
    sink.commit(batch(sink, *(started(source=source) for source in sources)))
    before = processes(database)
    database.execute("DELETE FROM tts_processes WHERE source = ?", (sources[0],))
    database.execute("UPDATE tts_processes SET torch = 'x', cpu_cores = NULL WHERE source = ?", (sources[1],))
    database.execute("UPDATE tts_processes SET source = 'nobody' WHERE source = ?", (sources[2],))
    assert rebuild(database, lambda items, *_: iter(items)).processes == 4
    assert processes(database) == before
    assert rebuild(database, lambda items, *_: iter(items)).processes == 0


def test_a_process_that_is_forgotten_goes_and_stays_away(sink: AnySink, database: Database) -> None:
    event, other = started(source="indextts://annas-laptop/1"), started(source="indextts://studio/1")
    sink.commit(batch(sink, event, other))
    database.alone(lambda: erase(database, [event["id"]]))
    sink.commit(batch(sink, envelope("record.forgotten", {}, subject=event["id"])))
    assert sink.commit(batch(sink, event)).refused == {event["id"]}
    assert [row["host"] for row in processes(database)] == ["studio"]


def test_a_type_from_the_future_is_logged_and_not_projected(sink: AnySink, database: Database) -> None:
    sink.commit(batch(sink, envelope("voice.cloned", {"anything": [1, {"deep": None}]})))
    assert records(database) == []
    assert database.query("SELECT type FROM tts_events") == [("indextts.voice.cloned",)]


def test_the_position_moves_with_the_rows(sink: AnySink) -> None:
    start = sink.open_position("studio", "/srv/outputs")
    assert (start.ctime_ns, start.files, start.revision) == (0, 0, 0)
    target = replace(start, identity="1:2", ctime_ns=2**62, files=3)
    sink.commit(batch(sink, succeeded(), position=target))
    assert sink.open_position("studio", "/srv/outputs") == replace(target, revision=1)
    assert sink.open_position("studio", "/elsewhere").revision == 0
    assert sink.open_position("other", "/srv/outputs").revision == 0


def test_a_refused_batch_leaves_the_position_where_it_was(sink: AnySink) -> None:
    event = succeeded("the first")
    sink.commit(batch(sink, event))
    before = sink.open_position("studio", "/srv/outputs")
    with pytest.raises(PermanentSinkError):
        sink.commit(batch(sink, succeeded("x", id=event["id"]), position=replace(before, ctime_ns=99)))
    assert sink.open_position("studio", "/srv/outputs") == before


def test_a_restored_backup_is_noticed_and_nothing_is_written(sink: AnySink, database: Database) -> None:
    later = replace(sink.open_position("studio", "/srv/outputs"), revision=5)
    with pytest.raises(PositionLost):
        sink.commit(batch(sink, succeeded(), position=later))
    gone = Position(identity="", ctime_ns=0, files=0, revision=0)
    with pytest.raises(PositionLost):
        sink.commit(batch(sink, succeeded(), position=gone, shipper="never opened"))
    assert records(database) == []


def test_quarantine_keeps_the_first_sighting_and_the_newest_finding(sink: AnySink, database: Database) -> None:
    first = Quarantined(
        path="/srv/outputs/坏.json", reason=Reason.INVALID_JSON, message="it's %s", size=9, content=b"\xff\x00'\\"
    )
    sink.commit(batch(sink, quarantined=[first]))
    second = replace(first, reason=Reason.SCHEMA_MISMATCH, message="now this")
    later = NOW.replace(hour=13)
    sink.commit(batch(sink, quarantined=[second], recorded_at=later))
    [row] = database.query(
        "SELECT path, reason, message, status, bytes, content, attempts, first_seen_at, last_seen_at "
        "FROM sidecar_quarantine"
    )
    assert row == (
        "/srv/outputs/坏.json", "schema_mismatch", "now this", "quarantined", 9, b"\xff\x00'\\", 2, NOW, later,
    )  # fmt: skip
    assert sink.quarantined_paths("studio", "/srv/outputs") == {"/srv/outputs/坏.json"}
    assert sink.quarantined_paths("studio", "/srv/out") == set()
    sink.commit(batch(sink, mended=["/srv/outputs/坏.json"]))
    assert sink.quarantined_paths("studio", "/srv/outputs") == set()


@pytest.mark.parametrize(("one", "other"), [("GPU1", "gpu1"), ("studio-é", "studio-e"), ("声音", "聲音")])
def test_shippers_whose_names_are_not_the_same_bytes_are_two(
    sink: AnySink, database: Database, one: str, other: str
) -> None:
    entry = Quarantined(path="/srv/outputs/x.json", reason=Reason.INVALID_JSON, message="", size=1, content=b"{")
    opened = sink.open_position(one, "/srv/outputs")
    moved = replace(opened, identity="1:2", ctime_ns=5, files=1)
    sink.commit(batch(sink, shipper=one, position=moved, quarantined=[entry]))
    assert sink.open_position(other, "/srv/outputs") == opened
    assert sink.quarantined_paths(other, "/srv/outputs") == set()
    sink.commit(batch(sink, shipper=other, position=opened, quarantined=[entry]))
    sink.commit(batch(sink, shipper=other, position=opened, mended=[entry.path]))
    assert sink.open_position(one, "/srv/outputs") == replace(moved, revision=opened.revision + 1)
    assert sink.quarantined_paths(one, "/srv/outputs") == {entry.path}


def test_a_batch_larger_than_one_statement_is_still_one_transaction(settings: Settings, database: Database) -> None:
    small = open_sink(replace(settings, statement_bytes=4096))
    event = succeeded("the first")
    small.commit(batch(small, event))
    many = [succeeded(f"number {number}") for number in range(50)]
    with pytest.raises(PermanentSinkError):
        small.commit(batch(small, *many, succeeded("x", id=event["id"])))
    assert len(records(database)) == 1
    small.commit(batch(small, *many))
    assert len(records(database)) == 51
    small.close()


def test_after_an_event_too_large_for_the_server_the_connection_is_in_step(sink: AnySink, database: Database) -> None:
    if isinstance(sink, SqliteSink):
        pytest.skip("there is no connection, and no limit")
    opened = sink.open_position("studio", "/srv/outputs")
    sink._link.max_statement = 20_000
    large = delivery(succeeded("x" * 30_000))
    with pytest.raises(PermanentSinkError, match="max_allowed_packet") as caught:
        sink.commit(batch(sink, succeeded(), large))
    assert set(caught.value.rejected) == {large.path}
    for revision in (1, 2):
        assert sink.commit(batch(sink, succeeded())).revision == opened.revision + revision
    assert database.query("SELECT COUNT(*) FROM tts_events") == [(2,)]


def test_the_queries_of_the_original_table_run_unchanged(sink: AnySink, database: Database) -> None:
    at_ten = {"time": "2026-11-22T10:15:42.318207Z"}
    events = [succeeded("欢迎光临", **at_ten), succeeded("再见", emotion="sad", **at_ten), failed(**at_ten)]
    sink.commit(batch(sink, *events))
    welcome = database.query("SELECT * FROM tts_records WHERE text_input LIKE '%欢迎%'")
    assert len(welcome) == 1
    counts = database.query("SELECT emotion, COUNT(*) FROM tts_records GROUP BY emotion")
    assert sorted(counts) == [("happy", 1), ("neutral", 1), ("sad", 1)]
    hour = "strftime('%H', created_at)" if database.dialect == "sqlite" else "HOUR(created_at)"
    assert [(int(hour), count) for hour, count in database.query(
        f"SELECT {hour}, COUNT(*) FROM tts_records GROUP BY {hour}"
    )] == [(10, 3)]  # fmt: skip
    found = database.query(
        "SELECT audio_path FROM tts_records WHERE text_input = ? AND emotion = ?", ("欢迎光临", "happy")
    )
    assert len(found) == 1
    database.execute(
        "INSERT INTO tts_records (text_input, emotion, audio_path, duration) VALUES (?, ?, ?, ?)",
        ("by hand", "calm", "outputs/by_hand.wav", 1.5),
    )
    [(status, created_at)] = database.query("SELECT status, created_at FROM tts_records WHERE emotion = 'calm'")
    assert status == "succeeded"
    assert abs((datetime.now(timezone.utc) - created_at).total_seconds()) < 3600


def test_a_server_that_is_not_there_is_a_temporary_error_without_the_password() -> None:
    settings = Settings(database_url="mysql://anna:s3cret@127.0.0.1:1/tts", connect_timeout=0.5)
    sink = open_sink(settings)
    with pytest.raises(TemporarySinkError) as caught:
        sink.check()
    assert "127.0.0.1:1" in str(caught.value)
    assert "s3cret" not in str(caught.value) + caught.value.hint
