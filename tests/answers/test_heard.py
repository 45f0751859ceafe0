"""How takes sound, asked of each database: doubts, what people decided, what a recogniser heard, and drift."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta, timezone
from itertools import chain
from random import Random
from typing import Any

import pytest

from sidecar.answers import review
from sidecar.answers.drift import drift
from sidecar.answers.filters import Filter
from sidecar.answers.measured import Measured, measured
from sidecar.storage.database import Database
from sidecar.storage.dsn import parse_dsn
from sidecar.web.listing import PAGE
from tests.answers.conftest import connect
from tests.answers.load import load
from tests.answers.three_ways import library
from tests.events import envelope, rfc3339, scored, succeeded
from tests.unit.answers.test_review import MEASURES, take, usual, verdict


def put(url: str, *events: list[dict[str, Any]]) -> None:
    load(parse_dsn(url), chain.from_iterable(events), folder="/outputs", migrate=False)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    load(parse_dsn(database_url), usual(40), folder="/outputs")
    with closing(connect(database_url)) as opened:
        yield opened


def test_the_queue_holds_what_is_there_and_undecided(database: Database, database_url: str) -> None:
    worse, odd, gone, replaced, decided = (take(longest_silence=silence) for silence in (6.0, 5.0, 4.0, 3.0, 2.0))
    failed = take(longest_silence=6.0)
    failed[1]["data"] = {**failed[1]["data"], "measures": None, "problem": {"reason": "empty"}}
    by = succeeded(data={"audio": {"path": "outputs/a.wav", "replaces": replaced[0]["id"]}})
    put(
        database_url,
        *(worse, odd, gone, replaced, decided, failed),
        [envelope("audio.deleted", {}, subject=gone[0]["id"]), by, verdict(decided[0]["id"], "reject")],
    )
    queue = review.queue(database)
    assert queue.waiting == [worse[0]["id"], odd[0]["id"]]
    assert list(queue.doubtful) == [worse[0]["id"], odd[0]["id"], decided[0]["id"]]
    assert (queue.takes, queue.not_in_doubt, queue.verdicts.precision) == (45, 40, 1.0)
    put(database_url, [verdict(decided[0]["id"], None)])
    assert review.queue(database).waiting[-1] == decided[0]["id"]
    with library(database_url) as get:
        told = json.loads(get("/api/review"))
        assert [each["event_id"] for each in told["records"]] == [each[0]["id"] for each in (worse, odd, decided)]
        doubtful = json.loads(get("/api/records?doubtful=yes&sort=length"))["records"]
        assert {each["event_id"] for each in doubtful} == {each[0]["id"] for each in (worse, odd, decided)}


def test_no_more_than_the_newest_say_what_is_usual(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(database_url, take(longest_silence=6.0), usual(40))
    monkeypatch.setattr(review, "NEWEST", 40)
    queue = review.queue(database)
    assert (queue.takes, queue.waiting) == (40, [])


def test_what_was_heard_in_a_take_is_told_of_that_take(database: Database, database_url: str) -> None:
    odd, other = take(loudness=-31.5, true_peak=-12.25, mos_overall=2.5), succeeded("没有人听过")
    differences = [{"start": 0, "end": 2, "heard": "欢影😊"}]
    odd[1]["data"]["transcript"] = {"recogniser": "ear", "text": "欢影", "cer": 0.25, "differences": differences}
    put(database_url, odd, [other])
    ids = [odd[0]["id"], other["id"]]
    assert measured(database, ids) == {ids[0]: Measured(loudness=-31.5, true_peak=-12.25, mos_overall=2.5)}
    with library(database_url) as get:
        pages = (get(f"/rows?sort=score&cursor={begin}").decode() for begin in range(0, 3 * PAGE, PAGE))
        rows = [each for page in pages for each in re.findall(r'data-record="([^"]+)"', page)]
        assert (rows[0], rows[-1]) == (ids[0], ids[1]), "the worst first; what has no score comes last"
        assert "欢影😊" in get(f"/records/{ids[0]}").decode()


def test_a_fall_has_its_voice_and_its_day_wherever_days_begin(database_url: str) -> None:
    random, began = Random(1), datetime(2026, 11, 2, 22, 30, tzinfo=timezone.utc)
    events = []
    for number in range(20):
        for voice in ("a", "b"):
            for _ in range(4):
                made = succeeded(
                    data={"voice": {"path": f"{voice}.wav", "sha256": None}, "language": "zh"},
                    time=rfc3339(began + timedelta(days=number)),
                )
                score = random.gauss(3.2, 0.1) - 0.5 * (voice == "b" and number >= 12)
                events += [made, scored(made["id"], **{**MEASURES, "mos_overall": score})]
    load(parse_dsn(database_url), events, folder="/outputs")
    with closing(connect(database_url)) as database:
        pasts = review.usual(database)
        for zone, day in ((timezone.utc, 14), (timezone(timedelta(hours=8)), 15)):
            found = drift(database, Filter(), pasts, zone)
            changes = {(group.name, change.measure.value, change.step.at) for group, change in found.changed}
            assert changes == {("b.wav", "score", date(2026, 11, day))}
        several = Filter(voice=("a.wav",), since=began + timedelta(days=10))
        assert drift(database, several, pasts, timezone.utc).whole.takes == 40
