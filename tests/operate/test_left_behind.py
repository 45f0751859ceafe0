"""What is odd in a folder or a log when something is erased: links, edited files, other spellings, shared files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from sidecar.event.publish import Publisher, host_slug
from sidecar.event.types import INTERRUPTED
from sidecar.upkeep import deleting
from sidecar.upkeep.deleting import SHARED, delete
from sidecar.upkeep.forget import Forgotten, forget
from sidecar.upkeep.mentions import Target
from sidecar.upkeep.pending import unseen
from sidecar.upkeep.prune import Policy, plan
from sidecar.upkeep.wav import sha256
from tests.events import publish, succeeded, uuid7
from tests.servers import Server, sqlite_url
from tests.torture.erasing import Host, World, digest
from tests.torture.test_erasing import _with_tables, opened


def forgotten(world: World, host: Host, target: Target) -> Forgotten:
    with closing(world.connect()) as database:
        return forget(world.place(host, database), Publisher("forget", host.name), target)


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    with opened(_with_tables(database_url), tmp_path) as made:
        yield made


def test_an_event_file_that_is_a_link_is_told_and_the_rest_goes(world: World, tmp_path: Path) -> None:
    host = world.hosts["a"]
    for name in ("spk_1.wav", "spk_2.wav"):
        world.speak(host, "anna", name, 1, 1)
    world.ship(host)
    event = host.folder / "spk_1.wav.json"
    event.rename(tmp_path / "elsewhere.json")
    event.symlink_to(tmp_path / "elsewhere.json")
    result = forgotten(world, host, Target(user="anna"))
    assert [line for line in result.left if "spk_1.wav.json" in line and "a link" in line]
    assert not (host.folder / "spk_2.wav.json").exists()
    with closing(world.connect()) as database:
        assert any("spk_1.wav.json" in line for line in unseen(world.place(host, database)))
    event.unlink()
    assert forgotten(world, host, Target(user="anna")).left == []


def test_an_event_file_of_somebody_else_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    host = world.hosts["a"]
    world.speak(host, "anna", "spk_1.wav", 1, 1)
    world.ship(host)
    event = host.folder / "spk_1.wav.json"
    genuine = os.open

    def refused(path: Path, *more: int, **named: int) -> int:
        if Path(path) == event:  # root may open it all the same
            raise PermissionError(13, "Permission denied")
        return genuine(path, *more, **named)

    monkeypatch.setattr(os, "open", refused)
    result = forgotten(world, host, Target(user="anna"))
    assert f"{event}: Permission denied" in result.left


def test_audio_that_is_a_link_or_was_edited_is_told(world: World, tmp_path: Path) -> None:
    host = world.hosts["a"]
    for number, name in enumerate(("spk_1.wav", "spk_2.wav", "spk_3.wav")):
        world.speak(host, "anna", name, number, 1)
    world.ship(host)
    linked, edited, kept = (host.folder / f"spk_{number}.wav" for number in (1, 2, 3))
    linked.rename(tmp_path / "large-disk.wav")
    linked.symlink_to(tmp_path / "large-disk.wav")
    edited.write_bytes(b"RIFFtrimmed")
    result = forgotten(world, host, Target(user="anna"))
    assert [line for line in result.left if str(linked) in line and "link" in line]
    assert result.changed == [edited]
    assert not kept.exists()
    assert linked.exists()


@pytest.mark.parametrize("spelt", ['"\\u674E\\u96F7"', '"\\u674e雷"', '"李雷"'])
def test_a_name_is_found_however_it_is_spelt(world: World, spelt: str) -> None:
    host = world.hosts["a"]
    world.speak(host, "bob", "spk_1.wav", 1, 1)
    world.ship(host)
    world.rate(host, "NAME", 0)
    (rating,) = (path for path in host.folder.glob("*.json") if b'"NAME"' in path.read_bytes())
    raw = rating.read_text().replace('"NAME"', spelt)
    rating.write_text(raw)
    world.ship(host)
    rating.unlink()
    result = forgotten(world, host, Target(user="李雷"))
    assert result.events == 1
    world.rebuild()
    with closing(world.connect()) as database:
        assert database.query("SELECT rated_by, rating_note FROM tts_records") == [(None, None)]


def test_an_event_whose_names_are_no_texts_stops_nothing(world: World) -> None:
    host = world.hosts["a"]
    world.speak(host, "anna", "spk_1.wav", 1, 1)
    odds: list[dict[str, object]] = [{"subject": []}, {"id": {}}, {"data": {"text_sha256": []}}]
    for number, odd in enumerate(odds):
        broken = {**json.loads(json.dumps(succeeded("odd"))), **odd}
        (host.folder / f"odd-{number}.json").write_text(json.dumps(broken))
    world.ship(host)
    for target in (
        Target(text="nowhere"),
        Target(voice="nowhere"),
        Target(ids=frozenset({uuid7()})),
        Target(user="anna"),
    ):
        forgotten(world, host, target)
    assert not (host.folder / "spk_1.wav").exists()


def test_deleting_takes_the_file_of_its_own_folder(world: World) -> None:
    """Both folders are one host's, and the recorded path fits both."""
    one, other = world.hosts["a"], world.hosts["b"]
    for each in (one, other):
        world.speak(each, each.name, "spk_1.wav", 1, 1)
        world.ship(each)
    folders = [one.folder, other.folder]
    with closing(world.connect()) as database:
        ((event_id,),) = database.query("SELECT event_id FROM tts_records WHERE user_id = 'b'")
        removed, _ = delete(database, Publisher("web"), folders, [str(event_id)], reason=None, user=None)
    assert removed == 1
    assert (one.folder / "spk_1.wav").exists()
    assert not (other.folder / "spk_1.wav").exists()


