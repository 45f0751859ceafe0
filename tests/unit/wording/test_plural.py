"""One file, two files."""

from __future__ import annotations

from sidecar.wording.plural import count


def test_one_is_not_many() -> None:
    assert [count(number, "file") for number in (0, 1, 2, 1000)] == ["0 files", "1 file", "2 files", "1,000 files"]
    assert count(2, "synthesis", "syntheses") == "2 syntheses"
