"""Where on this host traces of what is to be forgotten lie, and where nobody looked.

An event file says by itself whose it is. Audio does not, and names like spk_<second>.wav exist on every host: a file is
a record's audio only in the folder that the record's own event lies or lay in, or that it names, under its name, with
its hash, and while no event or record that stays says the same of it.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import orjson

from sidecar.answers.audio import may_name
from sidecar.answers.folders import Folders
from sidecar.event.names import printable
from sidecar.event.types import FORGOTTEN, SYNTHESIS
from sidecar.storage.database import Database, Row, in_chunks, marks
from sidecar.upkeep.erasures import Number, erased_audio, host_of
from sidecar.upkeep.mentions import Target
from sidecar.upkeep.pending import Place
from sidecar.upkeep.survey import Meant, survey
from sidecar.upkeep.takes import (
    Take,
    claimed_by,
    hashes_of,
    is_recorded,
    of_other_programs,
    outside,
    places,
    staying,
    take_of,
)
from sidecar.upkeep.wav import sha256

File = tuple[Path, str]
"""A file, and the SHA-256 that it has if it is the one."""


@dataclass(kw_only=True)
class Traces:
    ids: set[str]
    """Of the records and events that are meant."""
    records: int = 0
    """How many records, and syntheses that are none yet, are meant."""
    files: list[tuple[Meant, str]] = field(default_factory=list)
    """Event files, markers and temporary files, and the record whose audio this one tells of or ""."""
    audio: list[tuple[Path, str, str]] = field(default_factory=list)
    """Path, SHA-256 and record."""
    numbers: list[Number] = field(default_factory=list)
    """Source and sequence of the events."""
    unfiled: dict[str, tuple[Path, bytes]] = field(default_factory=dict)
    """By record, the watched folder and the event of those whose event file was there once and is not."""
    hashes: dict[str, int | None] = field(default_factory=dict)
    """Of all their audio: sizes in bytes, where they are known, by SHA-256."""
    known: dict[str, int | None] = field(default_factory=dict)
    """The same of all audio that was forgotten before, too."""
    stays: set[str] = field(default_factory=set)
    """SHA-256 of the audio that event files which stay name."""
    homes: dict[str, Path] = field(default_factory=dict)
    """By record, the watched folder that its own event file lies in."""
    left: list[str] = field(default_factory=list)
    """Files of this host that cannot be removed now, each with the reason."""
    held: set[str] = field(default_factory=set)
    """Records whose audio is among those."""
    shared: list[Path] = field(default_factory=list)
    """Audio that belongs to a record that stays, too."""
    strangers: list[Row] = field(default_factory=list)
    """Number and audio path of the rows that are meant and that other programs inserted."""
    elsewhere: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By host, files that lie, or lay, where nobody looked."""
    owners: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By host, the ids that those belong to."""


def look(place: Place, target: Target) -> Traces:
    """
    Raises:
        OSError: a folder cannot be listed.
        TemporarySinkError: the database cannot serve.
    """
    database, folders, host = place.database, place.folders, place.host
    seen = survey(place, target)
    traces = Traces(ids=seen.ids, stays={take.sha256 for take in seen.staying}, left=seen.unread)
    takes = [take for each in seen.meant if (take := _collect(each, traces)) is not None]
    found = {each.id for each in seen.meant if each.id is not None}
    claims: dict[str, str] = {}
    idle = _ask(place, traces, takes, found, claims)
    hashes = hashes_of(database, sorted(set(claims.values())))
    overwritten = {(subject, hashes[by]) for subject, by in claims.items() if by in hashes}
    unhashed = _read_unhashed(takes, folders, traces)
    wanted = {take.sha256 for take in takes} | set(unhashed.values()) - {""}
    others = (take for take in seen.staying if take.sha256 in wanted)
    claimed = claimed_by((*others, *staying(database, wanted, traces.ids, folders, host)), folders)
    traces.records = len({take.subject for take in takes})
    for take in dict.fromkeys(takes):
        if take.path:
            _locate(take, place, traces, claimed, overwritten, idle, unhashed)
    traces.strangers = target.strangers(database)
    traces.left += _named_by_others(database, [path for path, _, _ in traces.audio], dict(traces.strangers))
    traces.known = erased_audio(database)
    for digest, size in traces.hashes.items():
        traces.known[digest] = size if size is not None else traces.known.get(digest)
    return traces


def _named_by_others(database: Database, files: Sequence[Path], meant: Collection[int]) -> Iterator[str]:
    """Rows of other programs with the same audio, which may hold the same words, in lines for people.

    Args:
        meant: numbers of the rows that are erased themselves.
    """
    by_name: dict[str, set[Path]] = defaultdict(set)
    for path in files:
        by_name[printable(path.name)].add(path.parent)
    for number, said in of_other_programs(database) if by_name else ():
        name = PurePosixPath(said)
        folders = by_name.get(name.name, ()) if number not in meant else ()
        if any(name.parent == PurePosixPath() or may_name(folder, name) for folder in folders):
            yield f"row {number} of tts_records, another program's, names {said}: look at it, and delete it by hand"


def _read_unhashed(takes: Sequence[Take], folders: Sequence[Path], traces: Traces) -> dict[Path, str]:
    """The SHA-256 of the files that takes without one may name, such as those of calls that died; but for what is that
    of a take that has one, and goes by it."""
    known = {take.sha256 for take in takes}
    found: dict[Path, str] = {}
    for take in takes:
        for folder, name in places(take, folders) if take.path and not take.sha256 else ():
            path = folder / name
            try:
                if os.path.isfile(path):
                    found[path] = sha256(path)
            except OSError as error:
                traces.left.append(f"{path}: {error.strerror}; no hash was recorded of it; look at it")
                traces.held.add(take.subject)
    return {path: digest for path, digest in found.items() if digest not in known}


def _may_be_its(path: Path, take: Take, database: Database) -> bool:
    """Whether a file is a take's audio; of one that died, whatever nobody else has recorded."""
    digest = sha256(path)
    return digest == take.sha256 if take.sha256 else not is_recorded(database, digest)


