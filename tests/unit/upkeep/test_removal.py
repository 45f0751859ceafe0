from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from sidecar.upkeep.removal import Removal, identify, remove, remove_read, state_of

RAW = b"what was recorded"
SHA256 = hashlib.sha256(RAW).hexdigest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "spk_1.wav"
    made.write_bytes(RAW)
    return made


def test_what_it_is_taken_for_is_removed(path: Path) -> None:
    assert remove(path, identify(path, SHA256)) is Removal.REMOVED
    assert remove(path, identify(path, SHA256)) is Removal.GONE


def test_other_content_stays(path: Path) -> None:
    path.write_bytes(b"somebody else's by now")
    assert remove(path, identify(path, SHA256)) is Removal.OTHER
    assert path.exists()


def test_what_was_written_later_stays(path: Path) -> None:
    written = path.stat().st_mtime
    assert identify(path, SHA256, before=written) is Removal.OTHER
    assert not isinstance(identify(path, SHA256, before=written + 1), Removal)


def test_a_link_is_another_file(path: Path) -> None:
    link = path.with_name("link.wav")
    link.symlink_to(path)
    assert remove(link, identify(link, SHA256)) is Removal.OTHER
    assert link.is_symlink()
    assert path.exists()


def test_what_is_made_anew_while_it_is_looked_at_stays(path: Path) -> None:
    found, state = identify(path, SHA256), path.stat()
    other = path.with_name("new.wav")
    other.write_bytes(RAW)
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    other.rename(path)
    assert remove(path, found) is Removal.OTHER
    assert path.exists()


def test_what_was_read_and_not_touched_since_is_not_read_again(path: Path) -> None:
    state = state_of(path.stat(), time.time() + 10)
    assert remove_read(path, state, "not the hash of it") is Removal.REMOVED
    assert remove_read(path, state, SHA256) is Removal.GONE


@pytest.mark.parametrize("touched", [False, True])
def test_what_was_touched_since_it_was_read_goes_by_its_content(path: Path, touched: bool) -> None:
    """A change of as many bytes that puts the time of writing back shows in the time of the change alone."""
    before = path.stat()
    state = state_of(before, time.time() + 10)
    time.sleep(0.02)  # longer than a kernel's clock stands still
    if touched:
        path.chmod(0o600)
    else:
        path.write_bytes(RAW[::-1])
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert remove_read(path, state, SHA256) is (Removal.REMOVED if touched else Removal.OTHER)
    assert path.exists() is not touched


def test_a_file_that_is_too_young_for_a_change_to_show_is_known_by_nothing(path: Path) -> None:
    assert state_of(path.stat(), time.time()) is None
