"""One look at each file of the watched folders, and one at the rows: what is meant by what is to be forgotten.

A file is read once. What mentions the one who is meant is told while it is read; of all others is kept under which ids
they speak, since one of those may turn out to be meant by what is read later, and what they say of their audio.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sidecar.event.types import SYNTHESIS
from sidecar.storage.database import Database
from sidecar.storage.tombstones import ids_in
from sidecar.upkeep.documents import Document, documents, read
from sidecar.upkeep.erasures import Number, number_in_broken_file
from sidecar.upkeep.mentions import Target
from sidecar.upkeep.pending import Place
from sidecar.upkeep.removal import State
from sidecar.upkeep.takes import Take, take_of

_NAMES = ("subject", "id")
_ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
"""Of an event, as the schema has it; one with another is no event, and its file goes by itself."""


@dataclass(kw_only=True, slots=True)
class Meant:
    """A file that is to go."""

    path: Path
    sha256: str
    state: State | None
    busy: bool
    """Whether a process that lives is at work on it."""
    tells: bool
    """Whether it is the event file of a synthesis."""
    number: Number | None
    id: str | None
    """Of its event, where it is whole."""
    take: Take | None
    """Where it tells of a synthesis."""


@dataclass(kw_only=True, slots=True)
class _Other:
    folder: Path
    path: Path
    named: tuple[str | None, ...]
    take: Take | None


@dataclass(kw_only=True)
class Survey:
    ids: set[str]
    """Of the records that are meant, those included that are not shipped yet, and of events about other records."""
    meant: list[Meant] = field(default_factory=list)
    staying: list[Take] = field(default_factory=list)
    """What the event files that stay say of their audio."""
    unread: list[str] = field(default_factory=list)
    """Files that may mention it and cannot be read, each with the reason."""


def survey(place: Place, target: Target) -> Survey:
    """
    Raises:
        OSError: a folder cannot be listed.
        TemporarySinkError: the database cannot serve.
    """
    seen = Survey(ids=target.subjects(place.database))
    others: list[_Other] = []
    for folder in place.folders:
        for document in documents(folder, seen.unread):
            if _mentions(document, target):
                seen.ids |= _ids(document)
                seen.meant.append(_meant(document))
            else:
                others.append(_other(document))
    for _, _, _, raw in quarantined(place.database, target):
        seen.ids |= _ids_of_broken(raw)
    for other in others:
        if seen.ids.isdisjoint(other.named):
            seen.staying += [other.take] if other.take is not None else []
        elif (again := read(other.folder, other.path)) is not None:
            seen.meant.append(_meant(again))
    return seen


def quarantined(database: Database, target: Target, ids: Iterable[str] = ()) -> Iterator[tuple[int, str, str, bytes]]:
    """Id, path, shipper and first bytes of the quarantined files that mention it."""
    gone = set(ids)
    for number, path, shipper, first_bytes in database.query(
        "SELECT id, path, shipper, content FROM sidecar_quarantine"
    ):
        raw = first_bytes if isinstance(first_bytes, bytes) else str(first_bytes).encode()
        if target.may_match(raw) or not gone.isdisjoint(ids_in(raw)):
            yield int(number), str(path), str(shipper), raw


def _mentions(document: Document, target: Target) -> bool:
    if document.event is None:
        return target.may_match(document.raw)
    return not document.erases and target.matches(document.event)


def _ids(document: Document) -> set[str]:
    """What has to be forgotten because of a document: the record, or only the event where it is about another's."""
    if document.event is None:
        return _ids_of_broken(document.raw)
    name = "subject" if str(document.event.get("type")).startswith(SYNTHESIS) else "id"
    named = document.event.get(name)
    return {named} if isinstance(named, str) and _ID.fullmatch(named) else set()


def _ids_of_broken(raw: bytes) -> set[str]:
    """The event's own id alone: what it is about may be another's record, which stays."""
    return ids_in(raw, subject=b'"type":"' + SYNTHESIS.encode() in raw.replace(b" ", b""))


def _meant(document: Document) -> Meant:
    event = document.event
    synthesis = event is not None and str(event.get("type")).startswith(SYNTHESIS)
    return Meant(
        path=document.path,
        sha256=document.sha256,
        state=document.state,
        busy=document.busy,
        tells=synthesis and not document.hidden,
        number=number_in_broken_file(document.raw),
        id=str(event.get("id")) if event is not None else None,
        take=take_of(event, document.folder) if event is not None and synthesis else None,
    )


def _other(document: Document) -> _Other:
    event = document.event
    if event is None:
        named: Iterable[str | None] = ids_in(document.raw)
    else:
        named = () if document.erases else [each for each in map(event.get, _NAMES) if isinstance(each, str)]
    stays = event is not None and not document.hidden
    return _Other(
        folder=document.folder,
        path=document.path,
        named=(*named, document.temporary_of),
        take=take_of(event, document.folder) if event is not None and stays else None,
    )
