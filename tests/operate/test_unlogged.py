"""Records whose own events are in the log no more, as after the oldest partition was dropped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sidecar.event.publish import Publisher
from sidecar.upkeep.forget import forget
from sidecar.upkeep.mentions import Target
from sidecar.upkeep.prune import Policy
from tests.events import envelope, publish, rfc3339, scored
from tests.torture.erasing import Host, World
from tests.torture.test_erasing import _with_tables, opened


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    with opened(_with_tables(database_url), tmp_path) as made:
        yield made


def lose_the_log(world: World, host: Host) -> None:
    """As where the partition of the oldest month was dropped, and its event files were pruned."""
    with closing(world.connect()) as database:
        database.execute("DELETE FROM tts_events")
    for path in host.folder.glob("*.json"):
        path.unlink()


def beside(world: World) -> list[list[tuple[Any, ...]]]:
    with closing(world.connect()) as database:
        return [
            sorted(database.query(sql))
            for sql in (
                "SELECT event_id, tag, present FROM tts_tags",
                "SELECT event_id, other, won FROM tts_preferences",
                "SELECT event_id, scorer FROM tts_scores",
            )
        ]


@pytest.mark.parametrize("how", ["forgotten", "pruned", "compared"])
def test_what_was_said_of_old_records_stays_when_something_else_goes(world: World, how: str) -> None:
    host = world.hosts["a"]
    for number in (1, 2):
        world.speak(host, "bob", f"spk_{number}.wav", number, 100)
    world.ship(host)
    with closing(world.connect()) as database:
        subjects = sorted(str(row[0]) for row in database.query("SELECT event_id FROM tts_records"))
    heard = scored(subjects[0])
    publish(host.folder, heard, name=f"{heard['id']}.json")
    world.tag(host, "carl", 0, add=["片头"], remove=[])
    world.prefer(host, "carl", 0, 1)
    world.ship(host)
    before = beside(world)
    lose_the_log(world, host)
    if how == "compared":
        world.speak(host, "anna", "spk_3.wav", 3, 1)
        world.ship(host)
        with closing(world.connect()) as database:
            ((anna,),) = database.query("SELECT event_id FROM tts_records WHERE user_id = 'anna'")
        told = {"over": [subjects[0]], "caller": {"user": "dora"}}
        said = envelope("audio.preferred", told, subject=str(anna))
    else:
        rating = {"rating": 2, "caller": {"user": "anna"}}
        said = envelope("audio.rated", rating, subject=subjects[0], time=rfc3339(world.moment(60)))
    publish(host.folder, said, name=f"{said['id']}.json")
    world.ship(host)
    if how == "pruned":
        world.prune(host, Policy.EVERYTHING, 50)
    else:
        world.forget(host, "anna")
    assert beside(world) == before


def test_words_and_people_that_no_event_tells_of_any_more_are_forgotten(world: World) -> None:
    host = world.hosts["a"]
    for number in (1, 2):
        world.speak(host, "bob", f"spk_{number}.wav", number, 100)
    world.ship(host)
    world.rate(host, "carl", 0)
    world.tag(host, "carl", 1, add=["of carl's", "片头"], remove=[])
    world.prefer(host, "carl", 0, 1)
    world.ship(host)
    lose_the_log(world, host)
    with closing(world.connect()) as database:
        for target in (Target(text="says carl"), Target(text="carl's"), Target(user="carl")):
            forget(world.place(host, database), Publisher("forget", host.name), target)
        said = database.query("SELECT rating_note, rated_by, take_note, noted_by FROM tts_records")
    assert said == [(None, None, None, None)] * 2
    tags, preferences, _ = beside(world)
    assert [tag for _, tag, _ in tags] == ["片头"]
    assert preferences == []


def test_who_said_something_of_an_old_record_is_forgotten_and_the_record_stays(
    database_url: str, tmp_path: Path
) -> None:
    with opened(_with_tables(database_url), tmp_path) as world:
        host = world.hosts["a"]
        world.speak(host, "bob", "spk_1.wav", 1, 100)
        world.rate(host, "carl", 0)
        world.rate(host, "anna", 0)
        world.tag(host, "anna", 1, add=["片头"], remove=[])
        world.ship(host)
        world.prune(host, Policy.FILES, 50)
        with closing(world.connect()) as database:
            database.execute("DELETE FROM tts_events WHERE type LIKE 'indextts.synthesis.%'")
        world.forget(host, "anna")
        with closing(world.connect()) as database:
            told = database.query("SELECT user_id, text_input, status, rated_by, noted_by FROM tts_records")
        assert told == [("bob", "words of bob", "succeeded", "carl", None)]


@pytest.mark.parametrize("who", ["the owner", "another"])
def test_pruning_what_was_said_of_an_old_record_leaves_the_record(database_url: str, tmp_path: Path, who: str) -> None:
    with opened(_with_tables(database_url), tmp_path) as world:
        host, other = world.hosts["a"], world.hosts["b"]
        world.speak(host, "bob", "spk_1.wav", 1, 100)
        world.ship(host)
        world.rate(other if who == "another" else host, "anna", 0)
        world.ship(other)
        world.ship(host)
        with closing(world.connect()) as database:
            database.execute("DELETE FROM tts_events WHERE type LIKE 'indextts.synthesis.%'")
        for each in (host, other):
            if who == "another" or each is host:
                for path in each.folder.glob("spk_*.json"):
                    path.unlink()
                world.prune(each, Policy.EVERYTHING, -1)
        with closing(world.connect()) as database:
            told = database.query("SELECT user_id, text_input, rated_by FROM tts_records")
        assert told == [("bob", "words of bob", None)]
