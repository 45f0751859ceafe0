"""What is erased is what was asked for: by host, folder, name and content, and people byte by byte. It stays away."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from sidecar.cli.support.databases import open_sink
from sidecar.event.event import Event
from sidecar.event.publish import Publisher
from sidecar.storage.sink import Batch, Delivery
from sidecar.storage.tombstones import judge
from sidecar.upkeep.erasures import publish_erased_numbers
from sidecar.upkeep.forget import forget
from sidecar.upkeep.mentions import Target
from sidecar.upkeep.pending import Place
from tests.events import encode, envelope, publish, succeeded, uuid7
from tests.integration.processes import sidecar
from tests.operate.hosts import Host, make_hosts
from tests.operate.scene import Scene
from tests.servers import Server, sqlite_url
from tests.servers.fixtures import SERVER_KINDS

NEIGHBOURS = ["anna", "ANNA", "änna", "anna ", "😀", "😎", "李雷"]


@pytest.fixture
def hosts(tmp_path: Path) -> tuple[Host, Host]:
    first, second = make_hosts(tmp_path, sqlite_url(tmp_path / "sidecar.db"), "a", "b")
    return first, second


@contextmanager
def immutable(path: Path) -> Iterator[None]:
    """A file that not even root removes, as those of others in a folder with the sticky bit are for everybody else."""
    try:
        done = subprocess.run(["chattr", "+i", path], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("chattr is not here")
    if done.returncode:
        pytest.skip("chattr +i takes root and a file system that has it")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", path], check=True)


def test_what_tells_whose_audio_it_is_stays_with_audio_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (host,) = make_hosts(tmp_path, sqlite_url(tmp_path / "sidecar.db"), "a")
    host.say("said.mp3", "ming")
    host.ship()
    opened = os.open

    def refused(path: Any, *arguments: Any, **named: Any) -> int:
        if str(path).endswith("said.mp3"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refused)
        said = host.forget("--user", "ming", code=1)
    assert "left: 1" in said
    assert {"said.mp3", "said.mp3.json"} <= {path.name for path in host.folder.iterdir()}
    assert host.users() == []
    assert "left: 0" in host.forget("--pending")
    assert not {"said.mp3", "said.mp3.json"} & {path.name for path in host.folder.iterdir()}


def test_a_broken_file_of_another_host_whose_folder_has_the_same_name_is_told_of(tmp_path: Path) -> None:
    (host,) = make_hosts(tmp_path, sqlite_url(tmp_path / "sidecar.db"), "a")
    host.say("said.wav", "ming")
    host.ship()
    other = Scene(host.place, {**host.settings, "SIDECAR_NAME": "on-b"})
    broken = host.folder / "broken.json"
    broken.write_text('{"specversion": "1.0", "data": {"caller": {"user": "ming"}}')
    other.ship()
    broken.write_text('{"what": "a healthy file of this host"}')
    said = host.forget("--user", "ming")
    assert "left: 1" in said
    assert str(broken) in said
    assert "changed since it was put into quarantine" not in said
    assert broken.exists()


def test_an_event_file_is_nobody_s_audio(tmp_path: Path) -> None:
    (host,) = make_hosts(tmp_path, sqlite_url(tmp_path / "sidecar.db"), "a")
    host.say("anna.wav", "anna")
    raw = (host.folder / "anna.wav.json").read_bytes()
    audio = {"path": "outputs/anna.wav.json", "sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw)}
    publish(host.folder, succeeded(data={"audio": audio, "caller": {"user": "ming"}}, source="indextts://a/1"))
    host.ship()
    host.forget("--user", "ming")
    assert (host.folder / "anna.wav.json").read_bytes() == raw


def test_audio_of_another_host_with_the_same_name_stays(tmp_path: Path, database_url: str) -> None:
    a, b = make_hosts(tmp_path, database_url, "a", "b")
    for number in range(3):
        a.say(f"spk_{number}.wav", "anna", seed=number)
        b.say(f"spk_{number}.wav", "xiao ming", seed=10 + number)
    a.ship()
    b.ship()
    said = a.forget("--user", "xiao ming")
    assert "3 records" in said
    assert "left: 6" in said
    assert f"host b, 6 files\n  {b.folder}/spk_0.wav.json" in said
    assert "host b: 0 done; still to do: 3" in said
    assert a.wavs() == b.wavs() == ["spk_0.wav", "spk_1.wav", "spk_2.wav"]
    assert a.users() == ["anna"] * 3
    assert b.run("verify", "--repair", code=1).count("forgotten: 3") == 1, "what is not its own is not restored"
    assert a.users() == ["anna"] * 3
    said = b.forget("--pending")
    assert "6 files; left: 0" in said
    assert "host b: 3 done\n" in said
    assert (a.wavs(), b.wavs()) == (["spk_0.wav", "spk_1.wav", "spk_2.wav"], [])
    a.ship()
    b.ship()
    for host in (a, b):
        before = sorted(path.name for path in host.folder.iterdir())
        assert "nothing is pending" in host.forget("--pending")
        assert sorted(path.name for path in host.folder.iterdir()) == before


def test_audio_of_another_watched_folder_stays(tmp_path: Path, database_url: str) -> None:
    a, other = make_hosts(tmp_path, database_url, "a", "a2")
    other.name = a.name
    a.settings = other.settings = {**a.settings, "SIDECAR_WATCH_DIR": f"{a.folder}{os.pathsep}{other.folder}"}
    a.say("spk_1.wav", "anna", seed=1)
    other.say("spk_1.wav", "xiao ming", seed=1)
    a.ship()
    a.forget("--user", "xiao ming")
    assert (a.wavs(), other.wavs()) == (["spk_1.wav"], [])


def test_audio_that_was_recorded_elsewhere_is_listed_and_its_namesake_stays(hosts: tuple[Host, Host]) -> None:
    a, _ = hosts
    a.say("spk_1.wav", "xiao ming", seed=1, audio="/srv/clips/spk_1.wav")
    a.ship()
    said = a.forget("--user", "xiao ming", code=1)
    assert "left: 2" in said, "it has the same content, and may be a copy"
    assert "host a, 1 file\n  /srv/clips/spk_1.wav" in said
    assert "host a: 0 done; still to do: 1" in said
    assert a.wavs() == ["spk_1.wav"]


def test_audio_that_lies_here_outside_the_folders_is_pending_until_it_is_gone(hosts: tuple[Host, Host]) -> None:
    a, _ = hosts
    clip = a.place / "clip.wav"
    a.say("spk_1.wav", "xiao ming", seed=1, audio=str(clip))
    a.say("spk_2.wav", "xiao ming", seed=2)
    (a.folder / "spk_1.wav").rename(clip)
    a.ship()
    for said in ("--user", "xiao ming"), ("--pending",):
        assert "host a: 0 done; still to do: 2" in a.forget(*said, code=1)
        assert (clip.exists(), (a.folder / "spk_1.wav.json").exists(), a.wavs()) == (True, True, [])
    clip.unlink()
    assert "host a: 1 done; still to do: 1" in a.forget("--pending"), "it names where the audio was once more"
    assert "host a: 2 done\n" in a.forget("--pending")


def test_audio_that_was_made_anew_under_the_name_stays(hosts: tuple[Host, Host]) -> None:
    a, _ = hosts
    a.say("spk_1.wav", "xiao ming", seed=1)
    a.ship()
    (a.folder / "spk_1.wav").write_bytes(b"somebody else's by now")
    a.forget("--user", "xiao ming")
    assert a.wavs() == ["spk_1.wav"]


def test_audio_that_was_overwritten_and_came_back_from_a_backup_goes(hosts: tuple[Host, Host]) -> None:
    a, _ = hosts
    first = a.say("spk_1.wav", "xiao ming", seed=1)
    raw = (a.folder / "spk_1.wav").read_bytes()
    (a.folder / "spk_1.wav.json").rename(a.folder / "kept")
    second = a.say("spk_1.wav", "anna", seed=2)
    second["data"]["audio"]["replaces"] = first["id"]
    (a.folder / "spk_1.wav.json").unlink()
    publish(a.folder, second, name="spk_1.wav.2.json")
    (a.folder / "kept").rename(a.folder / "spk_1.wav.json")
    a.ship()
    (a.folder / "spk_1.wav").write_bytes(raw)
    a.forget("--user", "xiao ming")
    assert (a.wavs(), a.users()) == ([], ["anna"])


def test_audio_that_a_record_which_stays_has_too_stays(hosts: tuple[Host, Host]) -> None:
    a, _ = hosts
    first = a.say("spk_1.wav", "xiao ming", seed=1)
    second = succeeded("the same again", data={"audio": first["data"]["audio"], "caller": {"user": "anna"}})
    publish(a.folder, second, name="spk_1.wav.2.json")
    a.ship()
    assert "belongs to another record too" in a.forget("--user", "xiao ming")
    assert a.wavs() == ["spk_1.wav"]


@pytest.mark.parametrize("kept", ["event", "row"])
def test_audio_that_a_record_without_an_event_file_has_too_stays(tmp_path: Path, database_url: str, kept: str) -> None:
    (a,) = make_hosts(tmp_path, database_url, "a")
    first = a.say("spk_1.wav", "xiao ming", seed=1)
    second = succeeded("again", source="indextts://a/2", data={**first["data"], "caller": {"user": "anna"}})
    publish(a.folder, second, name="spk_1.wav.2.json")
    a.ship()
    (a.folder / "spk_1.wav.2.json").unlink()
    if kept == "row":
        a.execute(f"DELETE FROM tts_events WHERE id = '{second['id']}'")
    assert "belongs to another record too" in a.forget("--user", "xiao ming")
    assert a.wavs() == ["spk_1.wav"]
    assert a.query("SELECT user_id FROM tts_records") == [("anna",)]


@pytest.mark.parametrize("user", NEIGHBOURS)
def test_one_user_is_forgotten_and_none_whose_name_compares_equal(tmp_path: Path, database_url: str, user: str) -> None:
    (a,) = make_hosts(tmp_path, database_url, "a")
    for number, name in enumerate(NEIGHBOURS):
        a.say(f"spk_{number}.wav", name, seed=number)
        rated = {"rating": 3, "note": "so", "caller": {"user": name}}
        event = a.say(f"rated_{number}.wav", "somebody", seed=100 + number)
        publish(a.folder, envelope("audio.rated", rated, subject=event["id"]))
    a.ship()
    for name in NEIGHBOURS:
        a.execute(f"INSERT INTO tts_records (text_input, audio_path, user_id) VALUES ('of another', '', '{name}')")
    told = "1 record, 1 further event and 1 row of other programs would be forgotten"
    assert told in a.run("forget", "--user", user)
    a.forget("--user", user)
    rest = sorted([name for name in NEIGHBOURS if name != user] * 2 + ["somebody"] * 7, key=str.encode)
    assert sorted((row[0] for row in a.query("SELECT user_id FROM tts_records")), key=str.encode) == rest
    raters = [row[0] for row in a.query("SELECT rated_by FROM tts_records WHERE rated_by IS NOT NULL")]
    assert sorted(raters) == sorted(name for name in NEIGHBOURS if name != user)


@pytest.mark.parametrize("option", ["--text", "--voice"])
def test_words_and_voices_are_compared_byte_by_byte(tmp_path: Path, database_url: str, option: str) -> None:
    (a,) = make_hosts(tmp_path, database_url, "a")
    for number, word in enumerate(("Ça 😀", "ça 😀", "Ca 😀", "Ça 😎")):
        a.say(f"{number}.wav", word, seed=number, data={"text": f"so {word}!", "voice": {"path": f"v/{word}.wav"}})
    a.ship()
    a.forget(option, "Ça 😀")
    assert a.users() == sorted(["ça 😀", "Ca 😀", "Ça 😎"], key=str.encode)


@pytest.mark.parametrize("words", ["anna", "happy", "fp16", "voice_01", "tensor", "outputs/"])
def test_words_that_stand_elsewhere_than_in_a_text_are_not_meant(hosts: tuple[Host, Host], words: str) -> None:
    a, _ = hosts
    said = {
        "text": "good morning",
        "caller": {"user": "anna"},
        "voice": {"path": "examples/voice_01.wav"},
        "emotion": {"mode": "happy"},
        "model": {"precision": "fp16"},
        "error": {"type": "RuntimeError", "message": "a tensor"},
    }
    event = a.say("1.wav", "anna", seed=1, data=said)
    a.say("2.wav", "somebody", seed=2, data={"text": f"so {words}!"})
    publish(a.folder, envelope("audio.rated", {"rating": 1, "note": f"as {words}"}, subject=event["id"]))
    (a.folder / "cut.json").write_bytes(encode(succeeded("cut", data=said))[:-9])
    (a.folder / "cut2.json").write_bytes(encode(succeeded(f'a "{words}"', data={**said, "text": f'"{words}'}))[:-9])
    a.ship()
    a.forget("--text", words)
    assert a.users() == ["anna"]
    assert (a.wavs(), (a.folder / "cut.json").exists()) == (["1.wav"], True)
    assert not (a.folder / "cut2.json").exists()
    assert a.query("SELECT rating FROM tts_records") == [(None,)]


def test_a_text_of_which_only_the_hash_is_kept_contains_no_words(hosts: tuple[Host, Host]) -> None:
    a, _ = hosts
    for number in range(2):
        digest = hashlib.sha256(bytes([number])).hexdigest()
        a.say(f"{number}.wav", "anna", seed=number, data={"text": None, "text_sha256": digest})
    a.ship()
    ((kept,), (hashed,)) = a.query("SELECT text_input FROM tts_records ORDER BY event_id")
    assert "2 records keep only the hash of their text: --text finds those by the whole" in a.forget("--text", "sha256")
    assert a.users() == ["anna", "anna"]
    a.forget("--text", hashed)
    assert a.query("SELECT text_input FROM tts_records") == [(kept,)]


@pytest.mark.parametrize("shipped", ["shipped", "not shipped", "broken"])
def test_a_text_of_which_only_the_hash_is_kept_is_found_by_the_whole_of_it(
    tmp_path: Path, database_url: str, shipped: str
) -> None:
    (a,) = make_hosts(tmp_path, database_url, "a")
    for number, text in enumerate(("good morning", "Good morning")):
        digest = hashlib.sha256(text.encode()).hexdigest()
        a.say(f"{number}.wav", "anna", seed=number, data={"text": None, "text_sha256": digest})
    if shipped == "broken":
        whole = (a.folder / "0.wav.json").read_bytes()
        (a.folder / "0.wav.json").write_bytes(whole[:-2])
    if shipped != "not shipped":
        a.ship()
    a.forget("--text", "good")
    assert (a.folder / "0.wav.json").exists()
    a.forget("--text", "good morning")
    assert [(a.folder / f"{number}.wav.json").exists() for number in range(2)] == [False, True]
    a.ship()
    assert a.users() == ["anna"]


def test_a_reader_that_keeps_old_pages_is_told_of_and_they_go_with_the_next_run(hosts: tuple[Host, Host]) -> None:
    a, _ = hosts
    a.settings = {**a.settings, "SIDECAR_LOCK_WAIT_SECONDS": "0.2"}
    a.say("1.wav", "xiao ming", seed=1, data={"text": "of which nothing may be left"})
    a.say("2.wav", "anna", seed=2)
    a.ship()
    path = a.place.parent / "sidecar.db"

    def left() -> list[str]:
        return [each.name for each in path.parent.glob("sidecar.db*") if b"of which nothing may" in each.read_bytes()]

    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM tts_records").fetchone()
        said = a.forget("--user", "xiao ming", code=1)
        assert "left: 1" in said
        assert "host a: 0 done; still to do: 1" in said
        assert a.users() == ["anna"]
        assert left()
        a.forget("--pending", code=1)
    assert "left: 0" in a.forget("--pending")
    assert not left()


def test_who_holds_the_rows_is_named_after_a_patience_that_can_be_set(server: Server, tmp_path: Path) -> None:
    name = server.create_database()
    (a,) = make_hosts(tmp_path, server.url(name), "a")
    a.say("1.wav", "xiao ming", seed=1)
    a.ship()
    words = ("forget", "--user", "xiao ming", "--yes", "--lock-wait-seconds", "1")
    with server.connect(name, autocommit=False) as holder, holder.cursor() as cursor:
        cursor.execute("SELECT * FROM tts_records FOR UPDATE")
        done = sidecar(*words, cwd=a.place, settings=a.settings, check=False)
        assert done.returncode == 1
        number = holder.thread_id()  # type: ignore[no-untyped-call]
        assert f"it may be held by session {number} of root@localhost (Sleep)" in done.stderr
        assert f"KILL {number}." in done.stderr
        assert "SIDECAR_LOCK_WAIT_SECONDS" in done.stderr
        shipping = server.create_account([f"SELECT, INSERT, UPDATE, DELETE ON `{name}`.*"])
        blind = {**a.settings, "SIDECAR_DATABASE_URL": server.url(name, shipping)}
        done = sidecar(*words, cwd=a.place, settings=blind, check=False)
        assert "an administrator sees it by SELECT trx_mysql_thread_id" in done.stderr
        holder.rollback()
    a.forget("--user", "xiao ming")
    assert a.users() == []


@pytest.mark.parametrize("option", ["--user", "--text", "--voice", "--record", "--reason"])
def test_bytes_that_are_not_utf_8_are_refused_in_one_line(hosts: tuple[Host, Host], option: str) -> None:
    a, _ = hosts
    a.say("1.wav", "anna")
    words = ["--user", "anna"] if option == "--reason" else []
    done = sidecar(
        "forget", *words, option, os.fsdecode(b"a\xff"), "--yes", cwd=a.place, settings=a.settings, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert f"{option} is" in done.stderr
    assert a.wavs() == ["1.wav"]


def test_what_was_forgotten_does_not_come_back(tmp_path: Path, database_url: str) -> None:
    """By a restored folder, by replay, by a shipper that holds it in its hands, or from before on another host."""
    a, b = make_hosts(tmp_path, database_url, "a", "b")
    event = a.say("spk_1.wav", "xiao ming", seed=1)
    a.say("spk_2.wav", "anna", seed=2)
    publish(a.folder, envelope("audio.rated", {"rating": 1, "caller": {"user": "xiao ming"}}, subject=event["id"]))
    (a.folder / "cut.json").write_bytes(encode(succeeded(data={"caller": {"user": "xiao ming"}}))[:-30])
    a.ship()
    shutil.copytree(a.folder, tmp_path / "backup")
    a.forget("--user", "xiao ming")
    shutil.copytree(tmp_path / "backup", a.folder, dirs_exist_ok=True)
    shutil.copytree(tmp_path / "backup", b.folder, dirs_exist_ok=True)
    rated = envelope("audio.rated", {"rating": 5, "caller": {"user": "anna"}}, subject=event["id"])
    publish(b.folder, rated, name="of_a_forgotten_record.json")
    for host in (a, b):
        host.ship()
        assert host.facts("replay", "--all", code=1)["forgotten"] >= 2
        host.run("verify", "--repair", code=1)
        host.run("rebuild")
    assert a.users() == ["anna"]
    assert a.query("SELECT COUNT(*) FROM tts_records") == [(1,)]
    for (content,) in a.query("SELECT content FROM sidecar_quarantine"):
        assert b"xiao ming" not in bytes(content)
    for host in (a, b):
        host.forget("--pending")
        assert not [path for path in host.folder.iterdir() if b"xiao ming" in path.read_bytes()]
        assert host.wavs() == ["spk_2.wav"]


@pytest.mark.parametrize("file", ["there", "lost"])
def test_what_is_known_of_audio_that_cannot_be_removed_stays_until_it_is_gone(
    tmp_path: Path, database_url: str, file: str
) -> None:
    (a,) = make_hosts(tmp_path, database_url, "a")
    event = a.say("spk_1.wav", "xiao ming", seed=1)
    a.say("spk_2.wav", "xiao ming", seed=2)
    a.ship()
    wav = a.folder / "spk_1.wav"
    if file == "lost":
        (a.folder / "spk_1.wav.json").unlink()
    kept = a.folder / ("spk_1.wav.json" if file == "there" else f"{event['id']}.json")
    with immutable(wav):
        for said in ("--user", "xiao ming"), ("--pending",):
            told = a.forget(*said, code=1)
            assert "host a: 0 done; still to do: 2" in told
            assert a.wavs() == ["spk_1.wav"]
            assert kept.exists()
            assert not (a.folder / "spk_2.wav.json").exists()
            a.ship()
            assert a.users() == [], "only the file tells of it"
    assert "host a: 2 done\n" in a.forget("--pending")
    assert not wav.exists()
    assert not kept.exists()


def test_audio_without_a_recorded_hash_is_pending_until_it_was_removed_by_hand(hosts: tuple[Host, Host]) -> None:
    a, _ = hosts
    a.say("spk_1.wav", "xiao ming", seed=1)
    (a.folder / "spk_1.wav.json").unlink()
    unhashed = succeeded("words", data={"audio": {"path": "outputs/spk_1.wav"}, "caller": {"user": "xiao ming"}})
    publish(a.folder, unhashed, name="spk_1.wav.json")
    a.ship()
    for said in ("--user", "xiao ming"), ("--pending",):
        assert "host a: 0 done; still to do: 1" in a.forget(*said, code=1)
    (a.folder / "spk_1.wav").unlink()
    assert "host a: 1 done\n" in a.forget("--pending")
    assert not (a.folder / "spk_1.wav.json").exists()


@pytest.mark.parametrize("policy", ["files", "everything"])
def test_what_was_forgotten_and_pruned_does_not_come_back(hosts: tuple[Host, Host], policy: str) -> None:
    a, _ = hosts
    a.say("1.wav", "xiao ming", seed=1)
    a.say("2.wav", "anna", seed=2)
    a.ship()
    shutil.copytree(a.folder, a.place / "backup")
    a.forget("--user", "xiao ming")
    a.ship()
    stays = sorted(path.name for path in a.folder.glob("*.json") if path.name != "2.wav.json")
    told = a.query("SELECT id FROM tts_events WHERE type NOT LIKE 'indextts.synthesis.%' ORDER BY id")
    # As an interrupted run of a version that did remove tombstones has it:
    publish_erased_numbers(Publisher("prune"), a.folder, [("indextts://a/1", 9)], [id_ for (id_,) in told])
    a.run("prune", "--older-than", "2099-01-01", "--remove", policy, "--yes")
    assert set(stays) <= {path.name for path in a.folder.glob("*.json")}
    assert a.wavs() == []
    rows = a.query("SELECT id FROM tts_events WHERE type NOT LIKE 'indextts.synthesis.%' ORDER BY id")
    assert set(told) <= set(rows)
    shutil.copytree(a.place / "backup", a.folder, dirs_exist_ok=True)
    a.ship()
    assert "xiao ming" not in a.users()


ERASING = pytest.mark.parametrize(
    "verb", [("forget", "--user", "anna"), ("prune", "--older-than", "2099-01-01", "--remove", "everything")]
)


@ERASING
def test_a_foreign_key_in_the_way_is_named_before_anything_is_removed(
    tmp_path: Path, mysql_url: str, verb: tuple[str, ...]
) -> None:
    (a,) = make_hosts(tmp_path, mysql_url, "a")
    a.say("1.wav", "anna", seed=1)
    a.ship()
    ((kind,),) = a.query(
        "SELECT column_type FROM information_schema.columns WHERE table_schema = DATABASE() "
        "AND table_name = 'tts_records' AND column_name = 'id'"
    )
    a.execute(f"CREATE TABLE likes (record {kind} NOT NULL, FOREIGN KEY (record) REFERENCES tts_records (id))")
    a.execute("INSERT INTO likes SELECT id FROM tts_records")
    before = sorted(a.folder.iterdir()), a.query("SELECT id FROM tts_events")
    done = sidecar(*verb, "--yes", cwd=a.place, settings=a.settings, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    if "OceanBase" not in str(a.query("SELECT VERSION()")):  # whose error names no table
        assert "likes" in done.stderr
    assert "ON DELETE CASCADE" in done.stderr
    assert (sorted(a.folder.iterdir()), a.query("SELECT id FROM tts_events")) == before
    a.execute("DELETE FROM likes")
    done = sidecar(*verb, "--yes", cwd=a.place, settings=a.settings)
    assert (a.wavs(), a.users()) == ([], [])


@ERASING
@pytest.mark.parametrize("database_url", ["sqlite", *SERVER_KINDS], indirect=True)
def test_a_trigger_in_the_way_is_told_before_anything_is_removed(
    tmp_path: Path, database_url: str, verb: tuple[str, ...]
) -> None:
    (a,) = make_hosts(tmp_path, database_url, "a")
    a.say("1.wav", "anna", seed=1)
    a.ship()
    a.execute("CREATE TABLE kept (log_is_kept INTEGER PRIMARY KEY)")
    a.execute("INSERT INTO kept VALUES (1)")
    refuse = "INSERT INTO kept VALUES (1)"  # a second time
    if database_url.startswith("sqlite"):
        refuse = f"BEGIN {refuse}; END"
    a.execute(f"CREATE TRIGGER keep_log BEFORE DELETE ON tts_events FOR EACH ROW {refuse}")
    before = sorted(a.folder.iterdir()), a.query("SELECT id FROM tts_events")
    done = sidecar(*verb, "--yes", cwd=a.place, settings=a.settings, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert any(each in done.stderr for each in ("kept", "Duplicate entry")), done.stderr
    assert (sorted(a.folder.iterdir()), a.query("SELECT id FROM tts_events")) == before
    a.execute("DROP TRIGGER keep_log")
    sidecar(*verb, "--yes", cwd=a.place, settings=a.settings)
    assert (a.wavs(), a.users()) == ([], [])


def test_a_restored_database_forgets_again(tmp_path: Path) -> None:
    (a,) = make_hosts(tmp_path, sqlite_url(tmp_path / "sidecar.db"), "a")
    a.say("spk_1.wav", "xiao ming", seed=1)
    other = a.say("spk_2.wav", "anna", seed=2)
    for user, stars in (("anna", 2), ("xiao ming", 5)):
        rated = {"rating": stars, "caller": {"user": user}}
        publish(a.folder, envelope("audio.rated", rated, subject=other["id"]))
    a.ship()
    with sqlite3.connect(tmp_path / "sidecar.db") as present, sqlite3.connect(tmp_path / "backup.db") as copy:
        present.backup(copy)
    a.forget("--user", "xiao ming")
    with sqlite3.connect(tmp_path / "sidecar.db") as present, sqlite3.connect(tmp_path / "backup.db") as copy:
        copy.backup(present)
    assert len(a.users()) == 2
    a.ship()
    assert a.users() == ["anna"]
    assert a.query("SELECT rating, rated_by FROM tts_records") == [(2, "anna")]


def test_what_killed_processes_left_goes_too(hosts: tuple[Host, Host]) -> None:
    a, _ = hosts
    markers = a.folder / ".inflight"
    markers.mkdir()
    for user in ("xiao ming", "anna"):
        call = {"id": uuid7(), "data": {"text": "in flight", "caller": {"user": user}}}
        (markers / f"dead-{user[0]}.1.call").write_bytes(json.dumps(call).encode() + b"\n" + b" " * 40)
        temporary = a.folder / f".indextts-{uuid7()}.tmp"
        temporary.write_bytes(encode(succeeded(data={"caller": {"user": user}}))[: 10**6])
        os.utime(temporary, (10**9, 10**9))
    with (markers / "live.alive").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        live = {"id": uuid7(), "data": {"text": "running", "caller": {"user": "xiao ming"}}}
        (markers / "live.1.call").write_bytes(json.dumps(live).encode() + b"\n")
        said = a.forget("--user", "xiao ming", code=1)
        assert "left: 1" in said
    assert sorted(path.name for path in markers.iterdir()) == ["dead-a.1.call", "live.1.call", "live.alive"]
    assert len(list(a.folder.glob(".indextts-*.tmp"))) == 1
    publish(a.folder, succeeded(id=uuid7(), subject=live["id"], data={"caller": {"user": "xiao ming"}}))
    a.ship()
    assert a.users() == []
    a.forget("--pending")
    assert not [path for path in a.folder.rglob("*") if path.is_file() and b"xiao ming" in path.read_bytes()]


def test_a_broken_remark_on_anothers_record_takes_only_itself_along(hosts: tuple[Host, Host]) -> None:
    a, _ = hosts
    event = a.say("spk_1.wav", "anna", seed=1)
    remark = envelope("audio.rated", {"rating": 1, "caller": {"user": "xiao ming"}}, subject=event["id"])
    (a.folder / "remark.json").write_bytes(encode(remark)[:-3])
    (a.folder / "preset.json").write_text('{"user": "xiao ming", "of": "another program"}')
    a.ship()
    a.forget("--user", "xiao ming")
    assert a.users() == ["anna"]
    assert (a.wavs(), (a.folder / "remark.json").exists()) == (["spk_1.wav"], False)
    assert (a.folder / "preset.json").exists()


def test_a_commit_beside_forgetting_brings_nothing_back(
    tmp_path: Path, mysql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit that has asked for tombstones and not yet written its rows: forgetting waits for it."""
    (a,) = make_hosts(tmp_path, mysql_url, "a")
    made = [Event.decode(encode(succeeded(f"{number}"))) for number in range(20)]
    asked, forgot = threading.Event(), threading.Event()

    def judge_slowly(run: Any, batch: Batch) -> Any:
        judged = judge(run, batch)
        asked.set()
        forgot.wait(2)  # it cannot be done now; if it could, the rows would come after it
        return judged

    monkeypatch.setattr("sidecar.storage.mysql.sink.judge", judge_slowly)
    with closing(a.database()) as database, ThreadPoolExecutor(1) as thread, closing(open_sink(a.loaded)) as sink:
        batch = Batch(
            shipper="other",
            folder="/elsewhere",
            deliveries=[Delivery(event=event, path=f"/elsewhere/{event.id}.json") for event in made],
            quarantined=(),
            position=sink.open_position("other", "/elsewhere"),
            recorded_at=datetime.now(timezone.utc),
        )
        committed = thread.submit(sink.commit, batch)
        assert asked.wait(60)
        place = Place(database=database, folders=[a.folder], host="a", shipper="on-a")
        forget(place, Publisher("forget", "a"), Target(ids=frozenset(event.id for event in made)))
        forgot.set()
        committed.result()
    assert a.query("SELECT COUNT(*) FROM tts_records") == [(0,)]
    kinds = dict(a.query("SELECT type, COUNT(*) FROM tts_events GROUP BY type"))
    assert kinds.keys() == {"indextts.record.forgotten", "indextts.events.erased"}
    assert kinds["indextts.record.forgotten"] == 20
