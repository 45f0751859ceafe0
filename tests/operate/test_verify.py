"""verify finds each thing that can be wrong between folder and database, and repairs what is missing."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from sidecar.storage.database import in_chunks
from sidecar.upkeep.progress import T
from sidecar.upkeep.verify import CURES, Defect, verify
from tests.events import envelope, failed, publish, uuid7
from tests.operate.scene import Scene, make_old_wavs, set_scene
from tests.servers import sqlite_url
from tests.torture.erasing import untracked


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    found = set_scene(tmp_path, sqlite_url(tmp_path / "sidecar.db"))
    for number in range(1, 6):
        found.speak(f"spk_{number}.wav", sequence=number)
    found.ship()
    return found


def found_by(scene: Scene, *arguments: str) -> dict[str, list[str]]:
    """Findings by kind, after a verify that must find some."""
    facts = scene.facts("verify", *arguments, code=1)
    kinds: dict[str, list[str]] = {}
    for finding in facts["findings"]:
        kinds.setdefault(finding["kind"], []).append(finding["what"])
    return kinds


def test_a_folder_that_is_well(scene: Scene) -> None:
    facts = scene.facts("verify")
    assert facts["findings"] == []
    assert (facts["event_files"], facts["audio_files"], facts["audio_hashed"], facts["rows"]) == (5, 5, 5, 5)
    assert "nothing is wrong" in scene.run("verify")


def test_on_every_database(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    for number in range(1, 4):
        scene.speak(f"spk_{number}.wav", sequence=number)
    scene.ship()
    assert scene.facts("verify")["findings"] == []
    scene.execute("DELETE FROM tts_records WHERE audio_path = 'outputs/spk_1.wav'")
    scene.execute("DELETE FROM tts_events WHERE sequence = 2")
    scene.speak("spk_4.wav", sequence=4)
    found = {kind: sorted(names) for kind, names in found_by(scene).items()}
    assert found == {
        Defect.NOT_SHIPPED: ["spk_2.wav.json", "spk_4.wav.json"],
        Defect.RECORD_MISSING: ["spk_1.wav.json"],
    }
    assert scene.facts("verify", "--repair")["repaired"] == {"new": 2, "known": 1, "forgotten": 0, "refused": {}}
    assert scene.facts("verify")["findings"] == []


def test_not_shipped_and_repaired(scene: Scene) -> None:
    scene.execute("DELETE FROM tts_events WHERE sequence = 3")
    scene.execute("DELETE FROM tts_records WHERE audio_path = 'outputs/spk_3.wav'")
    assert found_by(scene) == {Defect.NOT_SHIPPED: ["spk_3.wav.json"]}
    scene.run("verify", "--repair")
    assert scene.facts("verify")["findings"] == []


def test_a_record_that_somebody_deleted(scene: Scene) -> None:
    before = scene.records()
    scene.execute("DELETE FROM tts_records WHERE audio_path = 'outputs/spk_2.wav'")
    assert found_by(scene) == {Defect.RECORD_MISSING: ["spk_2.wav.json"]}
    scene.run("verify", "--repair")
    assert [row[1:] for row in scene.records()] == [row[1:] for row in before]


def test_changed_audio(scene: Scene) -> None:
    path = scene.folder / "spk_4.wav"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    assert found_by(scene) == {Defect.AUDIO_CHANGED: ["spk_4.wav"]}
    assert scene.facts("verify", "--no-audio")["findings"] == []


def test_audio_that_is_gone(scene: Scene) -> None:
    (scene.folder / "spk_4.wav").unlink()
    assert found_by(scene) == {Defect.AUDIO_GONE: ["spk_4.wav"]}


def test_audio_of_another_format(scene: Scene) -> None:
    scene.speak("gone.mp3", sequence=6)
    scene.speak("other.opus", sequence=7)
    (scene.folder / "theirs.mp3").write_bytes(b"made of a WAV, by hand")
    scene.ship()
    assert scene.facts("verify")["findings"] == []
    (scene.folder / "gone.mp3").unlink()
    (scene.folder / "other.opus").write_bytes(b"something else")
    assert found_by(scene) == {Defect.AUDIO_GONE: ["gone.mp3"], Defect.AUDIO_CHANGED: ["other.opus"]}


def test_audio_that_was_overwritten_is_not_a_change(scene: Scene) -> None:
    (first,) = scene.query("SELECT event_id FROM tts_records WHERE audio_path = 'outputs/spk_1.wav'")
    (scene.folder / "spk_1.wav.json").rename(scene.folder / "first.json")
    event = scene.speak("spk_1.wav", sequence=6, seconds=0.5)
    event["data"]["audio"]["replaces"] = first[0]
    (scene.folder / "spk_1.wav.json").unlink()
    publish(scene.folder, event, name="spk_1.wav.2.json")
    scene.ship()
    assert scene.facts("verify")["findings"] == []


def test_an_event_file_that_is_gone(scene: Scene) -> None:
    (scene.folder / "spk_5.wav.json").unlink()
    assert found_by(scene) == {Defect.EVENT_FILE_GONE: ["spk_5.wav.json"], Defect.UNRECORDED: ["spk_5.wav"]}
    ignored = ("--ignore", "event_file_gone", "--ignore", "unrecorded")
    assert scene.facts("verify", *ignored)["findings"] == []


def test_an_event_file_that_another_one_took_the_place_of(scene: Scene) -> None:
    path = scene.folder / "spk_5.wav.json"
    event = json.loads(path.read_bytes())
    path.write_text(json.dumps({**event, "id": uuid7(), "subject": uuid7()}))
    assert found_by(scene) == {Defect.EVENT_FILE_GONE: ["spk_5.wav.json"], Defect.NOT_SHIPPED: ["spk_5.wav.json"]}


def test_what_is_spoken_and_shipped_meanwhile_is_not_missed(scene: Scene) -> None:
    """The folder is listed first; what comes later has a row and is in no list."""

    def late(items: Iterable[T], description: str, total: int) -> Iterator[T]:
        if description == "event files":
            scene.speak("late.wav", sequence=6)
            scene.ship()
        yield from items

    with closing(scene.database()) as database:
        found = verify(scene.folder, database, shipper="elsewhere", max_bytes=100_000, track=late)
    assert (found.discrepancies, found.rows) == ([], 6)


def test_one_that_was_copied_is_missed_once(scene: Scene) -> None:
    event = scene.speak("spk_6.wav", sequence=6)
    for number in range(2):
        publish(scene.folder, event, name=f"copy-{number}.json")
    facts = scene.facts("verify", code=1)
    assert [finding["kind"] for finding in facts["findings"]] == [Defect.NOT_SHIPPED]


def test_audio_of_a_take_that_was_told_twice(scene: Scene) -> None:
    """Another process told of it as interrupted; then it ended after all."""
    take = scene.speak("spk_6.wav", sequence=7)
    told = {"text": "words", "audio": {"path": None, "requested_path": "outputs/spk_6.wav"}}
    lost = envelope("synthesis.interrupted", told, subject=take["subject"], source="indextts://host/other")
    publish(scene.folder, lost, name="spk_6.wav.2.json")
    scene.ship()
    (scene.folder / "spk_6.wav").write_bytes(b"something else")
    found = found_by(scene, "--ignore", "sequence_gap")
    assert found[Defect.AUDIO_CHANGED] == ["spk_6.wav"]
    (scene.folder / "spk_6.wav").unlink()
    assert found_by(scene, "--ignore", "sequence_gap")[Defect.AUDIO_GONE] == ["spk_6.wav"]


def test_audio_that_is_known_to_be_deleted_is_not_missed_before_that_is_shipped(scene: Scene) -> None:
    scene.run("prune", "--max-size", "1", "--yes")
    assert set(found_by(scene)) == {Defect.NOT_SHIPPED}
    assert scene.facts("verify", "--repair")["counts"][Defect.AUDIO_GONE] == 0


def test_a_copy_is_told_of_once_however_far_away_its_name(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    (scene.folder / "z.json").write_bytes((scene.folder / "spk_1.wav.json").read_bytes())
    (scene.folder / "spk_1.wav").write_bytes(b"something else")
    with closing(scene.database()) as database:
        monkeypatch.setattr("sidecar.upkeep.verify.in_chunks", partial(in_chunks, size=2))
        found = verify(scene.folder, database, shipper="elsewhere", max_bytes=100_000, track=untracked)
    assert [each.defect for each in found.discrepancies] == [Defect.AUDIO_CHANGED]
    assert found.audio_hashed == 5


def test_two_unshipped_files_of_one_event_that_differ(scene: Scene) -> None:
    event = scene.speak("spk_6.wav", sequence=6)
    publish(scene.folder, {**event, "data": {**event["data"], "text": "said otherwise"}}, name="spk_6.wav.2.json")
    facts = scene.facts("verify", "--repair", code=1)
    assert facts["counts"][Defect.EVENT_DIFFERS] == 1


def test_another_host_s_events_from_a_folder_of_the_same_name_are_not_missed_here(scene: Scene) -> None:
    other = Scene(scene.place, {**scene.settings, "SIDECAR_NAME": "other"})
    for path in scene.folder.iterdir():
        path.unlink()
    other.speak("theirs.wav", sequence=1)
    assert other.facts("verify", code=1)["counts"][Defect.EVENT_FILE_GONE] == 0
    assert other.facts("verify", code=1)["counts"][Defect.NOT_SHIPPED] == 1
    assert scene.facts("verify", code=1)["counts"][Defect.EVENT_FILE_GONE] == 5


def test_audio_that_cannot_be_read_is_told_and_the_rest_compared(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> str:
        if path.name == "spk_2.wav":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return "2c" * 32

    monkeypatch.setattr("sidecar.upkeep.wav.sha256", refused)
    with closing(scene.database()) as database:
        found = verify(scene.folder, database, shipper="elsewhere", max_bytes=100_000, track=untracked)
    assert [each.what for each in found.discrepancies] == [f"spk_{number}.wav" for number in range(1, 6)]
    assert found.discrepancies[1].detail == "it cannot be read: Permission denied"


def test_an_event_file_that_was_changed(scene: Scene) -> None:
    path = scene.folder / "spk_5.wav.json"
    event = json.loads(path.read_bytes())
    event["data"]["text"] = "not what was said"
    path.write_text(json.dumps(event))
    assert found_by(scene) == {Defect.EVENT_DIFFERS: ["spk_5.wav.json"]}


def test_what_is_no_event(scene: Scene) -> None:
    (scene.folder / "broken.json").write_bytes(b"{")
    (scene.folder / "preset.json").write_bytes(b'{"voice": "x"}')
    assert found_by(scene) == {Defect.NOT_AN_EVENT: ["broken.json"]}


def test_what_is_put_aside_is_settled_until_it_changes(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    scene.speak("spk_1.wav", sequence=1)
    cut = json.dumps(scene.speak("spk_2.wav", sequence=2)).encode()[:-20]
    (scene.folder / "spk_2.wav.json").write_bytes(cut)
    scene.speak("spk_3.wav", sequence=3)
    (scene.folder / "link.json").symlink_to("spk_3.wav.json")
    scene.ship()
    assert found_by(scene) == {Defect.NOT_AN_EVENT: ["link.json", "spk_2.wav.json"]}
    scene.run("quarantine", "drop", "--all")
    facts = scene.facts("verify")
    assert (facts["findings"], facts["put_aside"]) == ([], ["link.json", "spk_2.wav.json"])
    assert "2 put aside" in scene.run("verify")
    (scene.folder / "spk_2.wav.json").write_bytes(cut[:-1])
    assert found_by(scene) == {Defect.NOT_AN_EVENT: ["spk_2.wav.json"]}
    (scene.folder / "spk_2.wav.json").unlink()  # the quarantine still knows its number
    assert found_by(scene) == {Defect.UNRECORDED: ["spk_2.wav"]}


def test_an_event_that_the_database_refused_can_be_put_aside_too(scene: Scene) -> None:
    original = (scene.folder / "spk_4.wav.json").read_bytes()
    (scene.folder / "copy.json").write_bytes(original.replace("欢迎".encode(), "再见".encode()))
    scene.ship()
    assert found_by(scene) == {Defect.EVENT_DIFFERS: ["copy.json"]}
    scene.run("quarantine", "drop", "--reason", "rejected_by_sink")
    assert scene.facts("verify")["findings"] == []


def test_a_file_that_can_be_read_since_is_not_put_aside_any_more(scene: Scene) -> None:
    event = scene.speak("spk_6.wav", sequence=6)
    size = (scene.folder / "spk_6.wav.json").stat().st_size
    path = f"{scene.folder}/spk_6.wav.json"
    columns = "shipper, path, reason, message, status, bytes, content, first_seen_at, last_seen_at"
    values = f"'studio', '{path}', 'unreadable', '', 'dropped', {size}, X'', '2026-11-22', '2026-11-22'"
    scene.execute(f"INSERT INTO sidecar_quarantine ({columns}) VALUES ({values})")
    assert found_by(scene) == {Defect.NOT_SHIPPED: [f"{Path(event['data']['audio']['path']).name}.json"]}


def test_a_pipe_in_the_folder_does_not_stop_it(scene: Scene) -> None:
    os.mkfifo(scene.folder / "pipe.json")
    assert found_by(scene) == {Defect.NOT_AN_EVENT: ["pipe.json"]}


def test_a_file_in_quarantine_leaves_no_gap(scene: Scene) -> None:
    scene.speak("spk_6.wav", sequence=6)
    whole = (scene.folder / "spk_6.wav.json").read_bytes()
    (scene.folder / "spk_6.wav.json").write_bytes(whole[: len(whole) // 2])
    scene.speak("spk_7.wav", sequence=7)
    scene.ship()
    assert found_by(scene) == {Defect.NOT_AN_EVENT: ["spk_6.wav.json"]}


def test_what_is_forgotten_is_not_missed(tmp_path: Path, database_url: str) -> None:
    scene = set_scene(tmp_path, database_url)
    for number in range(1, 6):
        user = {"user": "小明" if number in (2, 4) else "anna"}
        event = scene.speak(f"spk_{number}.wav", sequence=number, data={"caller": user})
        remarks = {"rating": 1, "note": "小明 says so", "caller": {"user": "小明" if number == 3 else "anna"}}
        web = {"source": "indextts://studio/web-1", "sequence": number, "subject": event["id"]}
        publish(scene.folder, envelope("audio.rated", remarks, **web), name=f"rating_{number}.json")
    broken = envelope("audio.rated", {"caller": {"user": "小明"}}, **web | {"sequence": 6})
    (scene.folder / "broken.json").write_bytes(json.dumps(broken).encode()[:-2])
    publish(scene.folder, envelope("audio.rated", remarks, **web | {"sequence": 7}), name="rating_7.json")
    scene.ship()
    scene.speak("late.wav", sequence=6, data={"caller": {"user": "小明"}})
    scene.speak("spk_7.wav", sequence=7)
    scene.run("forget", "--user", "小明", "--yes")
    assert scene.facts("verify", "--repair")["findings"]  # the tombstones are shipped
    assert scene.facts("verify")["findings"] == []
    scene.execute("DELETE FROM tts_events WHERE type = 'indextts.events.erased'")
    for path in scene.folder.glob("*.json"):
        if b"indextts.events.erased" in path.read_bytes():
            path.unlink()
    details = {finding["what"]: finding["detail"] for finding in scene.facts("verify", code=1)["findings"]}
    assert {source: detail for source, detail in details.items() if "/forget-" not in source} == {
        "indextts://studio/20261122T100000-1-abcd": "3 of 7: 2, 4, 6",
        "indextts://studio/web-1": "4 of 7: 2, 3, 4, 6",
    }


def test_what_is_pruned_is_not_missed(scene: Scene) -> None:
    cut = scene.speak("spk_6.wav", sequence=6, time="2030-01-01T00:00:00.000000Z")["time"]
    scene.ship()
    scene.run("prune", "--older-than", cut[:10], "--remove", "everything", "--yes")
    scene.ship()
    facts = scene.facts("verify")
    assert (facts["findings"], facts["audio_files"], facts["rows"]) == ([], 1, 2)


def test_wavs_without_an_event(scene: Scene) -> None:
    names = make_old_wavs(scene.folder, 2)
    assert found_by(scene) == {Defect.UNRECORDED: names}


def test_numbers_that_are_missing(scene: Scene) -> None:
    for number in (8, 9):
        publish(scene.folder, failed(sequence=number), name=f"late_{number}.json")
    scene.ship()
    assert found_by(scene) == {Defect.SEQUENCE_GAP: ["indextts://studio/20261122T100000-1-abcd"]}
    (finding,) = scene.facts("verify", code=1)["findings"]
    assert finding["detail"] == "2 of 9: 6, 7"


def test_everything_wrong_at_once_is_found_and_what_can_be_is_repaired(scene: Scene) -> None:
    scene.execute("DELETE FROM tts_events WHERE sequence = 1")
    (scene.folder / "spk_2.wav").unlink()
    (scene.folder / "broken.json").write_bytes(b"{")
    assert set(found_by(scene)) == {Defect.NOT_SHIPPED, Defect.AUDIO_GONE, Defect.NOT_AN_EVENT}
    assert set(found_by(scene, "--repair")) == {Defect.NOT_SHIPPED, Defect.AUDIO_GONE, Defect.NOT_AN_EVENT}
    assert set(found_by(scene)) == {Defect.AUDIO_GONE, Defect.NOT_AN_EVENT}


def test_every_kind_of_finding_names_its_cure() -> None:
    assert set(CURES) == set(Defect)
