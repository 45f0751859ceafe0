"""Which folders below another one are meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from sidecar.errors import SettingsError
from sidecar.service.config import load
from sidecar.shipping.tree import folders_below, holds_events, not_shipped
from tests.events import publish, succeeded


def test_folders_below_are_found_without_links_and_hidden_ones(tmp_path: Path) -> None:
    for name in ("b/c", "a", ".hidden/x", "b/.hidden"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    (tmp_path / "file").touch()
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    assert list(folders_below(tmp_path)) == [tmp_path / "a", tmp_path / "b", tmp_path / "b" / "c"]
    assert list(folders_below(tmp_path / "absent")) == []


def test_what_is_not_shipped_holds_events_and_no_other_programs_json(tmp_path: Path) -> None:
    ours, other = tmp_path / "ours", tmp_path / "other"
    ours.mkdir()
    other.mkdir()
    publish(ours, succeeded())
    (other / "preset.json").write_text("{}")
    assert holds_events(ours)
    assert not holds_events(other)
    assert not_shipped(tmp_path, [tmp_path]) == [ours]
    assert not_shipped(tmp_path, [tmp_path, ours]) == []


@pytest.mark.parametrize("end", ["/**", "/**/", "\\**"])
def test_the_settings_mean_the_folders_below(tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "outputs" / "day" / "hour").mkdir(parents=True)
    (tmp_path / "other" / "day").mkdir(parents=True)
    settings = load({"watch_dir": f"{tmp_path}/outputs{end},{tmp_path}/other"})
    before = settings.fingerprint
    outputs = tmp_path / "outputs"
    assert settings.folders == [outputs, tmp_path / "other", outputs / "day", outputs / "day" / "hour"]
    assert settings.includes(outputs / "night")
    assert not settings.includes(tmp_path / "other" / "night")
    (outputs / "night").mkdir()
    assert settings.fingerprint == before  # the shipper that runs is the one that is asked for
    monkeypatch.setattr("sidecar.service.settings.MAX_FOLDERS", 4)
    with pytest.raises(SettingsError, match="more than 4 folders"):
        _ = settings.folders
