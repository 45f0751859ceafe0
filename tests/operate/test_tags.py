"""Tags, favourites, notes and preferences by commands: a folder, a database, the real shipper."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sidecar.upkeep import preferring, tagging
from tests.events import encode, envelope, publish, succeeded, uuid7
from tests.operate.scene import Scene, set_scene

SCHEMA = Path(__file__).parents[2] / "schema" / "event" / "1.0.schema.json"


@pytest.fixture
def scene(tmp_path: Path, database_url: str) -> Scene:
    return set_scene(tmp_path, database_url)


def take(scene: Scene, text: str) -> str:
    made = succeeded(text)
    publish(scene.folder, made)
    return str(made["id"])


def found(scene: Scene, *arguments: str) -> list[str]:
    """What find lists, by text."""
    lines = scene.run("find", "--json", *arguments).splitlines()
    return sorted(json.loads(line)["text_input"] for line in lines if line.startswith("{"))


def test_tags_favourites_and_notes_are_given_found_and_taken_away(scene: Scene) -> None:
    first, second = take(scene, "first"), take(scene, "second")
    scene.ship()
    assert "tags record" in scene.run("tag", first, "+片头", "happy end", "-draft", "--favourite", "--by", "ear")
    scene.run("tag", second, "片头", "--note", "尾音自然", "--by", "ear")
    scene.ship()
    assert scene.run("tag", first).strip() == "favourite, happy end, 片头"
    assert found(scene, "--tag", "片头") == ["first", "second"]
    assert found(scene, "--tag", "片头", "--tag", "happy end") == ["first"]
    assert found(scene, "--tag", "片头", "--tag=-happy end") == ["second"]
    assert found(scene, "--favourite") == ["first"]
    assert found(scene, "--tag", "draft") == []
    [told] = map(json.loads, scene.run("find", "--json", "second").splitlines())
    assert (told["tags"], told["favourite"], told["take_note"], told["noted_by"]) == (
        ["片头"],
        False,
        "尾音自然",
        "ear",
    )
    scene.run("tag", first, "-happy end", "--no-favourite")
    scene.run("tag", second, "--note", "")
    scene.ship()
    assert scene.run("tag", first).strip() == "片头"
    assert found(scene, "--favourite") == []
    assert scene.query("SELECT take_note FROM tts_records WHERE take_note IS NOT NULL") == []


def test_what_is_no_tag_is_refused_before_anything_is_written(scene: Scene) -> None:
    event_id = take(scene, "a take")
    scene.ship()
    files = len(list(scene.folder.iterdir()))
    for wrong in ("x" * 65, "a,b", "a，b", "++a", "", "a\x01b"):
        scene.run("tag", event_id, wrong, code=2)
    scene.run("tag", event_id, *(f"+{number}" for number in range(tagging.MAX_TAGS + 1)), code=2)
    scene.run("tag", "99999", "+a", code=1)
    assert len(list(scene.folder.iterdir())) == files
    scene.run("tag", event_id, *(f"+{number}" for number in range(tagging.MAX_TAGS)))
    scene.ship()
    scene.run("tag", event_id, "+one more", code=2)
    scene.run("tag", event_id, "+one more", "-0")


def test_limits_are_those_of_the_schema() -> None:
    kinds = json.loads(SCHEMA.read_bytes())["$defs"]
    assert kinds["tags"]["items"]["maxLength"] == tagging.MAX_TAG
    assert kinds["tags"]["maxItems"] >= tagging.MAX_TAGS
    assert kinds["tagging"]["properties"]["note"]["maxLength"] == tagging.MAX_NOTE
    assert kinds["preference"]["properties"]["over"]["maxItems"] == preferring.MAX_COMPARED


def test_they_survive_shipping_twice_and_a_rebuild_and_go_with_whoever_is_forgotten(scene: Scene) -> None:
    first, second = take(scene, "first"), take(scene, "second")
    scene.ship()
    scene.run("tag", first, "+by ear", "--favourite", "--note", "of ear", "--by", "ear")
    scene.run("tag", first, "+by other", "--by", "other")
    scene.run("tag", second, "+by other", "--note", "of other", "--by", "other")
    for chosen, over, user in ((first, second, "ear"), (first, second, "other"), (second, first, "other")):
        said = {"over": [over], "caller": {"user": user}}
        publish(scene.folder, envelope("audio.preferred", said, subject=chosen))
    scene.ship()
    score = "SELECT event_id, SUM(won), COUNT(*) FROM tts_preferences GROUP BY event_id ORDER BY event_id"
    assert [tuple(map(int, row[1:])) for row in scene.query(score)] == [(1, 2), (1, 2)]
    tables = ("tts_records", "tts_tags", "tts_preferences")
    as_it_was = [scene.query(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]
    scene.run("replay", "--all")
    scene.run("rebuild")
    assert [scene.query(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables] == as_it_was
    for table in tables[1:]:
        scene.execute(f"DELETE FROM {table}")
    scene.execute("UPDATE tts_records SET take_note = NULL, noted_by = NULL, note_key = NULL")
    assert "of tts_tags: 4 rows put right" in scene.run("rebuild")
    assert [scene.query(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables] == as_it_was
    scene.run("forget", "--user", "ear", "--yes")
    assert sorted(scene.query("SELECT event_id, tag FROM tts_tags")) == sorted(
        [(first, "by other"), (second, "by other")]
    )
    assert dict(scene.query("SELECT event_id, take_note FROM tts_records")) == {first: None, second: "of other"}
    assert [tuple(map(int, row[1:])) for row in scene.query(score)] == [(0, 1), (1, 1)]
    assert not any(b'"ear"' in path.read_bytes() for path in scene.folder.glob("*.json"))


def test_a_tag_or_a_note_with_forgotten_words_goes(scene: Scene) -> None:
    event_id = take(scene, "a take")
    scene.ship()
    scene.run("tag", event_id, "+韩梅梅 的", "+kept", "--by", "one")
    scene.run("tag", event_id, "+also kept", "--by", "one")
    scene.ship()
    scene.run("forget", "--text", "韩梅梅", "--yes")
    assert scene.query("SELECT tag FROM tts_tags") == [("also kept",)], "an event goes whole"
    assert [row[0] for row in scene.query("SELECT status FROM tts_records")] == ["succeeded"]
    assert not any("韩梅梅".encode() in path.read_bytes() for path in scene.folder.glob("*.json"))


def test_of_a_forgotten_or_pruned_take_nothing_is_left_beside_it(scene: Scene) -> None:
    first, second = take(scene, "first"), take(scene, "second")
    scene.ship()
    scene.run("tag", second, "+a", "--note", "b")
    publish(scene.folder, envelope("audio.preferred", {"over": [first]}, subject=second))
    scene.ship()
    scene.run("forget", "--record", second, "--yes")
    for table in ("tts_tags", "tts_preferences"):
        assert scene.query(f"SELECT * FROM {table}") == []
    assert "put right" not in scene.run("rebuild").replace("0 put right", "")


def test_what_comes_before_its_take_is_kept(scene: Scene) -> None:
    made, other = succeeded("late"), uuid7()
    said = {"add": ["a"], "remove": [], "note": "early", "caller": {"user": "ear"}}
    publish(scene.folder, encode(envelope("audio.tagged", said, subject=made["id"])))
    publish(scene.folder, encode(envelope("audio.preferred", {"over": [other]}, subject=made["id"])))
    scene.ship()
    assert scene.query("SELECT status, take_note FROM tts_records") == [("pending", "early")]
    publish(scene.folder, made)
    scene.ship()
    assert found(scene, "--tag", "a") == ["late"]
    [told] = map(json.loads, scene.run("find", "--json").splitlines())
    assert (told["take_note"], told["tags"], told["wins"], told["losses"]) == ("early", ["a"], 1, 0)
