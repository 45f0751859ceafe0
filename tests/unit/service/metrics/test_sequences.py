from __future__ import annotations

import random

import pytest

from sidecar.service.metrics.sequences import Sequences

SOURCE = "indextts://studio/20260101T000000-1"


@pytest.mark.parametrize(
    ("batches", "missing"),
    [
        ([[1, 2, 3], [4, 5]], 0),
        ([[1, 2, 5]], 2),
        ([[1, 2], [5], [4]], 1),
        ([[7], [4]], 2),  # nothing is said of what came before the shipper did
        ([[1, 3], [3, 2, 2, 1]], 0),
    ],
)
def test_numbers_between_those_seen_are_missing(batches: list[list[int]], missing: int) -> None:
    sequences = Sequences()
    for numbers in batches:
        sequences.add(SOURCE, numbers)
    assert sequences.missing == missing


def test_the_order_of_arrival_does_not_matter() -> None:
    numbers = [number for number in range(1, 200) if number % 7]
    random.Random(1).shuffle(numbers)
    sequences = Sequences()
    for first in range(0, len(numbers), 10):
        sequences.add(SOURCE, numbers[first : first + 10])
    assert sequences.missing == 28


def test_each_source_counts_for_itself_and_the_oldest_is_forgotten() -> None:
    sequences = Sequences()
    for number in range(300):
        sequences.add(f"{SOURCE}{number}", [1, 3])
    assert sequences.missing == 256