def test_audio_of_two_takes_goes_with_both(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    host = world.hosts["a"]
    raw = b"RIFFtwo"
    world.write(host, "spk_1.wav", raw, 1)
    audio = {"path": "outputs/spk_1.wav", "sha256": digest(raw), "bytes": len(raw)}
    events = [
        succeeded("twice", source=f"indextts://{host_slug()}/1", data={"audio": audio, "caller": {"user": who}})
        for who in ("anna", "bob")
    ]
    for number, event in enumerate(events):
        publish(host.folder, event, name=f"spk_1.wav.{number}.json")
    world.ship(host)
    ids = [event["id"] for event in events]
    with closing(world.connect()) as database:
        one = delete(database, Publisher("web"), [host.folder], ids[:1], reason=None, user=None)
        assert one == (0, {SHARED: 1})
        assert (host.folder / "spk_1.wav").exists()
        monkeypatch.setattr(deleting, "_AT_ONCE", 1)
        both = delete(database, Publisher("web"), [host.folder], ids, reason=None, user=None)
    assert both[0] >= 1
    assert not (host.folder / "spk_1.wav").exists()


@pytest.mark.parametrize("policy", list(Policy))
def test_pruning_keeps_what_knows_of_audio_that_it_leaves(world: World, tmp_path: Path, policy: Policy) -> None:
    host = world.hosts["a"]
    for number, name in enumerate(("said.xyz", "spk_1.wav", "spk_2.wav")):
        world.speak(host, "anna", name, number, 100)
    linked = host.folder / "spk_1.wav"
    linked.rename(tmp_path / "large-disk.wav")
    linked.symlink_to(tmp_path / "large-disk.wav")
    world.ship(host)
    world.prune(host, policy, 50)
    assert {path.name for path in host.folder.iterdir()} >= {"said.xyz", "said.xyz.json", "spk_1.wav", "spk_1.wav.json"}
    assert not (host.folder / "spk_2.wav").exists()
    with closing(world.connect()) as database:
        ((left,),) = database.query("SELECT COUNT(*) FROM tts_records WHERE user_id = 'anna'")
    assert left == (2 if policy is Policy.EVERYTHING else 3)


def test_a_copy_that_another_program_s_row_names_stays(world: World) -> None:
    host = world.hosts["a"]
    world.speak(host, "anna", "spk_1.wav", 1, 1)
    world.ship(host)
    for name in ("theirs.wav", "copy.wav"):
        (host.folder / name).write_bytes((host.folder / "spk_1.wav").read_bytes())
    with closing(world.connect()) as database:
        database.execute("INSERT INTO tts_records (text_input, audio_path) VALUES ('theirs', 'outputs/theirs.wav')")
    world.forget(host, "anna", copies=True)
    assert [path.name for path in sorted(host.folder.glob("*.wav"))] == ["theirs.wav"]


def test_a_place_that_may_not_be_entered_stops_nothing_else(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    host = world.hosts["a"]
    world.speak(host, "anna", "spk_1.wav", 1, 1, elsewhere=True)
    world.speak(host, "anna", "spk_2.wav", 2, 1)
    world.ship(host)
    genuine = Path.is_file

    def refused(path: Path) -> bool:
        if str(path).startswith("/elsewhere/"):  # root may enter it all the same
            raise PermissionError(13, "Permission denied")
        return genuine(path)

    monkeypatch.setattr(Path, "is_file", refused)
    result = forgotten(world, host, Target(user="anna"))
    assert [line for line in result.left if "/elsewhere/spk_1.wav: Permission denied" in line]
    assert not (host.folder / "spk_2.wav").exists()


def test_a_folder_by_another_name_is_the_same_folder(world: World, tmp_path: Path) -> None:
    """Shipped through a link; forgotten, and asked for its audio, by its real path."""
    host = world.hosts["a"]
    real, link = host.folder, tmp_path / "tts"
    link.symlink_to(real)
    host.folder = link
    for user, name in (("anna", "spk_1.wav"), ("anna", "spk_2.wav"), ("bob", "spk_2.wav")):
        world.speak(host, user, name, int(name[4]), 1)
    world.ship(host)
    host.folder = real
    with closing(world.connect()) as database:
        database.execute("UPDATE tts_records SET replaced_by = NULL")  # as if both said so
        for event in real.glob("spk_2.wav*.json"):
            event.unlink()
        result = forget(world.place(host, database), Publisher("forget", host.name), Target(user="anna"))
        assert unseen(world.place(host, database)) == []
    assert result.shared == [real / "spk_2.wav"]
    assert result.elsewhere == {}
    assert [path.name for path in real.glob("*.wav")] == ["spk_2.wav"]


def test_what_an_interrupted_call_may_have_written_is_told(world: World) -> None:
    host = world.hosts["a"]
    world.speak(host, "bob", "spk_2.wav", 2, 1)
    for number in (1, 2, 3):
        audio = {"path": None, "requested_path": f"outputs/spk_{number}.wav"}
        source = f"indextts://{host.name}/1"
        event = succeeded(f"words {number}", data={"audio": audio, "caller": {"user": "anna"}}, source=source)
        event["type"] = INTERRUPTED
        publish(host.folder, event, name=f"{event['id']}.json")
    (host.folder / "spk_1.wav").write_bytes(b"RIFFhalf")
    world.ship(host)
    result = forgotten(world, host, Target(user="anna"))
    assert [line for line in result.left if "no hash was recorded" in line] == [
        f"{host.folder / 'spk_1.wav'}: no hash was recorded of it; look at it and remove it by hand"
    ], "the second is bob's, and there is no third"
    (host.folder / "spk_1.wav").unlink()
    assert forgotten(world, host, Target(user="anna")).left == []
    assert all(b'"anna"' not in each.read_bytes() for each in host.folder.glob("*.json"))


def test_what_was_announced_and_could_not_be_deleted_goes_with_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = world.hosts["a"]
    world.speak(host, "anna", "spk_1.wav", 1, 1)
    world.ship(host)
    genuine = Path.unlink

    def refused(path: Path, **given: bool) -> None:
        if path.name == "spk_1.wav":
            raise PermissionError(13, "Permission denied")
        genuine(path, **given)

    with closing(world.connect()) as database:
        ((event_id,),) = database.query("SELECT event_id FROM tts_records")
        given = (database, Publisher("web"), [host.folder], [str(event_id)])
        monkeypatch.setattr(Path, "unlink", refused)
        with pytest.raises(PermissionError):
            delete(*given, reason=None, user=None)
        monkeypatch.undo()
        world.ship(host)
        assert delete(*given, reason=None, user=None) == (1, {})
        assert not (host.folder / "spk_1.wav").exists()
        assert delete(*given, reason=None, user=None) == (0, {"deleted": 1})
    told = [path for path in host.folder.glob("*.json") if b"audio.deleted" in path.read_bytes()]
    assert len(told) == 1


def test_pruning_keeps_audio_that_a_record_of_another_folder_names(world: World, tmp_path: Path) -> None:
    """Both folders are one host's: the event of a younger take lies in the other one."""
    host = world.hosts["a"]
    other = tmp_path / "events"
    other.mkdir()
    world.speak(host, "anna", "spk_1.wav", 1, 100)
    world.ship(host)
    recorded = json.loads((host.folder / "spk_1.wav.json").read_bytes())["data"]["audio"]
    event = succeeded("younger", data={"audio": recorded}, source=f"indextts://{host.name}/1")
    publish(other, event, name="spk_1.wav.json")
    real, host.folder = host.folder, other
    world.restart(host)
    world.ship(host)
    host.folder = real
    with closing(world.connect()) as database:
        database.execute("UPDATE tts_records SET replaced_by = NULL")
        planned = plan(
            real,
            database,
            folders=[real, other],
            host=host.name,
            policy=Policy.AUDIO,
            before=datetime.now(timezone.utc) - timedelta(days=50),
            max_bytes=None,
            event_max_bytes=10**6,
        )
    assert (planned.chosen, planned.kept_shared) == ([], 1)


def test_a_row_that_another_program_made_of_the_same_take_is_told(world: World) -> None:
    host = world.hosts["a"]
    world.speak(host, "anna", "spk_1.wav", 1, 1)
    world.ship(host)
    insert = "INSERT INTO tts_records (text_input, audio_path, user_id) VALUES ('words of anna', ?, ?)"
    with closing(world.connect()) as database:
        for path in ("outputs/spk_1.wav", "/elsewhere/spk_1.wav", "outputs/spk_7.wav"):
            database.execute(insert, [path, None])
        database.execute(insert, ["outputs/spk_1.wav", "anna"])  # goes by itself
    result = forgotten(world, host, Target(user="anna"))
    assert len(result.left) == 1
    assert "another program's, names outputs/spk_1.wav" in result.left[0]
    assert not (host.folder / "spk_1.wav").exists()


def test_history_that_a_server_keeps_is_told(mariadb: Server, tmp_path: Path) -> None:
    with opened(_with_tables(mariadb.url(mariadb.create_database())), tmp_path) as world:
        host = world.hosts["a"]
        world.speak(host, "anna", "spk_1.wav", 1, 1)
        world.ship(host)
        with closing(world.connect()) as database:
            database.execute("ALTER TABLE tts_events ADD SYSTEM VERSIONING")
        result = forgotten(world, host, Target(user="anna"))
        assert result.left == ["deleted rows in the history of tts_events: DELETE HISTORY FROM tts_events"]
        with closing(world.connect()) as database:
            database.execute("DELETE HISTORY FROM tts_events")
        assert forgotten(world, host, Target(user="anna")).left == []


@pytest.mark.parametrize("how", ["a container's name", "a renamed folder"])
def test_deleting_spares_what_another_take_has_however_its_folder_is_known(
    world: World, tmp_path: Path, how: str
) -> None:
    host = world.hosts["a"]
    raw = b"RIFFtwo"
    world.write(host, "spk_1.wav", raw, 1)
    audio = {"path": "outputs/spk_1.wav", "sha256": digest(raw), "bytes": len(raw)}
    source = f"indextts://{host_slug() if how == 'a renamed folder' else '4f1c2a9d'}/1"
    ids = []
    for number, user in enumerate(("anna", "bob")):
        event = succeeded(user, source=source, sequence=number + 1, data={"audio": audio, "caller": {"user": user}})
        publish(host.folder, event, name=f"spk_1.wav.{number}.json")
        ids.append(event["id"])
    world.ship(host)
    folder = host.folder
    if how == "a renamed folder":
        folder = tmp_path / "moved" / "outputs"
        folder.parent.mkdir()
        host.folder.rename(folder)
        host.folder.mkdir()
    with closing(world.connect()) as database:
        assert delete(database, Publisher("web"), [folder], ids[:1], reason=None, user=None) == (0, {SHARED: 1})
    assert (folder / "spk_1.wav").exists()


@pytest.mark.parametrize("policy", [Policy.FILES, Policy.EVERYTHING])
def test_pruning_keeps_an_event_whose_audio_lies_in_another_folder(
    world: World, tmp_path: Path, policy: Policy
) -> None:
    host = world.hosts["a"]
    other = tmp_path / "events"
    other.mkdir()
    world.speak(host, "anna", "spk_1.wav", 1, 100)
    (host.folder / "spk_1.wav.json").rename(other / "spk_1.wav.json")
    audio, host.folder = host.folder, other
    world.ship(host)
    with closing(world.connect()) as database:
        planned = plan(
            other,
            database,
            folders=[audio, other],
            host=host.name,
            policy=policy,
            before=datetime.now(timezone.utc) - timedelta(days=50),
            max_bytes=None,
            event_max_bytes=10**6,
        )
    assert (planned.chosen, planned.kept_out_of_reach) == ([], 1)


def test_what_an_interrupted_call_wrote_elsewhere_is_told_until_it_is_gone(world: World, tmp_path: Path) -> None:
    host = world.hosts["a"]
    clip = tmp_path / "clip.wav"
    clip.write_bytes(b"RIFFhalf")
    audio = {"path": None, "requested_path": str(clip)}
    event = succeeded("words", data={"audio": audio, "caller": {"user": "anna"}}, source=f"indextts://{host.name}/1")
    event["type"] = INTERRUPTED
    publish(host.folder, event, name=f"{event['id']}.json")
    world.ship(host)
    for target in (Target(user="anna"), Target(ids=frozenset({event["id"]}))):
        result = forgotten(world, host, target)
        assert result.left == [f"{clip}: it lies outside the watched folders; remove it by hand"]
    clip.unlink()
    assert forgotten(world, host, Target(ids=frozenset({event["id"]}))).left == []
    assert not list(host.folder.glob(f"{event['id']}*"))


def test_a_file_of_an_interrupted_call_that_cannot_be_read_stops_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = world.hosts["a"]
    world.speak(host, "anna", "spk_2.wav", 2, 1)
    audio = {"path": None, "requested_path": "outputs/spk_1.wav"}
    event = succeeded("words", data={"audio": audio, "caller": {"user": "anna"}}, source=f"indextts://{host.name}/1")
    event["type"] = INTERRUPTED
    publish(host.folder, event, name=f"{event['id']}.json")
    half = host.folder / "spk_1.wav"
    half.write_bytes(b"RIFFhalf")
    world.ship(host)
    genuine = sha256

    def refused(path: Path) -> str:
        if path == half:  # root may read it all the same
            raise PermissionError(13, "Permission denied")
        return genuine(path)

    monkeypatch.setattr("sidecar.upkeep.traces.sha256", refused)
    result = forgotten(world, host, Target(user="anna"))
    assert [line for line in result.left if str(half) in line and "Permission denied" in line]
    assert not (host.folder / "spk_2.wav").exists()


def test_events_that_a_trigger_keeps_are_told(tmp_path: Path) -> None:
    with opened(_with_tables(sqlite_url(tmp_path / "sidecar.db")), tmp_path) as world:
        host = world.hosts["a"]
        world.speak(host, "anna", "spk_1.wav", 1, 1)
        world.ship(host)
        with closing(world.connect()) as database:
            database.execute("CREATE TRIGGER archive BEFORE DELETE ON tts_events BEGIN SELECT RAISE(IGNORE); END")
        left = forgotten(world, host, Target(user="anna")).left
        assert left == ["events of it in tts_events: a trigger of that table keeps 1"]
