"""Audio of what was forgotten under names that nobody recorded: found by its content, listed, removed when asked to."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.integration.processes import sidecar
from tests.operate.hosts import Host, make_hosts
from tests.servers import sqlite_url

REMOVES = "`sidecar forget --pending --copies --yes` removes them"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """One host that watches two folders."""
    (made,) = make_hosts(tmp_path, sqlite_url(tmp_path / "sidecar.db"), "a")
    second = made.place / "second"
    second.mkdir()
    made.settings = {**made.settings, "SIDECAR_WATCH_DIR": f"{made.folder}{os.pathsep}{second}"}
    return made


def moved(wav: Path, place: Path) -> Path:
    return wav.rename(place / "second" / wav.name)


def copied(wav: Path, place: Path) -> Path:
    return Path(shutil.copy(wav, wav.with_name("for the podcast.wav")))


def linked(wav: Path, place: Path) -> Path:
    other = place / "second" / "link.wav"
    os.link(wav, other)
    return other


@pytest.mark.parametrize("how", [moved, copied, linked])
def test_a_copy_is_listed_with_what_removes_it_and_removed_when_asked_to(host: Host, how: object) -> None:
    host.say("spk_1.wav", "xiao ming", seed=1)
    host.say("spk_2.wav", "anna", seed=2)
    host.ship()
    assert callable(how)
    copy = how(host.folder / "spk_1.wav", host.place)
    said = host.run("forget", "--user", "xiao ming")
    assert f"a copy, which stays unless you say --copies: {copy}" in said
    said = host.forget("--user", "xiao ming", code=1)
    assert "left: 1" in said
    assert "looked for copies among 2 audio files of the watched folders, by size and SHA-256; not in" in said
    assert "host a: 0 done; still to do: 1" in said
    assert copy.exists()
    assert host.users() == ["anna"]
    assert not (host.folder / "spk_1.wav.json").exists(), "the words go at once"
    assert "left: 1" in host.forget("--pending", code=1)
    said = host.forget("--pending", "--copies")
    assert "1 file; left: 0" in said
    assert "host a: 1 done\n" in said
    assert host.wavs() == ["spk_2.wav"]
    assert not copy.exists()


@pytest.mark.parametrize("how", [moved, linked])
def test_a_copy_of_another_format_is_found(host: Host, how: object) -> None:
    host.say("said.mp3", "xiao ming")
    host.ship()
    assert callable(how)
    copy = how(host.folder / "said.mp3", host.place)
    assert "left: 1" in host.forget("--user", "xiao ming", code=1)
    assert "left: 0" in host.forget("--pending", "--copies")
    assert not copy.exists()


def test_the_error_names_the_command_that_removes_copies(host: Host, capfd: pytest.CaptureFixture[str]) -> None:
    host.say("spk_1.wav", "xiao ming", seed=1)
    copied(host.folder / "spk_1.wav", host.place)
    done = sidecar(
        "forget", "--host", "a", "--user", "xiao ming", "--yes", cwd=host.place, settings=host.settings, check=False
    )
    assert (done.returncode, REMOVES in done.stderr) == (1, True), done.stderr


def test_empty_files_are_no_copies(host: Host) -> None:
    event = host.say("spk_1.wav", "xiao ming")
    (host.folder / "spk_1.wav").write_bytes(b"")
    event["data"]["audio"] |= {"sha256": hashlib.sha256(b"").hexdigest(), "bytes": 0}
    (host.folder / "spk_1.wav.json").write_text(json.dumps(event))
    host.ship()
    (host.folder / "about to be written.wav").touch()
    assert "left: 0" in host.forget("--user", "xiao ming", "--copies")
    assert host.wavs() == ["about to be written.wav"]


def test_a_copy_that_comes_back_later_is_pending_again(host: Host) -> None:
    host.say("spk_1.wav", "xiao ming", seed=1)
    host.ship()
    kept = host.place / "kept"
    shutil.copy(host.folder / "spk_1.wav", kept)
    assert "left: 0" in host.forget("--user", "xiao ming")
    assert "nothing is pending" in host.forget("--pending")
    shutil.copy(kept, host.place / "second" / "again.wav")
    assert "left: 1" in host.forget("--pending", code=1)
    assert "1 file; left: 0" in host.forget("--pending", "--copies")
    assert "nothing is pending" in host.forget("--pending")


@pytest.mark.parametrize("where", ["in the folder", "in the database", "in both"])
def test_what_a_record_that_stays_has_too_is_no_copy(host: Host, where: str) -> None:
    """Equal requests with an equal seed sound equal, bit for bit."""
    host.say("spk_1.wav", "xiao ming", seed=1)
    host.ship()
    host.say("spk_2.wav", "anna", seed=1)
    if where != "in the folder":
        host.ship()
    if where == "in the database":
        (host.folder / "spk_2.wav.json").unlink()
    moved(host.folder / "spk_2.wav", host.place)
    said = host.forget("--user", "xiao ming", "--copies")
    assert f"kept: {host.place}/second/spk_2.wav, which has the content of a record's audio that stays" in said
    assert (host.place / "second" / "spk_2.wav").exists()
    assert not (host.folder / "spk_1.wav").exists()


def test_only_files_of_a_size_that_was_forgotten_are_read(host: Host) -> None:
    host.say("spk_1.wav", "xiao ming", seed=1)
    other = host.folder / "other.wav"
    other.write_bytes(b"longer than any" * 10_000)
    long_ago = 10**18
    os.utime(other, ns=(long_ago, long_ago))
    host.forget("--user", "xiao ming")
    assert other.stat().st_atime_ns == long_ago


def test_names_of_a_file_outside_the_watched_folders_are_told_of_before_it_goes(host: Host) -> None:
    host.say("spk_1.wav", "xiao ming", seed=1)
    host.ship()
    inode = (host.folder / "spk_1.wav").stat().st_ino
    os.link(host.folder / "spk_1.wav", host.place / "elsewhere.wav")
    said = host.forget("--user", "xiao ming")
    assert "left: 1" in said
    assert f"spk_1.wav, under 1 more of its names (hard links): find / -xdev -inum {inode}" in said


def test_a_relative_path_outside_the_folders_is_pending_until_it_is_gone(host: Host) -> None:
    clips = host.place / "clips"
    clips.mkdir()
    host.say("spk_1.wav", "xiao ming", seed=1, audio="clips/spk_1.wav")
    (host.folder / "spk_1.wav").rename(clips / "spk_1.wav")
    host.ship()
    for said in ("--user", "xiao ming"), ("--pending",):
        told = host.forget(*said, code=1)
        assert "host a: 0 done; still to do: 1" in told
        assert "left: 1" in told
    (clips / "spk_1.wav").unlink()
    host.forget("--pending")  # names once more where it was
    assert "host a: 1 done\n" in host.forget("--pending")


def test_a_copy_under_the_name_of_something_else_that_goes_is_found(host: Host) -> None:
    host.say("spk_1.wav", "xiao ming", seed=1)
    host.say("spk_2.wav", "xiao ming", seed=2)
    host.ship()
    shutil.copy(host.folder / "spk_1.wav", host.folder / "spk_2.wav")
    assert "left: 1" in host.forget("--user", "xiao ming", code=1)
    assert host.wavs() == ["spk_2.wav"]
    host.forget("--pending", "--copies")
    assert host.wavs() == []
