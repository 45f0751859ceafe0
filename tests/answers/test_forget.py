"""Forgetting: afterwards no table and no file holds the words."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sidecar.storage.database import Database
from sidecar.storage.dsn import parse_dsn
from tests.answers import scene as scenes
from tests.answers.conftest import connect
from tests.answers.load import open_sink
from tests.answers.scene import Scene
from tests.answers.served import ship, sidecar
from tests.events import envelope, succeeded

WORDS = "只有小明知道的秘密花园在第七棵树后面"
PERSON = "小明同学"
VOICE = "voices/secret_speaker.wav"


@pytest.fixture
def scene(database_url: str, tmp_path: Path) -> Scene:
    """Events of one person and of others: shipped, quarantined, not yet shipped, with audio and remarks."""
    folder = tmp_path / "outputs"
    folder.mkdir()
    dsn = parse_dsn(database_url)
    sink = open_sink(dsn)
    sink.migrate()
    sink.close()
    made = Scene(url=database_url, folder=folder, documents=[])
    for number in range(6):
        own = number % 2 == 0
        item = succeeded(f"{WORDS}，第{number}遍" if own else f"别人的话，第{number}遍")
        item["data"]["caller"] = {"user": PERSON if own else "别人"}
        item["data"]["voice"]["path"] = VOICE if own else "voices/other.wav"
        sound = scenes.sound(0.1 + number / 100)
        (folder / f"take_{number}.wav").write_bytes(sound)
        item["data"]["audio"] |= {
            "path": f"outputs/take_{number}.wav",
            "sha256": hashlib.sha256(sound).hexdigest(),
            "bytes": len(sound),
        }
        write(made, item, f"take_{number}.wav.json")
    first, second = made.documents[0], made.documents[1]
    write(made, rating(first["id"], 5, WORDS, "别人"), "r1.json")
    write(made, rating(second["id"], 2, "earlier", "别人"), "r2.json")
    write(made, rating(second["id"], 4, "later, by the person", PERSON), "r3.json")
    ascii_only = json.dumps({**first, "id": "01a00000-0000-7000-8000-000000000001", "sequence": "wrong"})
    (folder / "bad1.json").write_text(ascii_only)
    (folder / "bad2.json").write_bytes(json.dumps(first, ensure_ascii=False).encode()[:-20])
    (folder / "foreign.json").write_text('{"preset": "of the web page"}')
    (folder / "bad3.json").write_text('{"type": "indextts.synthesis.succeeded", "data": "nobody\'s"}')
    sidecar(made, "index", "--create")
    ship(made)
    late = succeeded(f"{WORDS}，还没有运走")
    late["data"]["caller"] = {"user": PERSON}
    late["data"]["voice"]["path"] = VOICE
    write(made, late, "late.json")
    return made


def write(scene: Scene, item: dict[str, Any], name: str) -> None:
    scene.documents.append(item)
    (scene.folder / name).write_text(json.dumps(item, ensure_ascii=False), encoding="utf-8")


def rating(subject: str, stars: int, note: str, by: str) -> dict[str, Any]:
    return envelope("audio.rated", {"rating": stars, "note": note, "caller": {"user": by}}, subject=subject)


def forms(words: str) -> Iterator[bytes]:
    """The words as UTF-8 and as JSON escapes."""
    yield words.encode()
    yield json.dumps(words)[1:-1].encode()


def holders(scene: Scene, database: Database, words: str) -> list[str]:
    """Every table and every file that holds the words, the embedded database's own file included."""
    found = []
    if database.dialect == "mysql":
        tables = [
            row[0]
            for row in database.query(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
            )
        ]
    else:
        tables = [row[0] for row in database.query("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")]
    for table in tables:
        try:
            rows = database.query(f"SELECT * FROM {table}")
        except Exception:  # noqa: BLE001 - the index's own shadow tables cannot all be selected from
            continue
        for row in rows:
            values = [value if isinstance(value, bytes) else str(value).encode() for value in row]
            if any(form in value for value in values for form in forms(words)):
                found.append(table)
                break
    # By another process: closing the database's file in this one would drop the locks of its open connection.
    patterns = [argument for form in forms(words) for argument in ("-e", form.decode())]
    listed = subprocess.run(
        ["grep", "-rlaF", *patterns, str(scene.folder.parent)], capture_output=True, text=True, check=False
    )
    found += listed.stdout.splitlines()
    return found


