"""Where on this host traces of what is to be forgotten lie, and where nobody looked.

An event file says by itself whose it is. Audio does not, and names like spk_<second>.wav exist on every host: a file is
a record's audio only in the folder that the record's own event lies or lay in, or that it names, under its name, with
its hash, and while no event or record that stays says the same of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from sidecar.answers.audio import may_name
from sidecar.event.names import printable
from sidecar.event.types import FORGOTTEN, SYNTHESIS
from sidecar.storage.database import Database, in_chunks, marks
from sidecar.upkeep.documents import Document, documents
from sidecar.upkeep.erasures import Number, host_of, number_in_broken_file
from sidecar.upkeep.mentions import Target
from sidecar.upkeep.wav import sha256

File = tuple[Path, str]
"""A file, and the SHA-256 that it has if it is the one."""


@dataclass(kw_only=True)
class Traces:
    records: int = 0
    """How many records, and syntheses that are none yet, are meant."""
    files: list[tuple[Path, str, str]] = field(default_factory=list)
    """Event files, markers and temporary files: path, SHA-256, and the record whose audio this one tells of or ""."""
    audio: list[tuple[Path, str, str]] = field(default_factory=list)
    """Path, SHA-256 and record."""
    numbers: list[Number] = field(default_factory=list)
    """Source and sequence of the events."""
    unfiled: dict[str, tuple[Path, bytes]] = field(default_factory=dict)
    """By record, the watched folder and the event of those whose event file was there once and is not."""
    hashes: set[str] = field(default_factory=set)
    """Of all their audio."""
    homes: dict[str, Path] = field(default_factory=dict)
    """By record, the watched folder that its own event file lies in."""
    left: list[str] = field(default_factory=list)
    """Files of this host that cannot be removed now, each with the reason."""
    held: set[str] = field(default_factory=set)
    """Records whose audio is among those."""
    shared: list[str] = field(default_factory=list)
    """Audio that belongs to a record that stays, too."""
    elsewhere: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By host, files that lie, or lay, where nobody looked."""
    owners: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By host, the ids that those belong to."""


@dataclass(frozen=True, kw_only=True)
class _Take:
    """What one synthesis event says of its audio."""

    subject: str
    host: str
    home: Path | None
    """The watched folder that its event file lies or lay in; None where that is not one of this host's."""
    path: str
    sha256: str


def look(database: Database, folders: Sequence[Path], host: str, target: Target, ids: set[str]) -> Traces:
    """
    Args:
        host: this machine's name as events have it.
        ids: of the records and events that are meant.
    """
    traces = Traces()
    takes: list[_Take] = []
    found: set[str] = set()
    claimed: set[File] = set()
    by_id = Target(ids=frozenset(ids))
    for folder in folders:
        for document in documents(folder):
            if _is_meant(document, target, by_id):
                take = _collect(document, traces, found)
                takes += [take] if take is not None else []
            elif document.event is not None and not document.hidden:
                take = _take(document.event, folder)
                claimed.update((place / name, take.sha256) for place, name in _places(take, folders))
    claims: list[str] = []
    idle = _ask(database, ids, folders, host, traces, takes, found, claims)
    hashes = _hashes(database, claims)
    for take in _staying(database, {take.sha256 for take in takes} - {""}, ids, folders, host):
        claimed.update((place / name, take.sha256) for place, name in _places(take, folders))
    traces.records = len({take.subject for take in takes})
    for take in dict.fromkeys(takes):
        if take.path:
            _locate(take, folders, host, traces, claimed, hashes, idle)
    return traces


def _is_meant(document: Document, target: Target, by_id: Target) -> bool:
    if document.temporary_of in by_id.ids:
        return True
    if document.event is None:
        return target.may_match(document.raw) or (bool(by_id.ids) and by_id.may_match(document.raw))
    return not document.erases and (
        target.matches(document.event) or (bool(by_id.ids) and by_id.matches(document.event))
    )


def _collect(document: Document, traces: Traces, found: set[str]) -> _Take | None:
    """Note a document that is meant. Returns what it says of its audio, where it is a synthesis."""
    event = document.event
    tells = event is not None and not document.hidden and str(event.get("type")).startswith(SYNTHESIS)
    if document.busy:
        traces.left.append(f"{document.path}: a process is at work on it; run it again when that has ended")
    else:
        traces.files.append((document.path, document.sha256, str(event.get("subject")) if event and tells else ""))
    if number := number_in_broken_file(document.raw):
        traces.numbers.append(number)
    if event is None:
        return None
    found.add(str(event.get("id")))
    if not str(event.get("type")).startswith(SYNTHESIS):
        return None
    if not document.hidden:
        traces.homes.setdefault(str(event.get("subject")), document.folder)
    return _take(event, document.folder)


