"""What was erased on purpose, and nothing of what it said: events of type indextts.events.erased.

A TTS process numbers its events 1, 2, 3 ... Forgetting or pruning some of them leaves gaps; such an event lists the
missing numbers, so that nobody takes them for losses. It is published before anything is erased: whatever interrupts
the rest, no number is ever missing without a reason. Others list what an erasure has to do on which hosts, what it has
done, and by which hash its audio is known should a copy come back.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import orjson

from sidecar.event.event import Event
from sidecar.event.publish import Publisher
from sidecar.event.types import ERASED
from sidecar.storage.database import Database, in_chunks

_PER_EVENT = 1000  # numbers, each with a source of up to 255 characters: well below SIDECAR_EVENT_MAX_BYTES
_SOURCE = re.compile(rb'"source"\s*:\s*"(indextts://[A-Za-z0-9._-]+/[A-Za-z0-9._-]+)"')
_SEQUENCE = re.compile(rb'"sequence"\s*:\s*([1-9][0-9]{0,9})\b')

Number = tuple[str, int]
"""Source and sequence of one event."""


def publish_erased_numbers(
    publisher: Publisher, folder: Path, numbers: Iterable[Number], ids: Sequence[str] = ()
) -> list[Event]:
    """Announce that the events with these numbers are about to be erased.

    Args:
        folder: a watched folder.
        ids: of the events, for whoever is to finish what is interrupted; few.

    Returns:
        The events that say so.

    Raises:
        PublishError: the folder cannot be written.
    """
    published: list[Event] = []
    named = {"events": sorted(ids)} if ids else {}
    for chunk in in_chunks(sorted(set(numbers)), _PER_EVENT):
        by_source: dict[str, list[int]] = defaultdict(list)
        for source, sequence in chunk:
            by_source[source].append(sequence)
        told = {} if published else named
        published.append(publisher.publish(folder, ERASED, None, {"numbers": by_source, **told}))
    return published


def publish_erasure(publisher: Publisher, folder: Path, member: str, values: Iterable[str]) -> list[Event]:
    """Publish one of the lists that an erasure leaves.

    Args:
        member: done (ids of which nothing is left on this host), or left/HOST (ids of which something may be on that
            host).

    Raises:
        PublishError: the folder cannot be written.
    """
    name, _, host = member.partition("/")
    published = []
    for chunk in in_chunks(sorted(set(values)), _PER_EVENT):
        data = {"numbers": {}, name: {host: chunk} if host else chunk}
        published.append(publisher.publish(folder, ERASED, None, data))
    return published


def publish_erased_audio(publisher: Publisher, folder: Path, audio: Mapping[str, int | None]) -> list[Event]:
    """Publish by which hash, and which size, audio that is erased is known should a copy come back.

    Args:
        audio: sizes in bytes, by SHA-256; None where it is not known.

    Raises:
        PublishError: the folder cannot be written.
    """
    published = []
    for chunk in in_chunks(sorted(audio), _PER_EVENT):
        data = {"numbers": {}, "audio_sha256": chunk, "audio_bytes": [audio[digest] for digest in chunk]}
        published.append(publisher.publish(folder, ERASED, None, data))
    return published


def erased_audio(database: Database) -> dict[str, int | None]:
    """All audio that was forgotten: sizes in bytes, where they are known, by SHA-256."""
    found: dict[str, int | None] = {}
    for _, data in _erasures(database):
        hashes, sizes = data.get("audio_sha256") or (), data.get("audio_bytes") or ()
        for digest, size in zip_longest(hashes, sizes[: len(hashes)]):
            found[digest] = size if found.get(digest) is None else found[digest]
    return found


def hosts(database: Database) -> dict[str, tuple[set[str], set[str]]]:
    """By host, what was forgotten there and what is still to be: ids of records and events."""
    done: dict[str, set[str]] = defaultdict(set)
    left: dict[str, set[str]] = defaultdict(set)
    for source, data in _erasures(database):
        here, ids = host_of(source), set(data.get("done") or ())
        done[here] |= ids
        left[here] -= ids
        for host, told in (data.get("left") or {}).items():
            done[host] -= set(told)
            left[host] |= set(told)
    return {host: (done[host], left[host]) for host in sorted({*done, *left}) if done[host] or left[host]}


def host_of(source: str) -> str:
    """The machine that a source names."""
    return source.removeprefix("indextts://").partition("/")[0]


def numbers_of(data: Mapping[str, Any]) -> Iterator[Number]:
    """The numbers that the data of one such event lists."""
    return ((source, sequence) for source, sequences in data["numbers"].items() for sequence in sequences)


def erased_numbers(database: Database) -> Iterator[Number]:
    """All erased numbers that the database knows of.

    Raises:
        TemporarySinkError: the database cannot serve.
    """
    for _, data in _erasures(database):
        yield from numbers_of(data)


_ERASURES = "SELECT source, event FROM tts_events WHERE type = ? ORDER BY time, id"


def _erasures(database: Database) -> Iterator[tuple[str, dict[str, Any]]]:
    for source, event in database.query(_ERASURES, [ERASED]):
        yield source, orjson.loads(event)["data"]


def number_in_broken_file(raw: bytes) -> Number | None:
    """The number of an event whose file is no longer valid; None where it cannot be read either.

    It is found by pattern, because most such files are cut off. JSON escapes the quotes within a text, so no text can
    be mistaken for the envelope.
    """
    source, sequence = _SOURCE.search(raw), _SEQUENCE.search(raw)
    return (source[1].decode("ascii"), int(sequence[1])) if source and sequence else None
