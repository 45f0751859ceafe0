"""The number that the next event of an audio file takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from indextts_patch.writing.filenames import file_name, last_number


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 9, 100])
def test_the_last_number_is_found(tmp_path: Path, count: int) -> None:
    for number in range(1, count + 1):
        (tmp_path / file_name("a.wav", number)).touch()
    assert last_number(str(tmp_path), "a.wav") == count