def _collect(found: Meant, traces: Traces) -> Take | None:
    """Note a file that is meant. Returns what it says of its audio, where it is a synthesis."""
    take = found.take
    if found.busy:
        traces.left.append(f"{found.path}: a process is at work on it; run it again when that has ended")
    else:
        traces.files.append((found, take.subject if take is not None and found.tells else ""))
    if found.number is not None:
        traces.numbers.append(found.number)
    if take is not None and take.home is not None and found.tells:
        traces.homes.setdefault(take.subject, take.home)
    return take


def _ask(place: Place, traces: Traces, takes: list[Take], found: set[str], claims: dict[str, str]) -> set[str]:
    """Add what the database knows of events whose files were not found.

    Args:
        claims: gains, by record, the one that stays and overwrote its audio.

    Returns:
        Records of whose audio no file is expected elsewhere: it was deleted or overwritten.
    """
    database, ids = place.database, traces.ids
    known = Folders(place.folders)
    idle: set[str] = set()
    heard: set[str] = {take.subject for take in takes}
    for chunk in in_chunks(sorted(ids)):
        homes: dict[str, Path | None] = {}
        for id_, subject, type_, source, sequence, path in _events_of(database, chunk):
            traces.numbers.append((str(source), int(sequence)))
            if id_ in found:
                continue
            found.add(str(id_))
            there = host_of(str(source))
            home = known.of(path) if there == place.host else None
            if home is None:
                traces.elsewhere[there].append(str(path))
                traces.owners[there].add(str(subject if subject in ids else id_))
            if str(type_).startswith(SYNTHESIS):
                homes[str(id_)] = home
        for id_, subject, event in _unfiled(database, homes):
            takes.append(take_of(orjson.loads(event), homes[id_]))
            heard.add(takes[-1].subject)
            if (home := homes[id_]) is not None:
                traces.unfiled[subject] = home, event.encode()
        for event_id, source, path, digest, size, deleted_at, replaced_by in database.query(
            "SELECT event_id, source, audio_path, audio_sha256, audio_bytes, deleted_at, replaced_by FROM tts_records "
            f"WHERE event_id IN ({marks(chunk)})",
            chunk,
        ):
            if deleted_at is not None or replaced_by is not None:
                idle.add(str(event_id))
            if replaced_by is not None and replaced_by not in ids:
                claims[str(event_id)] = str(replaced_by)
            if event_id not in heard:
                there = host_of(str(source or ""))
                take = Take(subject=event_id, host=there, home=None, path=path, sha256=digest or "", bytes=size)
                takes.append(take)
    return idle


def _events_of(database: Database, ids: Sequence[str]) -> Iterator[Row]:
    """What is known of these, or about these, but for what it says."""
    for those in (f"subject IN ({marks(ids)})", f"id IN ({marks(ids)}) AND subject <> id"):
        yield from database.query(
            f"SELECT id, subject, type, source, sequence, path FROM tts_events WHERE {those} AND type <> '{FORGOTTEN}'",
            ids,
        )


def _unfiled(database: Database, ids: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Id, subject and all that these events say."""
    for chunk in in_chunks(ids):
        rows = database.query(f"SELECT id, subject, event FROM tts_events WHERE id IN ({marks(chunk)})", chunk)
        yield from ((str(id_), str(subject), str(event)) for id_, subject, event in rows)


def _locate(
    take: Take,
    place: Place,
    traces: Traces,
    claimed: Set[File],
    overwritten: Set[tuple[str, str]],
    idle: Set[str],
    unhashed: Mapping[Path, str],
) -> None:
    if take.sha256 and traces.hashes.get(take.sha256) is None:
        traces.hashes[take.sha256] = take.bytes
    inside = places(take, place.folders)
    if not inside:
        beyond = outside(take, place.folders) if take.host == place.host else []
        try:
            beyond = [path for path in beyond if path.is_file() and _may_be_its(path, take, place.database)]
        except OSError as error:
            traces.left.append(f"{take.path}: {error.strerror}; look whether it is there")
            traces.held.add(take.subject)
            return
        if beyond:
            traces.left.append(f"{beyond[0]}: it lies outside the watched folders; remove it by hand")
            traces.held.add(take.subject)
        elif take.subject not in idle:
            traces.elsewhere[take.host].append(take.path)
            traces.owners[take.host].add(take.subject)
        return
    there = [path for folder, name in inside if os.path.isfile(path := folder / name)]
    if not there or ((take.subject, take.sha256) in overwritten):
        return  # what lies there is the audio of one that overwrote it, and stays
    if not take.sha256:
        mine = {(path, unhashed[path]) for path in there if path in unhashed} - claimed
        for path, _ in sorted(mine):
            traces.left.append(f"{path}: no hash was recorded of it; look at it and remove it by hand")
            traces.held.add(take.subject)
        return
    same = [path for path in there if len(there) == 1 or sha256(path) == take.sha256]
    if len(same) > 1:
        return  # which of them is meant is not recorded: they are found as copies
    if same and (same[0], take.sha256) in claimed:
        traces.shared.append(same[0])
    elif same:
        traces.audio.append((same[0], take.sha256, take.subject))
