"""What somebody is told who may not read a file, with the rights of real files."""

from __future__ import annotations

import grp
import os
from pathlib import Path

import pytest

from sidecar.rights import as_its_owner, how_to_read
from tests.places import NOBODY, let_in, somebody

GROUP = next(each for each in grp.getgrall() if each.gr_gid not in (0, NOBODY) and not each.gr_mem)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A file in a folder, looked at by nobody."""
    let_in(tmp_path)
    path = tmp_path / "kept" / "a.db"
    path.parent.mkdir(mode=0o755)
    path.touch(0o644)
    return path


def told(path: Path) -> str:
    with somebody():
        return how_to_read(path)


def test_who_may_read_is_told_nothing(kept: Path) -> None:
    assert told(kept) == told(kept.with_name("missing")) == told(kept.parent / "no" / "folder") == ""


@pytest.mark.parametrize("shut", ["file", "folder"])
def test_the_group_that_may_is_named(kept: Path, shut: str) -> None:
    path = kept if shut == "file" else kept.parent
    os.chown(path, 0, GROUP.gr_gid)
    path.chmod(0o640 if shut == "file" else 0o750)
    said = told(kept)
    assert said.startswith(f"Join its group (sudo usermod -aG {GROUP.gr_name} nobody, then log in again), or do it")
    assert said.endswith("as its owner, root.")


@pytest.mark.parametrize(("group", "mode"), [(0, 0o640), (GROUP.gr_gid, 0o600)], ids=["root's", "without rights"])
def test_a_group_that_would_not_help_is_not_named(kept: Path, group: int, mode: int) -> None:
    os.chown(kept, 0, group)
    kept.chmod(mode)
    assert told(kept) == "Do it as its owner, root."


def test_an_id_without_a_name_is_no_bug(kept: Path) -> None:
    os.chown(kept, 4_000_000, 4_000_000)
    kept.chmod(0o640)
    assert told(kept) == "Do it as its owner."


def test_what_is_the_service_s_is_done_as_the_service(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sidecar.rights.SERVICE_USER", GROUP.gr_name)
    os.chown(kept, 0, GROUP.gr_gid)
    assert "sudo sidecar --as-service VERB" in as_its_owner(kept)
