from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from dotenv import dotenv_values

from sidecar.errors import SettingsError
from sidecar.setup.files import exclude_from_git, require_untracked, write_private, write_settings

HARD = ["plain", "a b", "it's", 'say "x"', "back\\slash", "#no comment", "语音 $HOME ${HOME}", "tail\\", "a=b", ""]


def git(folder: Path, *words: str) -> str:
    named = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@x", *words]
    return subprocess.run(named, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("value", HARD)
def test_a_value_is_read_as_it_was_written(tmp_path: Path, value: str) -> None:
    path = tmp_path / ".env"
    path.write_text("BEFORE=1\nNAME=old\nAFTER=2")
    assert write_settings(path, {"NAME": value, "NEW": value}, dotenv_values(path, interpolate=False)) == [
        "~ NAME",
        "+ NEW",
    ]
    assert dotenv_values(path, interpolate=False) == {"BEFORE": "1", "NAME": value, "AFTER": "2", "NEW": value}
    before = path.stat().st_mtime_ns
    assert write_settings(path, {"NAME": value}, dotenv_values(path, interpolate=False)) == []
    assert path.stat().st_mtime_ns == before


def test_other_lines_stay_to_the_byte(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes("# 我的\r\nA=1\r\n\texport B = 2\r\nOTHER_B=3\r\n".encode())
    write_settings(path, {"B": "4"}, dotenv_values(path, interpolate=False))
    assert path.read_bytes() == "# 我的\r\nA=1\r\nB=4\r\nOTHER_B=3\r\n".encode()


def test_of_two_lines_the_one_that_counts_is_changed(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\nA=2\n")
    write_settings(path, {"A": "3"}, dotenv_values(path, interpolate=False))
    assert dotenv_values(path, interpolate=False) == {"A": "3"}


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    write_settings(path, {"A": "1"}, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    write_settings(path, {"A": "1"}, {"A": "1"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_settings(path, {"A": "2"}, {"A": "1"})
    assert os.listdir(tmp_path) == [".env"]
    assert path.read_text() == "A=1\n"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("")
    (tmp_path / ".env").symlink_to("real")
    write_private(tmp_path / ".env", "A=1\n")
    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "real").read_text() == "A=1\n"


@pytest.mark.parametrize("place", [".", "models/tts"])
def test_git_overlooks_what_is_named_and_nothing_tracked_is_touched(tmp_path: Path, place: str) -> None:
    git(tmp_path, "init", "--quiet")
    folder = tmp_path / place
    folder.mkdir(parents=True, exist_ok=True)
    assert len(exclude_from_git(folder, [".env", "sidecar.db*"])) == 2
    (folder / ".env").touch()
    (folder / "sidecar.db-wal").touch()
    assert git(tmp_path, "status", "--porcelain") == ""
    assert exclude_from_git(folder, [".env", "sidecar.db*"]) == []


def test_a_further_work_tree_and_a_submodule_say_where_git_keeps_its_own(tmp_path: Path) -> None:
    main = tmp_path / "main"
    main.mkdir()
    git(main, "init", "--quiet")
    git(main, "commit", "--quiet", "--allow-empty", "-m", "x")
    git(main, "worktree", "add", "--quiet", str(tmp_path / "second"))
    git(main, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(main), "inner")
    for folder in (tmp_path / "second", main / "inner"):
        exclude_from_git(folder, [".env"])
        (folder / ".env").touch()
        assert git(folder, "status", "--porcelain") == ""


def test_without_git_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert exclude_from_git(tmp_path, [".env"]) == []
    require_untracked(tmp_path / ".env")


def test_a_tracked_file_is_refused(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".env").touch()
    require_untracked(tmp_path / ".env")
    git(tmp_path, "add", ".env")
    with pytest.raises(SettingsError, match="git tracks"):
        require_untracked(tmp_path / ".env")
