"""Doubts and verdicts by commands: a folder, a database, the real shipper."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.events import encode, publish, scored, succeeded
from tests.operate.scene import Scene, set_scene
from tests.unit.answers.test_doubts import USUAL, past

MEASURES = {name: value for name, value in USUAL.items() if name not in ("voice", "language", "truncated")}


@pytest.fixture
def scene(tmp_path: Path, database_url: str) -> Scene:
    return set_scene(tmp_path, database_url)


def take(scene: Scene, text: str, **measures: Any) -> str:
    """A take and its score in the folder; the take's event_id."""
    made = succeeded(text, data={"voice": {"path": "a.wav"}, "language": "zh"})
    publish(scene.folder, made)
    publish(scene.folder, scored(made["id"], **(MEASURES | measures)))
    return str(made["id"])


def fill(scene: Scene) -> tuple[str, str]:
    """Thirty usual takes and two in doubt, shipped; those two, the more doubtful one first."""
    for each in past(30):
        take(scene, "usual", **{name: each[name] for name in MEASURES})
    ids = take(scene, "a gap of six seconds", longest_silence=6.0), take(scene, "a gap of two", longest_silence=2.0)
    scene.ship()
    return ids


def number(scene: Scene, event_id: str) -> str:
    return str(scene.query(f"SELECT id FROM tts_records WHERE event_id = '{event_id}'")[0][0])


def test_the_queue_is_worked_off(scene: Scene) -> None:
    assert "no take has a score yet" in scene.run("review")
    worse, better = fill(scene)
    said = scene.run("review")
    assert said.index("a gap of six seconds") < said.index("a gap of two")
    assert "Silent for 6.0 s" in said
    assert "2 takes of 32 scored to hear" in said
    assert "decides on record" in scene.run("review", number(scene, worse), "reject", "--by", "ear")
    assert "decides on record" in scene.run("review", better, "keep")
    scene.ship()
    assert "nothing to hear" in scene.run("review")
    rows = scene.query(
        "SELECT verdict, reviewed_doubts, reviewed_by FROM tts_records WHERE verdict IS NOT NULL ORDER BY event_id"
    )
    assert rows[0] == ("reject", "silence", "ear")
    assert rows[1][:2] == ("keep", "silence")
    scene.run("review", worse, "none")
    scene.ship()
    assert "1 take of 32 scored to hear" in scene.run("review")


def test_a_limit_that_people_do_not_agree_with_moves_and_says_so(scene: Scene) -> None:
    fill(scene)
    kept = [take(scene, "a pause", longest_silence=1.25) for _ in range(12)]
    scene.ship()
    assert "moved" not in scene.run("review")
    for each in kept:
        scene.run("review", each, "keep", "--by", "ear")
    missed = scene.query("SELECT event_id FROM tts_records WHERE text_input = 'usual' LIMIT 1")[0][0]
    scene.run("review", missed, "reject", "--by", "ear")
    scene.ship()
    said = " ".join(scene.run("review").split())
    assert (
        "The limit for “long silence” was moved from 1.2 s to 1.32 s: of 12 takes in doubt for it, people kept 12"
        in said
    )
    assert "Of 12 takes in doubt that people decided on, they rejected 0 (0%)" in said
    assert "Of 1 takes that people rejected, 0 were in doubt (0%)" in said
    assert "Of the takes without a doubt 1 were decided on" in said


def test_a_queue_fits_a_terminal_of_80_columns(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(scene)
    monkeypatch.setattr("sidecar.cli.support.show._PIPED_WIDTH", 80)
    assert max(map(len, scene.run("review").splitlines())) <= 80


def test_a_verdict_needs_a_record_that_is_there(scene: Scene) -> None:
    scene.run("review", "99", "keep", code=1)
    scene.run("review", "99", code=2)


def test_find_tells_doubts_and_verdicts(scene: Scene) -> None:
    worse, better = fill(scene)
    scene.run("review", worse, "reject", "--by", "ear")
    scene.ship()
    told = {each["event_id"]: each for each in map(json.loads, scene.run("find", "--json").splitlines())}
    assert [doubt["kind"] for doubt in told[better]["doubts"]] == ["silence"]
    assert (told[worse]["verdict"], told[worse]["reviewed_by"]) == ("reject", "ear")
    assert sum(bool(each["doubts"]) for each in told.values()) == 2
    listed = scene.run("find", "--doubtful")
    assert listed.count("long silence") == 2
    assert "usual" not in listed
    assert "nothing of that is in doubt" in scene.run("find", "--doubtful", "usual")
    found = [json.loads(line)["event_id"] for line in scene.run("find", "--doubtful", "--json", "six").splitlines()]
    assert found == [worse]


def test_verdicts_survive_a_rebuild_and_go_with_whoever_is_forgotten(scene: Scene) -> None:
    worse, better = fill(scene)
    scene.run("review", worse, "reject", "--by", "ear")
    scene.run("review", better, "keep", "--by", "other")
    scene.ship()
    as_it_was = scene.records()
    scene.execute("UPDATE tts_records SET verdict = NULL, review_key = NULL")
    scene.run("rebuild")
    assert scene.records() == as_it_was
    scene.run("forget", "--user", "ear", "--yes")
    told = dict(scene.query("SELECT event_id, verdict FROM tts_records"))
    assert (told[worse], told[better]) == (None, "keep")
    assert not any(b'"ear"' in path.read_bytes() for path in scene.folder.glob("*.json"))


def test_what_was_heard_is_a_view(scene: Scene) -> None:
    worse, _ = fill(scene)
    publish(scene.folder, succeeded("never scored"))
    scene.run("review", worse, "reject", "--by", "ear")
    scene.ship()
    voices = scene.query(
        "SELECT voice, language, COUNT(*), SUM(mos_overall > 0), SUM(longest_silence >= 2) "
        "FROM tts_heard GROUP BY voice, language"
    )
    assert [tuple(map(str, row)) for row in voices] == [("a.wav", "zh", "32", "32", "2")]
    heard = scene.query("SELECT text_input, verdict, reviewed_doubts FROM tts_heard WHERE verdict IS NOT NULL")
    assert heard == [("a gap of six seconds", "reject", "silence")]


def test_a_verdict_that_comes_before_its_take_is_kept(scene: Scene) -> None:
    made = succeeded("late")
    early = {**scored(made["id"]), "type": "indextts.audio.reviewed"}
    early["data"] = {"verdict": "reject", "doubts": [], "caller": {"user": "ear"}}
    publish(scene.folder, encode(early))
    scene.ship()
    assert scene.query("SELECT status, verdict FROM tts_records") == [("pending", "reject")]
    publish(scene.folder, made)
    scene.ship()
    assert scene.query("SELECT status, verdict, reviewed_doubts FROM tts_records") == [("succeeded", "reject", "")]
