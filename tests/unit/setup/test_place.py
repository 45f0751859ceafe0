from __future__ import annotations

from pathlib import Path

import pytest

from sidecar.errors import UsageError
from sidecar.setup import place


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.mkdir(parents=True) if name.endswith("/") else path.touch()
    return folder


@pytest.mark.parametrize("mark", ["webui.py", "indextts/", "outputs/"])
def test_any_of_three_things_makes_a_folder_one(tmp_path: Path, mark: str) -> None:
    assert place.marks(tmp_path) == []
    make(tmp_path, mark)
    assert place.marks(tmp_path) == [mark]
    assert place.find(tmp_path, tmp_path / "home") == tmp_path


def test_a_file_is_no_folder_and_a_folder_no_file(tmp_path: Path) -> None:
    make(tmp_path, "webui.py/", "indextts", "outputs")
    assert place.marks(tmp_path) == []


@pytest.mark.parametrize("start", ["tts/index-tts/outputs", "tts", "tts/clone", "tts/clone/deploy"])
def test_it_is_found_above_below_and_beside(tmp_path: Path, start: str) -> None:
    (tmp_path / "tts" / "clone" / "deploy").mkdir(parents=True)
    wanted = make(tmp_path / "tts" / "index-tts", "outputs/", "indextts/")
    found = place.find(tmp_path / start, tmp_path / "home")
    assert found == (None if start.endswith("deploy") else wanted)


def test_the_home_folder_is_looked_into(tmp_path: Path) -> None:
    wanted = make(tmp_path / "home" / "IndexTTS2", "indextts/")
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    assert place.find(tmp_path / "elsewhere" / "deep", tmp_path / "home") == wanted


def test_outputs_alone_counts_only_where_one_stands(tmp_path: Path) -> None:
    make(tmp_path, "outputs/")
    (tmp_path / "project").mkdir()
    assert place.find(tmp_path / "project", tmp_path / "home") is None


def test_in_a_clone_of_this_project_the_demo_s_engine_is_offered(tmp_path: Path) -> None:
    assert "deploy/demo" not in place.not_found(tmp_path).hint
    make(tmp_path, "deploy/demo/indextts/")
    assert place.find(tmp_path, tmp_path / "home") is None
    assert place.not_found(tmp_path).hint.endswith(f"sidecar init {tmp_path}/deploy/demo.")


def test_a_folder_is_required_to_be_one_unless_it_is_forced(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no webui"):
        place.require(tmp_path, force=False)
    assert place.require(tmp_path, force=True) == tmp_path
    with pytest.raises(UsageError, match="there is no folder"):
        place.require(tmp_path / "missing", force=True)
