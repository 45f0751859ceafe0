"""Label values come from closed sets, so that no event can grow the number of series."""

from __future__ import annotations

from sidecar.event.types import KNOWN, last_word

TYPES = frozenset(map(last_word, KNOWN))


def bounded(value: str, known: frozenset[str]) -> str:
    """The value, or "other" where it is not a known one."""
    return value if value in known else "other"
