"""What changed in how takes sound, from which day on, and that nothing else is named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

import pytest

from sidecar.answers import drift as module
from sidecar.answers import review
from sidecar.answers.drift import By, Drift, Heard, Measure, compare, drift
from sidecar.answers.filters import Filter
from sidecar.answers.telling import name, sentence
from sidecar.storage.database import Database
from sidecar.storage.dsn import parse_dsn
from sidecar.storage.sqlite.database import SqliteDatabase
from sidecar.wording import codes, translator
from tests.events import rfc3339, scored, succeeded
from tests.servers import sqlite_url
from tests.unit.answers.test_review import MEASURES, commit

FIRST = date(2026, 11, 2)
SEEDS = int(os.environ.get("SEEDS", "12"))
"""Studios that are drawn. Of many, such as SEEDS=300, about one in a hundred tells of something that is not there."""


def studio(
    seed: int = 1, *, fallen: tuple[int, ...] = (), day: int = 20, by: float = 0.6, voices: int = 6, a_day: int = 6
) -> list[Heard]:
    """Four weeks of takes in several voices, each with a level of its own; the text of a day moves all of them."""
    random, takes = Random(seed), []
    levels = [(random.uniform(2.6, 3.4), random.uniform(4, 6)) for _ in range(voices)]
    for number in range(28):
        text = random.gauss(0, 0.04)
        for voice, (score, rate) in enumerate(levels):
            own = random.gauss(0, 0.04)
            for _ in range(random.randint(a_day // 2, a_day * 3 // 2)):
                fell = voice in fallen and number >= day
                doubtful = random.random() < (0.6 if fell else 0.03)
                takes.append(
                    Heard(
                        day=FIRST + timedelta(number),
                        voice=(f"hash {voice}", "zh"),
                        names={
                            By.VOICE: f"voices/v{voice}.wav",
                            By.MODEL: random.choice(("2", "2.5")),
                            By.EMOTION: random.choice(("happy", "sad", "neutral")),
                        },
                        score=random.gauss(score, 0.2) + text + own - fell * by,
                        rate=rate * (1 + random.gauss(0, 0.08)),
                        kinds=("noisy",) if doubtful else (),
                    )
                )
    return takes


def named(found: Drift) -> set[tuple[str, str, str]]:
    return {(group.by.value, group.name, change.measure.value) for group, change in found.changed}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_fall_in_one_voice_is_found_and_nothing_else_is_named(seed: int) -> None:
    found = compare(studio(seed, fallen=(3,)))
    assert {each[:2] for each in named(found)} == {("voice", "voices/v3.wav")}
    (score,) = (change for _, change in found.changed if change.measure is Measure.SCORE)
    assert abs((score.step.at - FIRST).days - 20) <= 1
    assert score.worse
    assert found.groups[0].name == "voices/v3.wav", "what changed stands first"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 100 + SEEDS))
def test_where_nothing_changes_nothing_is_named(seed: int) -> None:
    assert named(compare(studio(seed))) == set()


def test_one_of_two_voices_is_not_told_again_of_models_and_emotions() -> None:
    found = compare(studio(fallen=(1,), voices=2))
    assert {each[:2] for each in named(found)} == {("voice", "voices/v1.wav")}


def test_where_all_voices_fell_the_models_are_named_beside_them() -> None:
    found = compare(studio(fallen=(0, 1, 2), voices=3))
    assert {each[1] for each in named(found) if each[0] == "voice"} == {f"voices/v{voice}.wav" for voice in range(3)}
    assert {("model", "2", "score"), ("model", "2.5", "score")} <= named(found)


def test_more_takes_in_a_worse_voice_are_no_change_of_the_model() -> None:
    takes = [take for take in studio(voices=2) if (take.voice[0] == "hash 0") == (take.day < FIRST + timedelta(14))]
    assert compare(takes).of(By.MODEL)[0].changes == []


def test_a_slower_voice_is_told_by_its_rate() -> None:
    takes = [
        Heard(**{**vars(take), "rate": (take.rate or 0) * 0.8})
        if take.voice[0] == "hash 2" and take.day >= FIRST + timedelta(15)
        else take
        for take in studio()
    ]
    found = compare(takes)
    assert named(found) == {("voice", "voices/v2.wav", "rate")}
    assert not found.changed[0][1].worse, "slower is another thing than worse"


def test_weeks_begin_on_monday_and_hold_what_was_heard() -> None:
    takes = studio()
    found = compare(takes)
    assert list(found.weeks) == [FIRST + timedelta(7 * week) for week in range(4)]
    assert sum(cell.takes for cell in found.weeks.values()) == found.whole.takes == len(takes)
    for group in found.groups:
        assert sum(cell.takes for cell in group.weeks.values()) == group.whole.takes
    assert found.reasons == {"noisy": sum(bool(take.kinds) for take in takes)}


def test_nothing_is_said_of_nothing() -> None:
    found = compare([])
    assert (found.changed, found.whole.takes, found.weeks, found.since) == ([], 0, {}, None)


@pytest.mark.parametrize("language", codes())
def test_every_change_is_said_in_a_sentence(language: str) -> None:
    word = translator(language)
    found = compare(studio(fallen=(0, 1, 2), voices=3))
    for group, change in found.changed:
        said = sentence(group, change, word)
        assert "{" not in said
        assert str(change.step.at) in said
        assert name(group, word) in said
    assert any("v1.wav (zh)" in sentence(group, change, word) for group, change in found.changed)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = sqlite_url(tmp_path / "sidecar.db")
    random, events = Random(1), []
    began = datetime(2026, 11, 2, 22, 30, tzinfo=timezone.utc)
    for number in range(20):
        for voice in ("a", "b"):
            for _ in range(4):
                fell = voice == "b" and number >= 12
                made: dict[str, Any] = succeeded(
                    data={"voice": {"path": f"{voice}.wav", "sha256": None}, "language": "zh"},
                    time=rfc3339(began + timedelta(days=number)),
                )
                score = random.gauss(3.2, 0.1) - 0.5 * fell
                events += [made, scored(made["id"], **{**MEASURES, "mos_overall": score})]
    commit(url, events)
    opened = SqliteDatabase(parse_dsn(url))  # type: ignore[arg-type]
    yield opened
    opened.close()


def test_the_tables_are_asked_by_filter_and_day(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    pasts = review.usual(database)
    found = drift(database, Filter(), pasts, timezone.utc)
    assert ("voice", "b.wav", "score") in named(found)
    assert {each[1] for each in named(found)} == {"b.wav"}
    assert {change.step.at for _, change in found.changed} == {date(2026, 11, 14)}
    east = timezone(timedelta(hours=8))
    assert {change.step.at for _, change in drift(database, Filter(), pasts, east).changed} == {date(2026, 11, 15)}
    other = drift(database, Filter(voice=("a.wav",)), pasts, timezone.utc)
    assert (named(other), other.whole.takes, other.since) == (set(), 80, None)
    monkeypatch.setattr(module, "MOST_TAKES", 60)
    few = drift(database, Filter(), pasts, timezone.utc)
    assert (few.whole.takes, few.since) == (60, date(2026, 11, 14))
