"""Numbers of a TTS process that are missing: events that never reached the disk, or were removed from it.

A number is accounted for if an event file or a row has it, if a broken file still shows it, if the quarantine keeps
it, or if it was erased on purpose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from sidecar.storage.database import Database
from sidecar.upkeep.erasures import Number, erased_numbers, number_in_broken_file

_LISTED = 20


def gaps(seen: Mapping[str, set[int]], explained: Iterable[Number], database: Database) -> Iterator[tuple[str, str]]:
    """
    Args:
        seen: the numbers of the folder's events by source; only these are checked.
        explained: numbers that the folder accounts for in other ways.

    Yields:
        A source, and in words which of its numbers are missing.

    Raises:
        TemporarySinkError: the database cannot serve.
    """
    kept = database.stream("SELECT content FROM sidecar_quarantine")
    quarantined = filter(None, (number_in_broken_file(bytes(content)) for (content,) in kept))
    elsewhere = _by_source(chain(explained, erased_numbers(database), quarantined))
    sql = "SELECT source, MAX(sequence), COUNT(DISTINCT sequence) FROM tts_events GROUP BY source"
    stored = {source: (int(last), int(count)) for source, last, count in database.query(sql)}
    for source, numbers in sorted(seen.items()):
        last, count = stored.get(source, (0, 0))
        if count == last and max(numbers) <= last:
            continue
        rows = database.query("SELECT DISTINCT sequence FROM tts_events WHERE source = ?", [source])
        there = numbers.union(int(row[0]) for row in rows)
        missing = sorted(set(range(1, max(there))) - there - elsewhere[source])
        if missing:
            listed = ", ".join(map(str, missing[:_LISTED])) + (" ..." if len(missing) > _LISTED else "")
            yield source, f"{len(missing)} of {max(there)}: {listed}"


def _by_source(numbers: Iterable[Number]) -> dict[str, set[int]]:
    grouped: dict[str, set[int]] = defaultdict(set)
    for source, sequence in numbers:
        grouped[source].add(sequence)
    return grouped
