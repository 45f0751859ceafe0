"""When events are taken for new again after that was wrong."""

from __future__ import annotations

from sidecar.storage.mysql.sink import Patience


def test_after_a_refusal_the_other_way_is_kept_to_for_a_while() -> None:
    patience = Patience()
    skipped = []
    for _ in range(8):
        patience.refused()
        skipped.append(next(count for count in range(1000) if patience.allows()))
    assert skipped == [2, 4, 8, 16, 32, 64, 64, 64]
    patience.taken()
    patience.refused()
    assert [patience.allows() for _ in range(3)] == [False, False, True]
