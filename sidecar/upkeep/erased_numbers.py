"""The numbers of events that were erased on purpose, so that nobody takes the gap they leave for a loss.

A TTS process numbers its events 1, 2, 3 ... Whoever forgets or prunes some of them leaves holes. An event of type
ERASED names the holes and nothing of what was in them. It is published before anything is erased:
whatever interrupts the rest, no number is ever missing without a reason.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from sidecar.event.publish import Publisher
from sidecar.event.types import ERASED
from sidecar.storage.database import Database

_NUMBERS_AN_EVENT = 1000  # each with a source of up to 255 characters: well below SIDECAR_EVENT_MAX_BYTES
_SOURCE = re.compile(rb'"source"\s*:\s*"(indextts://[A-Za-z0-9._-]+/[A-Za-z0-9._-]+)"')
_SEQUENCE = re.compile(rb'"sequence"\s*:\s*([1-9][0-9]{0,9})\b')

Number = tuple[str, int]
"""Source and sequence of one event."""


def announce(publisher: Publisher, folder: Path, numbers: Iterable[Number]) -> None:
    """Publish that these events are about to be erased.

    Args:
        folder: a watched folder.

    Raises:
        PublishError: the folder cannot be written.
    """
    rest = iter(sorted(set(numbers)))
    while part := list(islice(rest, _NUMBERS_AN_EVENT)):
        by_source: dict[str, list[int]] = defaultdict(list)
        for source, sequence in part:
            by_source[source].append(sequence)
        publisher.publish(folder, ERASED, None, {"numbers": by_source})


def named(data: Mapping[str, Any]) -> Iterator[Number]:
    """The numbers that the data of one such event names."""
    for source, sequences in data["numbers"].items():
        for sequence in sequences:
            yield source, sequence


def erased(database: Database) -> Iterator[Number]:
    """All that the database knows of.

    Raises:
        TemporarySinkError: the database cannot serve.
    """
    for (event,) in database.query("SELECT event FROM tts_events WHERE type = ?", [ERASED]):
        yield from named(orjson.loads(event)["data"])


def legible(raw: bytes) -> Number | None:
    """The number that a file carries which is no valid event, where it can still be read.

    By pattern, because most such files end in the middle. A quote within a text is written as \\", so no text can
    be taken for the envelope.
    """
    source, sequence = _SOURCE.search(raw), _SEQUENCE.search(raw)
    return (source[1].decode("ascii"), int(sequence[1])) if source and sequence else None
