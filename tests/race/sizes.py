"""How large the race is, and how long it may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sizes:
    name: str
    rounds: int
    """At most; as many as begin before the time is up."""
    small: int
    large: int
    more: int
    """New files beside the small ones."""
    followed: int
    batch: int
    """Files between two kills."""
    kills: int
    twice: int
    limit_seconds: float
    """For one run of one peer. Who is not through by then is shown as stopped."""
    last_start_seconds: float
    """After which nothing is begun any more."""


FULL = Sizes(
    name="full",
    rounds=3,
    small=100_000,
    large=5_000,
    more=1_000,
    followed=200,
    batch=700,
    kills=10,
    twice=2_000,
    limit_seconds=90.0,
    last_start_seconds=35 * 60.0,
)
SMALL = Sizes(
    name="small",
    rounds=1,
    small=5_000,
    large=500,
    more=200,
    followed=40,
    batch=200,
    kills=3,
    twice=300,
    limit_seconds=30.0,
    last_start_seconds=8 * 60.0,
)