def _ask(
    database: Database,
    ids: set[str],
    folders: Sequence[Path],
    host: str,
    traces: Traces,
    takes: list[_Take],
    found: set[str],
    claims: list[str],
) -> set[str]:
    """Add what the database knows of events whose files were not found.

    Args:
        claims: gains the records that stay and overwrote the audio of one that does not.

    Returns:
        Records of whose audio no file is expected elsewhere: it was deleted or overwritten.
    """
    known = {printable(str(folder)): folder for folder in folders}
    idle: set[str] = set()
    for chunk in in_chunks(sorted(ids)):
        for column in ("subject", "id"):
            for id_, subject, type_, source, sequence, path, event in database.query(
                f"SELECT id, subject, type, source, sequence, path, event FROM tts_events WHERE {column} IN "
                f"({marks(chunk)}) AND type <> '{FORGOTTEN}'",
                chunk,
            ):
                traces.numbers.append((str(source), int(sequence)))
                if id_ in found:
                    continue
                found.add(str(id_))
                there = host_of(str(source))
                home = known.get(_folder_of(path)) if there == host else None
                if home is None:
                    traces.elsewhere[there].append(str(path))
                    traces.owners[there].add(str(subject if subject in ids else id_))
                if str(type_).startswith(SYNTHESIS):
                    takes.append(_take(orjson.loads(event), home))
                    if home is not None:
                        traces.unfiled[str(subject)] = home, str(event).encode()
        heard = {take.subject for take in takes}
        for event_id, source, path, digest, deleted_at, replaced_by in database.query(
            "SELECT event_id, source, audio_path, audio_sha256, deleted_at, replaced_by FROM tts_records "
            f"WHERE event_id IN ({marks(chunk)})",
            chunk,
        ):
            if deleted_at is not None or replaced_by is not None:
                idle.add(str(event_id))
            if replaced_by is not None and replaced_by not in ids:
                claims.append(str(replaced_by))
            if event_id not in heard:
                there = host_of(str(source or ""))
                takes.append(_Take(subject=event_id, host=there, home=None, path=path, sha256=digest or ""))
    return idle


def _staying(
    database: Database, hashes: Set[str], ids: Set[str], folders: Sequence[Path], host: str
) -> Iterator[_Take]:
    """What records that stay say of audio with these hashes, whether their event files are there or not. One of which
    no event is left has each folder as its home."""
    known = {printable(str(folder)): folder for folder in folders}
    for chunk in in_chunks(sorted(hashes)):
        for event_id, source, audio, digest, path, event in database.query(
            "SELECT r.event_id, COALESCE(r.source, ''), r.audio_path, r.audio_sha256, e.path, e.event "
            f"FROM tts_records r LEFT JOIN tts_events e ON e.subject = r.event_id AND e.type LIKE '{SYNTHESIS}%' "
            f"WHERE r.audio_sha256 IN ({marks(chunk)}) AND r.deleted_at IS NULL AND r.replaced_by IS NULL",
            chunk,
        ):
            there = host_of(str(source))
            if event_id in ids or there not in (host, ""):
                continue
            if event is not None:
                yield _take(orjson.loads(event), known.get(_folder_of(path)))
                continue
            for folder in folders:
                yield _Take(subject=str(event_id), host=there, home=folder, path=str(audio), sha256=str(digest))


def _folder_of(path: object) -> str:
    return str(path).rpartition("/")[0]


def _hashes(database: Database, records: Sequence[str]) -> set[str]:
    """Of the audio of these records."""
    found: set[str] = set()
    for chunk in in_chunks(records):
        sql = f"SELECT audio_sha256 FROM tts_records WHERE event_id IN ({marks(chunk)})"
        found.update(str(digest) for (digest,) in database.query(sql, chunk) if digest)
    return found


def _take(event: Mapping[str, Any], home: Path | None) -> _Take:
    data = event.get("data")
    audio = data.get("audio") if isinstance(data, dict) else None
    path, sha256 = (audio.get("path"), audio.get("sha256")) if isinstance(audio, dict) else (None, None)
    return _Take(
        subject=str(event.get("subject")),
        host=host_of(str(event.get("source") or "")),
        home=home,
        path=path if isinstance(path, str) else "",
        sha256=sha256 if isinstance(sha256, str) else "",
    )


def _places(take: _Take, folders: Sequence[Path]) -> list[tuple[Path, str]]:
    """The watched folders, and the name there, that the audio of an event that lies here may be in."""
    path = PurePosixPath(take.path)
    if take.home is None or not path.name or path.name.startswith("."):
        return []
    if not path.parent.parts or may_name(take.home, path):
        return [(take.home, path.name)]
    return [(folder, path.name) for folder in folders if may_name(folder, path)]


def _locate(
    take: _Take,
    folders: Sequence[Path],
    host: str,
    traces: Traces,
    claimed: Set[File],
    overwriting: Set[str],
    idle: Set[str],
) -> None:
    if take.sha256:
        traces.hashes.add(take.sha256)
    places = _places(take, folders)
    if not places:
        outside = Path(take.path)
        if take.host == host and outside.is_absolute() and outside.is_file() and sha256(outside) == take.sha256:
            traces.left.append(f"{outside}: it lies outside the watched folders; remove it by hand")
            traces.held.add(take.subject)
        elif take.subject not in idle:
            traces.elsewhere[take.host].append(take.path)
            traces.owners[take.host].add(take.subject)
        return
    there = [folder / name for folder, name in places if (folder / name).is_file()]
    if not there or (take.subject in idle and take.sha256 in overwriting):
        return  # what lies there is the audio of one that overwrote it, and stays
    if not take.sha256:
        traces.left.append(f"{there[0]}: no hash was recorded of it; look at it and remove it by hand")
        if not any(path == there[0] for path, _ in claimed):
            traces.held.add(take.subject)
        return
    same = [path for path in there if len(there) == 1 or sha256(path) == take.sha256]
    if len(same) > 1:
        traces.left.append(f"{same[0]}: {len(same)} folders have it, and which one is not recorded; remove it by hand")
        traces.held.add(take.subject)
    elif same and (same[0], take.sha256) in claimed:
        traces.shared.append(str(same[0]))
    elif same:
        traces.audio.append((same[0], take.sha256, take.subject))
