"""The queue of takes to hear, and what is said of takes at hand, out of a real SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from sidecar.answers import review
from sidecar.event.event import Event
from sidecar.storage.columns import COLUMNS
from sidecar.storage.database import Database
from sidecar.storage.dsn import parse_dsn
from sidecar.storage.projection import fold, project
from sidecar.storage.sqlite.database import SqliteDatabase
from sidecar.storage.sqlite.sink import SqliteSink
from sidecar.wording import translator
from tests.batches import batch
from tests.events import encode, envelope, scored, succeeded, uuid7
from tests.servers import sqlite_url
from tests.unit.answers.test_doubts import USUAL, past

MEASURES = {name: value for name, value in USUAL.items() if name not in ("voice", "language", "truncated")}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path / "sidecar.db")


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    commit(url, [])
    opened = SqliteDatabase(parse_dsn(url))  # type: ignore[arg-type]
    yield opened
    opened.close()


def commit(url: str, events: list[dict[str, Any]]) -> None:
    sink = SqliteSink(parse_dsn(url))  # type: ignore[arg-type]
    sink.migrate()
    sink.commit(batch(sink, *events))
    sink.close()


def take(**measures: Any) -> list[dict[str, Any]]:
    """A take in one voice, and its score."""
    voice = {"path": "a.wav", "sha256": None}
    made = succeeded(data={"voice": voice, "language": "zh", "truncated": False})
    heard = {name: value for name, value in (MEASURES | measures).items() if name != "event_id"}
    return [made, scored(made["id"], **heard)]


def usual(count: int = 30) -> list[dict[str, Any]]:
    varied = [{name: each[name] for name in MEASURES} for each in past(count)]
    return [event for measures in varied for event in take(**measures)]


def verdict(subject: str, decided: str | None, **changes: Any) -> dict[str, Any]:
    return envelope("audio.reviewed", {"verdict": decided, "doubts": ["silence"]}, subject=subject, **changes)


def test_the_most_doubtful_come_first_and_the_usual_not_at_all(url: str, database: Database) -> None:
    little, much = take(longest_silence=2.0), take(longest_silence=6.0)
    commit(url, [*usual(), *little, *much])
    queue = review.queue(database)
    assert queue.takes == 32
    assert queue.waiting == [much[0]["id"], little[0]["id"]]
    assert queue.counts() == {"silence": 2}


def test_what_is_decided_waits_no_more_and_what_is_taken_back_does(url: str, database: Database) -> None:
    odd = take(longest_silence=6.0)
    subject = odd[0]["id"]
    commit(url, [*usual(), *odd, verdict(subject, "reject")])
    queue = review.queue(database)
    assert (list(queue.doubtful), queue.waiting) == ([subject], [])
    commit(url, [verdict(subject, None)])
    assert review.queue(database).waiting == [subject]


@pytest.mark.parametrize("gone", ["deleted", "replaced"])
def test_audio_that_is_no_more_is_not_to_be_heard(url: str, database: Database, gone: str) -> None:
    odd = take(longest_silence=6.0)
    subject = odd[0]["id"]
    by = succeeded(data={"audio": {"path": "outputs/a.wav", "replaces": subject}})
    commit(url, [*usual(), *odd, by if gone == "replaced" else envelope("audio.deleted", {}, subject=subject)])
    assert review.queue(database).doubtful == {}


def test_no_more_than_the_newest_are_read(url: str, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    old = take(longest_silence=6.0)
    commit(url, [*old, *usual(40)])
    monkeypatch.setattr(review, "NEWEST", 40)
    queue = review.queue(database)
    assert (queue.takes, queue.waiting) == (40, [])
    told = review.reviews(database, lambda: queue.pasts, [old[0]["id"]])[old[0]["id"]]
    assert [doubt.kind for doubt in told.doubts] == ["silence"], "what is usual now says so of an older take as well"


def test_of_a_take_without_a_score_nothing_is_asked(url: str, database: Database) -> None:
    bare = succeeded(data={"truncated": True})
    commit(url, [bare, verdict(bare["id"], "keep", time="2026-11-22T10:26:00.000000Z")])

    def never() -> Any:
        raise AssertionError

    told = review.reviews(database, never, [bare["id"], None, uuid7()])
    assert list(told) == [bare["id"]]
    assert (told[bare["id"]].doubts, told[bare["id"]].verdict) == ((), "keep")


def test_programs_are_told_in_numbers_and_in_a_sentence(url: str, database: Database) -> None:
    odd = take(longest_silence=6.0)
    commit(url, [*usual(), *odd])
    pasts = review.usual(database)
    (told,) = review.annotated(database, lambda: pasts, [{"event_id": odd[0]["id"]}], translator("en"))
    (doubt,) = told["doubts"]
    assert (doubt["kind"], doubt["seen"], doubt["takes"]) == ("silence", 6.0, 30)
    assert doubt["sentence"].startswith("Silent for 6.0 s in one place")
    (other,) = review.annotated(database, lambda: pasts, [{"event_id": None}], translator("en"))
    assert (other["doubts"], other["verdict"]) == ([], None)


def test_verdicts_fold_to_the_latest_in_any_order() -> None:
    subject = uuid7()
    first = verdict(subject, "keep", time="2026-11-22T10:00:00.000000Z")
    last = verdict(subject, "reject", time="2026-11-22T11:00:00.000000Z")
    base = succeeded(id=subject, subject=subject)
    folded = []
    for order in ([base, first, last], [last, first, base], [first, last, base]):
        rows = [row for event in order for row in project(Event.decode(encode(event)))]
        record = fold(rows)
        assert record is not None
        folded.append(record)
    assert folded[0] == folded[1] == folded[2]
    assert (folded[0]["verdict"], folded[0]["reviewed_doubts"]) == ("reject", "silence")
    assert str(folded[0]["reviewed_at"]).startswith("2026-11-22 11:00")
    assert {"verdict", "review_key"} <= {column.name for column in COLUMNS}


def test_what_people_keep_moves_a_limit_for_everybody_and_is_counted_by_what_they_were_shown(
    url: str, database: Database
) -> None:
    seen = [take(longest_silence=1.3) for _ in range(12)]
    odd, other = take(longest_silence=1.31), take(longest_silence=6.0)
    commit(url, [*usual(), *odd, *other, *chain.from_iterable(seen)])
    silent = {each[0]["id"] for each in (*seen, odd, other)}
    assert silent <= set(review.queue(database).waiting)
    commit(url, [verdict(each[0]["id"], "keep") for each in seen])
    queue = review.queue(database)
    assert silent & set(queue.doubtful) == {other[0]["id"]}, "the moved limit is beyond the other one too"
    (moved,) = queue.verdicts.moved
    assert (moved.kind, moved.kept, moved.rejected, moved.times) == ("silence", 12, 0, 1.1)
    assert queue.not_in_doubt == queue.takes - len(queue.doubtful)
    for pasts in (queue.pasts, review.usual(database)):
        told = review.reviews(database, lambda pasts=pasts: pasts, [odd[0]["id"]])  # type: ignore[misc]
        assert told[odd[0]["id"]].doubts == []
    commit(url, [verdict(each[0]["id"], None) for each in seen])
    assert silent <= set(review.queue(database).waiting), "taken back, it is where it was"


def test_a_rejected_take_whose_audio_is_gone_still_counts(url: str, database: Database) -> None:
    odd = take(longest_silence=6.0)
    gone = envelope("audio.deleted", {}, subject=odd[0]["id"])
    commit(url, [*usual(), *odd, verdict(odd[0]["id"], "reject"), gone])
    queue = review.queue(database)
    assert (queue.doubtful, queue.verdicts.precision) == ({}, 1.0)
