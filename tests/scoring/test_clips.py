"""Spoiled clips are found, and good ones left in peace: on fewer clips than `python -m tests.scoring` makes."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256

import pytest

from tests.running import missing
from tests.scoring.clips import DEFECTS, Clip, lacking, make
from tests.scoring.judging import judge

pytestmark = pytest.mark.slow
VOICES = {"zh": (("cmn+f2", 165),), "en": (("en-us", 165),)}
CLAUSES = (2, 2, 3)  # shorter than the whole set's: hearing takes as long as the sound


@pytest.fixture(scope="module", autouse=True)
def speakers() -> None:
    if lack := lacking():
        missing(lack)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    return make(tmp_path_factory.mktemp("clips"), 7, count=108, spoiled=27, voices=VOICES, clauses=CLAUSES)


def test_most_spoiled_clips_are_in_doubt_for_the_right_reason_and_few_good_ones_are(clips: list[Clip]) -> None:
    verdict = judge(clips, opinions=4)  # DNSMOS takes nine tenths of the time, and needs eight takes of a voice
    assert verdict.right >= 25, verdict.table()
    assert verdict.good_in_doubt <= 3, verdict.table()


def test_a_seed_makes_the_same_clips_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    first, again = (
        make(tmp_path_factory.mktemp(name), 7, count=18, spoiled=9, voices=VOICES, clauses=CLAUSES)
        for name in ("first", "again")
    )
    # By their hashes: of long bytes that differ, pytest would work out the difference for minutes.
    assert [sha256(clip.path.read_bytes()).digest() for clip in again] == [
        sha256(clip.path.read_bytes()).digest() for clip in first
    ]
    assert Counter(clip.defect for clip in first) == {"": 9, **dict.fromkeys(DEFECTS, 1)}
