"""Reading through an opened folder: never blocked, never led outside, too large refused unread."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.errors import EventError, Reason
from sidecar.shipping.reading import Directory, FolderUnavailable, read_file, stat_file, stat_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "outputs"
    folder.mkdir()
    return folder


@pytest.fixture
def directory(folder: Path) -> Iterator[Directory]:
    directory = Directory(folder)
    yield directory
    directory.close()


def read(directory: Directory, name: str, max_bytes: int = 100) -> bytes:
    return read_file(directory, name, stat_file(directory, name), max_bytes=max_bytes, keep_bytes=4)


def test_a_file_is_read_whole_up_to_the_limit(directory: Directory, folder: Path) -> None:
    (folder / "a.json").write_bytes(b"x" * 100)
    assert read(directory, "a.json") == b"x" * 100


def test_a_larger_file_is_refused_and_its_beginning_kept(directory: Directory, folder: Path) -> None:
    (folder / "a.json").write_bytes(b"abcdefgh")
    with pytest.raises(EventError) as refused:
        read(directory, "a.json", max_bytes=7)
    assert (refused.value.reason, refused.value.raw) == (Reason.TOO_LARGE, b"abcd")


def test_a_file_that_grew_beyond_the_limit_since_it_was_looked_at_is_refused(
    directory: Directory, folder: Path
) -> None:
    (folder / "a.json").write_bytes(b"short")
    before = stat_file(directory, "a.json")
    (folder / "a.json").write_bytes(b"x" * 1000)
    with pytest.raises(EventError):
        read_file(directory, "a.json", before, max_bytes=5, keep_bytes=4)


def test_links_pipes_and_folders_are_not_opened(directory: Directory, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "link.json").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "pipe.json")
    (folder / "folder.json").mkdir()
    for name in ("link.json", "pipe.json", "folder.json"):
        with pytest.raises(EventError) as refused:
            read(directory, name)
        assert (refused.value.reason, refused.value.raw) == (Reason.UNREADABLE, b"")


def test_a_file_that_became_a_link_is_not_followed(directory: Directory, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "a.json").write_bytes(b"event")
    before = stat_file(directory, "a.json")
    (folder / "a.json").unlink()
    (folder / "a.json").symlink_to(tmp_path / "secret")
    with pytest.raises(EventError):
        read_file(directory, "a.json", before, max_bytes=100, keep_bytes=4)


def test_what_is_read_comes_from_the_folder_that_was_opened(directory: Directory, folder: Path) -> None:
    (folder / "a.json").write_bytes(b"the first")
    folder.rename(folder.with_name("elsewhere"))
    folder.mkdir()
    (folder / "a.json").write_bytes(b"another")
    assert read(directory, "a.json") == b"the first"
    assert stat_folder(folder).identity != directory.state.identity


def test_a_missing_file_is_gone(directory: Directory) -> None:
    with pytest.raises(FileNotFoundError):
        stat_file(directory, "a.json")


def test_what_is_no_folder_is_unavailable(folder: Path) -> None:
    (folder / "file").write_bytes(b"")
    for path in (folder / "missing", folder / "file"):
        with pytest.raises(FolderUnavailable, match=path.name):
            Directory(path)
