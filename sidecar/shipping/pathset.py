"""A set of paths that may grow to any size: eight bytes for each, where a set of strings takes two hundred.

It may, once in 10**19 / size questions, take a path for another one. Whoever asks must be able to bear that.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable

_MASK = 2**64 - 1


class PathSet:
    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._hashes = array("Q", sorted({hash(path) & _MASK for path in paths}))

    def __len__(self) -> int:
        return len(self._hashes)

    def __contains__(self, path: str) -> bool:
        return bool(self._hashes) and self._find(path)[1]

    def add(self, path: str) -> None:
        index, there = self._find(path)
        if not there:
            self._hashes.insert(index, hash(path) & _MASK)

    def discard(self, path: str) -> None:
        index, there = self._find(path)
        if there:
            del self._hashes[index]

    def _find(self, path: str) -> tuple[int, bool]:
        wanted = hash(path) & _MASK
        index = bisect_left(self._hashes, wanted)
        return index, index < len(self._hashes) and self._hashes[index] == wanted
