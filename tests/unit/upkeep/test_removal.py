from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from sidecar.upkeep.removal import Removal, identify, remove

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
