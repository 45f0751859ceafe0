"""Label values come from closed sets, so that no event can grow the number of series."""

from __future__ import annotations

TYPES = frozenset(
    ["succeeded", "failed", "interrupted", "discovered", "reused", "rated", "deleted", "forgotten", "erased"]
)


def bounded(value: str, known: frozenset[str]) -> str:
    """The value, or "other" where it is not a known one."""
    return value if value in known else "other"
