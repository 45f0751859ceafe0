from __future__ import annotations

import time
from pathlib import Path

import pytest

from sidecar.shipping.listing import scan, unpack


@pytest.fixture
def ctimes(tmp_path: Path) -> list[int]:
    """Of four files in the folder, 0.json to 3.json, ascending."""
    found = []
    for number in range(4):
        path = tmp_path / f"{number}.json"
        path.touch()
        found.append(path.stat().st_ctime_ns)
        time.sleep(0.01)  # a file system's clock may tick that seldom
    return found


def test_files_of_the_overlap_are_found_again_and_counted_once(tmp_path: Path, ctimes: list[int]) -> None:
    listing = scan(tmp_path, since=ctimes[0] - 1, count_to=ctimes[1], is_known=lambda name, status: False)

    assert [unpack(each) for each in listing.entries] == [(ctimes[number], f"{number}.json") for number in (3, 2, 1, 0)]
    assert [listing.files_until(each) for each in ctimes[1:]] == [2, 3, 4]
    assert listing.last_ctime_ns == ctimes[3]


def test_files_that_are_known_are_counted_in_their_place(tmp_path: Path, ctimes: list[int]) -> None:
    listing = scan(tmp_path, since=-1, count_to=0, is_known=lambda name, status: name in ("1.json", "2.json"))

    assert [unpack(each)[1] for each in listing.entries] == ["3.json", "0.json"]
    assert [listing.files_until(each) for each in ctimes] == [1, 2, 3, 4]
