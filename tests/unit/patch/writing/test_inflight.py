"""What a marker says of the call that killed its process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from indextts_patch.writing.inflight import InFlight

DATA = {"data": {"text": "a text of some length", "timing": {"started_at": "then"}}}


def recovered(dead: InFlight, folder: Path) -> dict[str, Any]:
    """What the next process finds, once this one holds its lock no more."""
    dead.restart("forgotten")
    found: dict[str, Any] = {}

    def report(subject: str, content: dict[str, Any]) -> bool:
        found[subject] = content["data"]
        return True

    InFlight([str(folder)], "next").recover(report)
    return found


def test_it_says_where_the_call_was_last(tmp_path: Path) -> None:
    inflight = InFlight([str(tmp_path)], "dying")
    marker = inflight.add("a", DATA)
    assert marker is not None
    inflight.note(marker, {"stage": "gpt", "stage_began": 0.25})
    inflight.note(marker, {"stage": "s2mel", "stage_began": 1.5, "gpt": 1.25})
    timing = recovered(inflight, tmp_path)["a"]["timing"]
    assert timing == {"started_at": "then", "stage": "s2mel", "stage_began": 1.5, "gpt": 1.25}


def test_a_call_that_came_nowhere_says_nothing_of_the_one_before(tmp_path: Path) -> None:
    inflight = InFlight([str(tmp_path)], "dying")
    first = inflight.add("a", DATA)
    assert first is not None
    inflight.note(first, {"stage": "bigvgan"})
    inflight.remove(first)
    assert b"bigvgan" not in Path(first.path).read_bytes()
    second = inflight.add("b", {"data": {"timing": {"started_at": "now"}}})
    assert second is first, "the file is used again"
    assert recovered(inflight, tmp_path) == {"b": {"timing": {"started_at": "now"}}}


def test_a_note_that_was_half_written_is_left_out(tmp_path: Path) -> None:
    inflight = InFlight([str(tmp_path)], "dying")
    marker = inflight.add("a", DATA)
    assert marker is not None
    inflight.note(marker, {"stage": "gpt"})
    content = Path(marker.path).read_bytes()
    Path(marker.path).write_bytes(content[: content.rindex(b'"gpt"')])
    assert recovered(inflight, tmp_path)["a"] == DATA["data"]


def test_a_note_that_is_too_long_is_left_out(tmp_path: Path) -> None:
    inflight = InFlight([str(tmp_path)], "dying")
    marker = inflight.add("a", DATA)
    assert marker is not None
    inflight.note(marker, {"stage": "x" * 300})
    assert recovered(inflight, tmp_path)["a"] == DATA["data"]