@pytest.mark.parametrize(
    ("option", "value"), [("--user", PERSON), ("--text", WORDS), ("--voice", VOICE)], ids=["user", "text", "voice"]
)
def test_nothing_holds_the_words_any_more(scene: Scene, option: str, value: str) -> None:
    database = connect(scene.url)
    for words in (WORDS, value):
        assert holders(scene, database, words), "the test looks in the right places"
    assert re.match(r"4 records and \d further events? would be forgotten", sidecar(scene, "forget", option, value))
    assert holders(scene, database, value), "without --yes nothing happens"
    said = sidecar(scene, "forget", option, value, "--reason", "asked to", "--yes")
    assert "4 records" in said
    assert "left: 0" in said
    assert holders(scene, database, value) == []
    if option != "--voice":
        assert holders(scene, database, WORDS) == []
    ship(scene)
    assert holders(scene, database, value) == [], "the shipper brings nothing back"
    kept = database.query("SELECT text_input FROM tts_records ORDER BY text_input")
    assert [row[0] for row in kept] == [f"别人的话，第{number}遍" for number in (1, 3, 5)]
    tombstones = database.query("SELECT subject, event FROM tts_events WHERE type = 'indextts.record.forgotten'")
    made = {item["id"] for item in scene.documents if item["type"].startswith("indextts.synthesis.")}
    assert len([subject for subject, _ in tombstones if subject in made]) == 4
    assert all(json.loads(event)["data"] == {"reason": "asked to", "caller": None} for _, event in tombstones)
    assert (scene.folder / "foreign.json").exists()
    assert (scene.folder / "bad3.json").exists()
    assert sorted(path.name for path in scene.folder.glob("*.wav")) == ["take_1.wav", "take_3.wav", "take_5.wav"]
    database.close()


def test_a_forgotten_persons_remarks_go_and_the_earlier_rating_counts_again(scene: Scene) -> None:
    database = connect(scene.url)
    other = scene.documents[1]["id"]
    select = "SELECT rating, rating_note, rated_by FROM tts_records WHERE event_id = ?"
    assert database.query(select, [other]) == [(4, "later, by the person", PERSON)]
    sidecar(scene, "forget", "--user", PERSON, "--yes")
    assert database.query(select, [other]) == [(2, "earlier", "别人")]
    database.close()


def test_a_remark_on_another_record_that_holds_the_text_goes_too(scene: Scene) -> None:
    other = scene.documents[1]["id"]
    write(scene, rating(other, 3, f"sounds like {WORDS}", "别人"), "r4.json")
    ship(scene)
    database = connect(scene.url)
    sidecar(scene, "forget", "--text", WORDS, "--yes")
    assert holders(scene, database, WORDS) == []
    select = "SELECT rating, rating_note, rated_by FROM tts_records WHERE event_id = ?"
    assert database.query(select, [other]) == [(4, "later, by the person", PERSON)]
    database.close()


def test_a_text_that_only_the_event_holds_is_found_when_its_file_is_gone(scene: Scene) -> None:
    item = succeeded("别的话")
    item["data"]["emotion"] |= {"mode": "text", "text": WORDS}
    (scene.folder / "described.json").write_text(json.dumps(item), encoding="utf-8")
    ship(scene)
    (scene.folder / "described.json").unlink()
    database = connect(scene.url)
    sidecar(scene, "forget", "--text", WORDS, "--yes")
    assert holders(scene, database, WORDS) == []
    assert database.query("SELECT 1 FROM tts_records WHERE event_id = ?", [item["id"]]) == []
    database.close()


def test_one_record_is_forgotten_by_its_number(scene: Scene) -> None:
    database = connect(scene.url)
    ((number,),) = database.query("SELECT id FROM tts_records WHERE event_id = ?", [scene.documents[0]["id"]])
    sidecar(scene, "forget", "--record", str(number), "--yes")
    assert database.query("SELECT COUNT(*) FROM tts_records WHERE status <> 'pending'") == [(5,)]
    assert not (scene.folder / "take_0.wav").exists()
    database.close()


def test_audio_that_a_later_record_overwrote_stays(scene: Scene) -> None:
    later = succeeded("别人覆盖了它")
    sound = scenes.sound(0.3)
    (scene.folder / "take_0.wav").write_bytes(sound)
    later["data"]["audio"] |= {"path": "outputs/take_0.wav", "sha256": hashlib.sha256(sound).hexdigest()}
    later["data"]["audio"]["replaces"] = scene.documents[0]["id"]
    write(scene, later, "take_0.wav.2.json")
    ship(scene)
    sidecar(scene, "forget", "--user", PERSON, "--yes")
    assert (scene.folder / "take_0.wav").exists()
    assert (scene.folder / "take_0.wav.2.json").exists()
