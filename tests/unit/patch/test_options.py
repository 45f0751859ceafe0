"""Every option is documented, and read as its row says."""

from __future__ import annotations

from indextts_patch import options
from tests.patch.helpers import REPO


def test_every_option_is_documented() -> None:
    readme = (REPO / "indextts_patch" / "README.md").read_text(encoding="utf-8")
    for option in options.TABLE:
        assert f"| `{options.PREFIX}{option.name}` |" in readme
        assert f"`{option.default}`" in readme or not option.default


def test_a_path_is_below_a_root_only_where_a_whole_folder_of_it_is() -> None:
    assert options.below("/srv/tts", "/srv/tts/outputs/a.wav") == "outputs/a.wav"
    assert options.below("/srv/tts/", "/srv/tts") == "."
    assert options.below("/srv/tts", "/srv/tts2/a.wav") is None


def test_folders_are_absolute_and_those_without_a_name_are_none() -> None:
    chosen = options.read({"INDEXTTS_PATCH_ROOT": "/srv/tts", "INDEXTTS_PATCH_CLIENT": "1"})
    assert (chosen.root, chosen.events_dir, chosen.fallback_dir) == ("/srv/tts", "/srv/tts/outputs", None)
    assert (chosen.enabled, chosen.client, chosen.text) == (True, True, "store")
