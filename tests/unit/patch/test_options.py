"""Every option is documented."""

from __future__ import annotations

from indextts_patch import options
from tests.patch.helpers import REPO


def test_every_option_is_documented() -> None:
    readme = (REPO / "indextts_patch" / "README.md").read_text(encoding="utf-8")
    for option in options.TABLE:
        assert f"| `{options.PREFIX}{option.name}` |" in readme
        assert f"`{option.default}`" in readme or not option.default
