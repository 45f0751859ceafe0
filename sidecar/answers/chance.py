"""What can be said for certain of few: bounds of shares."""

from __future__ import annotations

from math import sqrt

_Z = 1.96  # 95 %, of both sides


def at_least(hits: int, tries: int) -> float:
    """Lower bound of Wilson's score interval for a share, so that one in two counts for less than a hundred in two
    hundred.

    Args:
        tries: at least one.
    """
    share, spread = hits / tries, _Z * _Z / tries
    middle = share + spread / 2
    return (middle - _Z * sqrt(share * (1 - share) / tries + spread / tries / 4)) / (1 + spread)
