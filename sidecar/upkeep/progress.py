"""How a long task shows its progress."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Track(Protocol):
    def __call__(self, items: Iterable[T], description: str, total: int, /) -> Iterator[T]:
        """Pass the items on, and show how many of the total there were."""
