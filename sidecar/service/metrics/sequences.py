"""Which events of a source have not arrived: the numbers missing between those seen.

A TTS process numbers its events 1, 2, 3 ..., so a number that stays missing is an event that never reached the disk.
This is what one process can tell from what it shipped itself; `sidecar verify` asks the whole table.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

_MAX_SOURCES = 256
_MAX_MISSING = 10_000  # numbers remembered per source; a wilder gap is counted as this many


@dataclass(slots=True)
class _Source:
    lowest: int
    highest: int
    missing: set[int] = field(default_factory=set)


class Sequences:
    """Remembers the sources seen most recently; the oldest is forgotten first, with its gaps."""

    def __init__(self) -> None:
        self._sources: OrderedDict[str, _Source] = OrderedDict()

    def add(self, source: str, numbers: Sequence[int]) -> None:
        """Events of that source and those numbers, at least one, are committed; in any order, any number of times."""
        known = self._sources.get(source)
        if known is None:
            self._sources[source] = known = _Source(numbers[0], numbers[0])
            if len(self._sources) > _MAX_SOURCES:
                self._sources.popitem(last=False)
        self._sources.move_to_end(source)
        for number in numbers:
            if number == known.highest + 1:  # nearly always
                known.highest = number
            elif number > known.highest:
                _extend(known.missing, known.highest + 1, number)
                known.highest = number
            elif number < known.lowest:
                _extend(known.missing, number + 1, known.lowest)
                known.lowest = number
            else:
                known.missing.discard(number)

    @property
    def missing(self) -> int:
        """How many numbers are missing, over all remembered sources."""
        return sum(len(source.missing) for source in self._sources.values())


def _extend(missing: set[int], start: int, stop: int) -> None:
    missing.update(range(start, min(stop, start + max(0, _MAX_MISSING - len(missing)))))
