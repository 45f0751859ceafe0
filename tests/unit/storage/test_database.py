"""What statements with many values are made of."""

from __future__ import annotations

from sidecar.storage.database import in_chunks, marks


def test_values_come_in_chunks_of_at_most_that_size() -> None:
    assert list(in_chunks(iter(range(5)), 2)) == [[0, 1], [2, 3], [4]]
    assert list(in_chunks(range(4), 2)) == [[0, 1], [2, 3]]
    assert list(in_chunks([])) == []


def test_a_mark_for_each_value() -> None:
    assert marks(["a", "b", "c"]) == "?, ?, ?"
