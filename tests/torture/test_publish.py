"""What a power cut would find: the writer's own calls, in their order."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from indextts_patch.writing import publish


def test_file_then_name_then_folder_are_flushed_in_that_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Content before the name, or a power cut leaves an empty event; the folder after it, or it leaves none."""
    calls: list[str] = []
    fsync, link = os.fsync, os.link

    def watched_fsync(descriptor: int) -> None:
        calls.append(f"fsync {os.path.basename(os.readlink(f'/proc/self/fd/{descriptor}'))}")
        fsync(descriptor)

    def watched_link(source: Any, target: Any, **options: Any) -> None:
        calls.append(f"link {os.path.basename(target)}")
        link(source, target, **options)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "link", watched_link)
    publish.publish(str(tmp_path), ".event.tmp", "event.json", b"{}", fsync=True)
    assert calls == ["fsync .event.tmp", "link event.json", f"fsync {tmp_path.name}"]
    assert (tmp_path / "event.json").read_bytes() == b"{}"
