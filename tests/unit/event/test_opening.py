"""Only regular files are opened, at once and under their own name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sidecar.event.opening import open_regular


def test_a_regular_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"{}")
    file = open_regular(tmp_path / "a.json")
    assert file is not None
    with file:
        assert file.read() == b"{}"


@pytest.mark.skipif(os.name != "posix", reason="links and FIFOs")
def test_nothing_else_is(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"{}")
    (tmp_path / "link.json").symlink_to("a.json")
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    for name in ("link.json", "folder.json", "pipe.json", "absent.json", "null\0.json"):
        assert open_regular(tmp_path / name) is None, name
