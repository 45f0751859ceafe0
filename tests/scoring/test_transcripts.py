"""`sidecar score` with a recogniser: what it hears is in event, table, doubt and page, until it is forgotten."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sidecar.answers import review
from sidecar.wording import translator
from tests.events import publish, scored
from tests.hearing import Ear, ear
from tests.operate.scene import Scene, set_scene
from tests.scoring.inside import Inside
from tests.scoring.test_score import score
from tests.servers import sqlite_url

TEXT = "欢迎使用语音合成，共 25 句。"


@pytest.fixture(scope="module")
def inside() -> Inside:
    return Inside()


@pytest.fixture
def server() -> Iterator[Ear]:
    with ear() as running:
        yield running


def hearing(scene: Scene, server: Ear, **more: str) -> Scene:
    return replace(scene, settings={**scene.settings, "SIDECAR_TRANSCRIBE_URL": server.url, **more})


def speak(scene: Scene, *texts: str | None) -> list[str]:
    events = [scene.speak(f"spk_{number}.wav", seconds=1.0, data={"text": text}) for number, text in enumerate(texts)]
    scene.ship()
    return [str(event["id"]) for event in events]


def test_what_was_heard_is_in_event_and_table(tmp_path: Path, database_url: str, server: Ear, inside: Inside) -> None:
    scene = hearing(set_scene(tmp_path, database_url), server)
    [take] = speak(scene, TEXT)
    server.says = lambda wav: "欢迎使用语音合唱 共二十五句" if wav.startswith(b"RIFF") else "?"
    assert "1 scored" in inside.score(scene, "--once")
    scene.ship()
    [row] = scene.query("SELECT event_id, recogniser, transcript, cer, differences FROM tts_scores")
    assert row[:3] == (take, "whisper-1", "欢迎使用语音合唱 共二十五句")
    assert row[3] == pytest.approx(1 / 12, abs=1e-4)
    assert json.loads(row[4]) == [{"start": 7, "end": 8, "heard": "唱"}]
    assert "had a score on its way" not in inside.score(scene, "--once")
    assert len(server.asked) == 1


def test_a_recogniser_that_is_away_costs_the_transcript_alone(
    tmp_path: Path, database_url: str, server: Ear, inside: Inside
) -> None:
    scene = hearing(set_scene(tmp_path, database_url), server)
    speak(scene, TEXT, TEXT, TEXT)
    server.status, server.body = 503, b"the model is being loaded"
    said = inside.score(scene, "--once")
    assert "3 scored" in said
    assert "answered 503: the model is being loaded" in said
    assert len(server.asked) < 3, "it is not asked again for each take"
    scene.ship()
    rows = scene.query("SELECT mos_overall, transcript, transcript_problem FROM tts_scores")
    assert all(overall and heard is None and "503" in problem for overall, heard, problem in rows)
    server.status, server.body, server.says = 200, None, lambda _: TEXT
    assert "nothing to score" in inside.score(scene, "--once")
    assert "3 scored" in inside.score(scene, "--again", "--without-transcript")
    scene.ship()
    assert scene.query("SELECT DISTINCT transcript, cer, transcript_problem FROM tts_scores") == [(TEXT, 0, None)]
    assert "nothing to score" in inside.score(scene, "--again", "--without-transcript")
    scene.run("rebuild")
    assert scene.query("SELECT DISTINCT transcript FROM tts_scores") == [(TEXT,)], "whatever the order of the two"


def test_a_command_is_a_recogniser_too(tmp_path: Path) -> None:
    scene = set_scene(tmp_path, sqlite_url(tmp_path / "sidecar.db"))
    speak(scene, TEXT)
    words = shlex.join([sys.executable, "-c", f"import sys; sys.stdout.buffer.write({TEXT!r}.encode())"])
    score(replace(scene, settings={**scene.settings, "SIDECAR_TRANSCRIBE_COMMAND": words}), "--once")
    scene.ship()
    assert scene.query("SELECT transcript, cer FROM tts_scores") == [(TEXT, 0)]


def test_where_no_text_is_kept_nothing_is_sent_and_no_transcript_written(
    tmp_path: Path, server: Ear, inside: Inside
) -> None:
    scene = hearing(set_scene(tmp_path, sqlite_url(tmp_path / "sidecar.db")), server)
    scene.speak("a.wav", seconds=1.0, data={"text": None, "text_sha256": "ab" * 32})
    scene.ship()
    assert "1 scored" in inside.score(scene, "--once")
    scene.ship()
    assert server.asked == []
    assert scene.query("SELECT recogniser, transcript FROM tts_scores") == [(None, None)]
    assert "nothing to score" in inside.score(scene, "--again", "--without-transcript")


def test_forgetting_takes_the_transcript_too(tmp_path: Path, database_url: str, server: Ear, inside: Inside) -> None:
    scene = hearing(set_scene(tmp_path, database_url), server)
    gone, stays = speak(scene, TEXT, "别的")
    secret = "一句不该留下的话"
    server.says = lambda _: secret
    inside.score(scene, "--once")
    scene.ship()
    scene.run("forget", "--record", gone, "--yes")
    assert scene.query("SELECT event_id FROM tts_scores") == [(stays,)]
    left = [path for path in scene.folder.glob("*.json") if gone in path.read_text() and secret in path.read_text()]
    assert left == []
    assert scene.query(f"SELECT COUNT(*) FROM tts_events WHERE subject = '{gone}' AND event LIKE '%{secret}%'") == [
        (0,)
    ]


def test_what_says_something_else_is_in_doubt(tmp_path: Path) -> None:
    scene = set_scene(tmp_path, sqlite_url(tmp_path / "sidecar.db"))
    takes = speak(scene, *[TEXT] * 12)
    for number, each in enumerate(takes):
        event = scored(each, syllables=17)
        event["data"]["transcript"] = {"recogniser": "ear", "text": "x", "cer": 0.3 if number == 5 else 0.02}
        publish(scene.folder, event)
    scene.ship()
    database = scene.database()
    doubtful = review.queue(database).doubtful
    database.close()
    [[doubt]] = doubtful.values()
    assert list(doubtful) == [takes[5]]
    assert review.sentence(doubt, translator("en")) == (
        "Says something else: 30 % of its characters were heard otherwise, where 2 % usually are (of 11 takes)."
    )


@pytest.mark.parametrize(
    ("settings", "arguments", "why"),
    [
        ({"COMMAND": "ear", "URL": "http://127.0.0.1:1/"}, ["--once"], "are both set"),
        ({"URL": "127.0.0.1:1"}, ["--once"], "is no address"),
        ({}, ["--again", "--without-transcript"], "no recogniser is named"),
        ({}, ["--once", "--without-transcript"], "goes with --again"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    tmp_path: Path, settings: dict[str, str], arguments: list[str], why: str
) -> None:
    scene = set_scene(tmp_path, sqlite_url(tmp_path / "sidecar.db"))
    event = scene.speak("a.wav", seconds=1.0)
    publish(scene.folder, scored(event["id"]))
    scene.ship()
    named = {f"SIDECAR_TRANSCRIBE_{name}": value for name, value in settings.items()}
    said = score(replace(scene, settings={**scene.settings, **named}), *arguments, code=2)
    assert why in said
    assert said.count("\n") == 1
