"""The numbers of events that were erased on purpose, so that nobody takes the gaps they leave for losses.

A TTS process numbers its events 1, 2, 3 ... Forgetting or pruning some of them leaves gaps. An event of type
indextts.events.erased lists the missing numbers and nothing of what the events said. It is published before anything
is erased: whatever interrupts the rest, no number is ever missing without a reason.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from sidecar.event.publish import Publisher
from sidecar.event.types import ERASED
from sidecar.storage.database import Database, in_chunks

_NUMBERS_PER_EVENT = 1000  # each with a source of up to 255 characters: well below SIDECAR_EVENT_MAX_BYTES
_SOURCE = re.compile(rb'"source"\s*:\s*"(indextts://[A-Za-z0-9._-]+/[A-Za-z0-9._-]+)"')
_SEQUENCE = re.compile(rb'"sequence"\s*:\s*([1-9][0-9]{0,9})\b')

Number = tuple[str, int]
"""Source and sequence of one event."""


def publish_erased_numbers(publisher: Publisher, folder: Path, numbers: Iterable[Number]) -> None:
    """Announce that the events with these numbers are about to be erased.

    Args:
        folder: a watched folder.

    Raises:
        PublishError: the folder cannot be written.
    """
    for chunk in in_chunks(sorted(set(numbers)), _NUMBERS_PER_EVENT):
        by_source: dict[str, list[int]] = defaultdict(list)
        for source, sequence in chunk:
            by_source[source].append(sequence)
        publisher.publish(folder, ERASED, None, {"numbers": by_source})


def numbers_of(data: Mapping[str, Any]) -> Iterator[Number]:
    """The numbers that the data of one such event lists."""
    return ((source, sequence) for source, sequences in data["numbers"].items() for sequence in sequences)


def erased_numbers(database: Database) -> Iterator[Number]:
    """All erased numbers that the database knows of.

    Raises:
        TemporarySinkError: the database cannot serve.
    """
    for (event,) in database.query("SELECT event FROM tts_events WHERE type = ?", [ERASED]):
        yield from numbers_of(orjson.loads(event)["data"])


def number_in_broken_file(raw: bytes) -> Number | None:
    """The number of an event whose file is no longer valid; None where it cannot be read either.

    It is found by pattern, because most such files are cut off. JSON escapes the quotes within a text, so no text can
    be mistaken for the envelope.
    """
    source, sequence = _SOURCE.search(raw), _SEQUENCE.search(raw)
    return (source[1].decode("ascii"), int(sequence[1])) if source and sequence else None
