"""Which events of a source have not come: the numbers that are missing between those seen.

A TTS process numbers its events 1, 2, 3 ..., so a number that stays missing is an event that never reached the disk.
This is what one process can tell from what it shipped itself; `sidecar verify` asks the whole table.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

_MAX_SOURCES = 256
_MAX_MISSING = 10_000  # numbers remembered per source; a wilder gap is counted as this many


@dataclass(slots=True)
class _Source:
    lowest: int
    highest: int
    missing: set[int] = field(default_factory=set)


class Sequences:
    """Remembers the sources heard of last; the oldest is forgotten first, with its gaps."""

    def __init__(self) -> None:
        self._sources: OrderedDict[str, _Source] = OrderedDict()

    def add(self, source: str, sequence: int) -> None:
        """An event of that source and number is committed; in any order, any number of times."""
        known = self._sources.get(source)
        if known is None:
            self._sources[source] = _Source(sequence, sequence)
            if len(self._sources) > _MAX_SOURCES:
                self._sources.popitem(last=False)
            return
        self._sources.move_to_end(source)
        if sequence == known.highest + 1:  # nearly always
            known.highest = sequence
        elif sequence > known.highest:
            _extend(known.missing, known.highest + 1, sequence)
            known.highest = sequence
        elif sequence < known.lowest:
            _extend(known.missing, sequence + 1, known.lowest)
            known.lowest = sequence
        else:
            known.missing.discard(sequence)

    @property
    def missing(self) -> int:
        """How many numbers are missing, over all remembered sources."""
        return sum(len(source.missing) for source in self._sources.values())


def _extend(missing: set[int], start: int, stop: int) -> None:
    missing.update(range(start, min(stop, start + max(0, _MAX_MISSING - len(missing)))))
