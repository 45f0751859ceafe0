"""How far the position may move, by values alone: no file is read here."""

from __future__ import annotations

from array import array

import pytest

from sidecar.shipping.listing import Listing
from sidecar.shipping.position import Progress
from sidecar.storage.sink import Position

SECOND = 1_000_000_000
OVERLAP = 2 * SECOND


def at(ctime_ns: int, files: int = 0, *, identity: str = "1:2", revision: int = 1) -> Position:
    return Position(identity=identity, ctime_ns=ctime_ns, files=files, revision=revision)


def opened(position: Position, *ctimes: int, started_ns: int = 1_000 * SECOND) -> Progress:
    """Opened at that position, after a scan that listed newer files with those ctimes."""
    progress = Progress()
    progress.open(position)
    listing = Listing(
        entries=[], older=position.files, counted_to=position.ctime_ns, newer=array("q", sorted(ctimes)), below=[]
    )
    progress.listed(listing, "1:2", started=50.0, started_ns=started_ns, overlap_ns=OVERLAP)
    return progress


def test_it_moves_to_the_newest_file_and_counts_what_lies_behind_it() -> None:
    progress = opened(at(10, files=3), 20, 30)
    assert progress.next(None) == at(30, files=5)
    assert progress.moved(None)


def test_it_stays_before_the_oldest_open_file() -> None:
    assert opened(at(10, files=3), 20, 30).next(30) == at(29, files=4)


def test_it_stays_an_overlap_behind_the_scan() -> None:
    progress = opened(at(10), 20, 1_000 * SECOND, started_ns=1_000 * SECOND)
    assert progress.next(None).ctime_ns == 1_000 * SECOND - OVERLAP


def test_it_never_moves_back_but_its_count_follows_deletions() -> None:
    progress = Progress()
    progress.open(at(10, files=3))
    listing = Listing(entries=[], older=1, counted_to=10, newer=array("q"), below=[])
    progress.listed(listing, "1:2", started=50.0, started_ns=1_000 * SECOND, overlap_ns=OVERLAP)
    assert progress.next(5) == at(10, files=1)


def test_without_a_listing_it_stays() -> None:
    progress = Progress()
    progress.open(at(10, files=3))
    assert progress.next(None) == at(10, files=3)
    assert not progress.moved(None)


def test_once_acknowledged_to_its_end_a_listing_is_let_go() -> None:
    progress = opened(at(10), 20)
    progress.acknowledge(at(20, files=1, revision=2), None)
    assert progress.next(None) == at(20, files=1, revision=2)
    assert not progress.moved(None)


def test_a_revision_that_somebody_else_moved_is_followed() -> None:
    progress = opened(at(10, files=3))
    progress.follow_revision(7)
    assert progress.next(None).revision == 7
    assert not progress.moved(None), "following is no reason to commit"


@pytest.mark.parametrize(
    ("position", "identity", "monotonic", "wall_ns", "reason"),
    [
        (at(10), "1:2", 50.0, 1_000 * SECOND, None),
        (at(0, identity=""), "1:2", 50.0, 1_000 * SECOND, ""),
        (at(10), "9:9", 50.0, 1_000 * SECOND, "another folder under the same path"),
        (at(2_000 * SECOND), "1:2", 50.0, 1_000 * SECOND, "the clock is behind the position"),
        (at(10), "1:2", 60.0, 1_000 * SECOND, "the clock was set back"),
        (at(10), "1:2", 51.0, 1_000 * SECOND, None),  # within the overlap
    ],
)
def test_a_position_that_cannot_be_trusted_is_told_with_its_reason(
    position: Position, identity: str, monotonic: float, wall_ns: int, reason: str | None
) -> None:
    assert opened(position).reason_to_rewind(identity, monotonic, wall_ns, OVERLAP) == reason


def test_a_rewind_reads_everything_again_under_the_same_revision() -> None:
    progress = opened(at(10, files=3), 20)
    progress.rewind("9:9")
    assert progress.opened == at(0, identity="9:9")
    assert progress.since_ns(OVERLAP) < 0
    assert progress.moved(None), "the sink still holds the old one"
