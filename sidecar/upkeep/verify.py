"""The full proof, file by file and row by row: audio, event file, event, record, in both directions.

Everything is read: each event file, each audio file's bytes, each id of tts_events. Nothing is taken on trust.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from sidecar.event.names import media_type_of, printable, printable_name
from sidecar.event.types import DELETED, ERASED, FORGOTTEN, SYNTHESIS
from sidecar.storage.database import Database, in_chunks, marks
from sidecar.storage.tombstones import forgotten
from sidecar.upkeep import wav
from sidecar.upkeep.dropped import still_dropped
from sidecar.upkeep.erasures import Number
from sidecar.upkeep.gaps import gaps
from sidecar.upkeep.inventory import (
    EventFile,
    Names,
    Unreadable,
    audio_beside,
    audio_name,
    list_names,
    read_event_files,
)
from sidecar.upkeep.progress import Track


class Defect(StrEnum):
    """What can be wrong. A closed set, which scripts rely on."""

    NOT_SHIPPED = "not_shipped"
    EVENT_DIFFERS = "event_differs"
    RECORD_MISSING = "record_missing"
    NOT_AN_EVENT = "not_an_event"
    EVENT_FILE_GONE = "event_file_gone"
    AUDIO_GONE = "audio_gone"
    AUDIO_CHANGED = "audio_changed"
    UNRECORDED = "unrecorded"
    SEQUENCE_GAP = "sequence_gap"
    FORGOTTEN = "forgotten"


CURES = {
    Defect.NOT_SHIPPED: "sidecar verify --repair ships it; where the shipper runs, it may be about to.",
    Defect.EVENT_DIFFERS: "Event files are immutable: somebody changed this one. The database keeps what it was.",
    Defect.RECORD_MISSING: "sidecar verify --repair folds it again; sidecar rebuild does so for all.",
    Defect.NOT_AN_EVENT: "sidecar quarantine list shows it; mend the file, or dismiss it: sidecar quarantine drop.",
    Defect.EVENT_FILE_GONE: "The row stays. Somebody removed the file; sidecar export has what it said.",
    Defect.AUDIO_GONE: "Somebody removed the audio. sidecar prune leaves an event that says so.",
    Defect.AUDIO_CHANGED: "The audio is not what was recorded, or cannot be read; restore it from a backup.",
    Defect.UNRECORDED: "sidecar backfill gives it an event.",
    Defect.SEQUENCE_GAP: "Numbers of a TTS process that are missing: lost before they reached the disk, or moved away.",
    Defect.FORGOTTEN: "A file of something that was forgotten is here: sidecar forget --pending --yes removes it.",
}
REPAIRABLE = (Defect.NOT_SHIPPED, Defect.RECORD_MISSING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Discrepancy:
    """One thing that is wrong."""

    defect: Defect
    what: str
    """The file name or the source that it is about."""
    detail: str = ""
    file: str = ""
    """The event file that would repair it."""


@dataclass
class Verified:
    """What was compared for one folder, and what is wrong."""

    folder: Path
    event_files: int = 0
    audio_files: int = 0
    audio_hashed: int = 0
    rows: int = 0
    dropped: set[str] = field(default_factory=set)
    """Event files that somebody has dropped from the quarantine: settled."""
    discrepancies: list[Discrepancy] = field(default_factory=list)

    def add(self, defect: Defect, what: str, detail: str = "", *, file: str = "") -> None:
        self.discrepancies.append(Discrepancy(defect=defect, what=what, detail=detail, file=file))

    def count(self, defect: Defect) -> int:
        return sum(1 for each in self.discrepancies if each.defect is defect)

    def to_repair(self) -> list[str]:
        """Names of the event files that --repair ships."""
        return sorted({each.file for each in self.discrepancies if each.defect in REPAIRABLE and each.file})


def verify(
    folder: Path,
    database: Database,
    *,
    shipper: str,
    max_bytes: int,
    hash_audio: bool = True,
    track: Track,
) -> Verified:
    """
    Args:
        shipper: SIDECAR_NAME. What another one shipped from a folder of this name is another host's, unless files that
            it shipped are here.
        max_bytes: SIDECAR_EVENT_MAX_BYTES.
        hash_audio: read each audio file and compare it with what was recorded; otherwise only check that it exists.
        track: shows the event files, with what they say of records and audio, and then the rows that are compared.

    Raises:
        FolderUnavailable: the folder cannot be listed.
        TemporarySinkError: the database cannot serve.
    """
    result = Verified(folder=folder)
    names = list_names(folder)
    result.event_files, result.audio_files = len(names.events), len(names.audio)
    result.dropped = still_dropped(folder, names.events, database)
    unrecorded = names.wavs - set(map(audio_beside, result.dropped))
    seen = _Seen()
    wanted = [name for name in names.events if name not in result.dropped]
    # What is known of a file goes with its chunk: a million files would take gigabytes.
    for chunk in in_chunks(track(read_event_files(folder, wanted, max_bytes), "event files", len(wanted))):
        for broken in (each for each in chunk if isinstance(each, Unreadable)):
            result.add(Defect.NOT_AN_EVENT, broken.name, f"{broken.reason}: {broken.message}")
            unrecorded.discard(audio_beside(broken.name))
            seen.explained += [broken.number] if broken.number is not None else []
        files = [each for each in chunk if isinstance(each, EventFile)]
        unsettled = _compare_events(files, seen, database, result)
        fresh: dict[str, EventFile] = {}
        for each in files:
            if each.id not in seen.ids:
                fresh.setdefault(each.id, each)
        audible = _compare_records(list(fresh.values()), unsettled, names, seen, database, result)
        if hash_audio:
            _hash_audio(audible, result)
        for each in files:
            seen.add(each)
            if each.audio_path:
                unrecorded.discard(audio_name(folder, each.audio_path) or "")
    for subject, name, by in seen.silent:
        if subject not in seen.deleted:
            result.add(Defect.AUDIO_GONE, name, f"recorded by {by}")
    _find_files_gone(seen.ids, names, shipper, database, result, track)
    for name in sorted(unrecorded):
        result.add(Defect.UNRECORDED, name)
    for source, detail in gaps(seen.numbers, seen.explained, database):
        result.add(Defect.SEQUENCE_GAP, source, detail)
    return result


@dataclass(kw_only=True, slots=True)
class _Seen:
    """What is kept of the event files to the end."""

    ids: set[str] = field(default_factory=set)
    unshipped: dict[str, str] = field(default_factory=dict)
    """Ids that the database does not have, and the SHA-256 of the first file of each."""
    pending: set[str] = field(default_factory=set)
    """Subjects without a record."""
    numbers: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    explained: list[Number] = field(default_factory=list)
    """Numbers that the folder accounts for although no event has them."""
    deleted: set[str] = field(default_factory=set)
    """Subjects whose audio an event here says was deleted, shipped or not."""
    silent: list[tuple[str, str, str]] = field(default_factory=list)
    """Subject, audio and event file where the audio is not there and the record does not say why."""

    def add(self, file: EventFile) -> None:
        self.ids.add(file.id)
        self.numbers[file.source].add(file.sequence)
        self.explained += file.erased
        if file.type == DELETED:
            self.deleted.add(file.subject)


def _compare_events(files: Sequence[EventFile], seen: _Seen, database: Database, result: Verified) -> set[str]:
    """Files against tts_events. Ids decide, not paths: an event may have been shipped from elsewhere first.

    Returns:
        The names of those that the database does not have.
    """
    ids = [each.id for each in files]
    rows = database.query(f"SELECT id, sha256 FROM tts_events WHERE id IN ({marks(ids)})", ids) if ids else []
    stored: dict[str, str] = dict(rows)
    missing: list[EventFile] = []
    for each in files:
        if each.id not in stored and each.id not in seen.unshipped:
            missing.append(each)
            seen.unshipped[each.id] = each.sha256
        elif stored.get(each.id, seen.unshipped.get(each.id)) != each.sha256:
            result.add(Defect.EVENT_DIFFERS, each.name, f"event {each.id}")
    gone = forgotten(database, {id_ for each in missing for id_ in (each.id, each.subject)})
    for each in missing:
        if each.type not in (FORGOTTEN, ERASED) and (each.id in gone or each.subject in gone):
            result.add(Defect.FORGOTTEN, each.name, f"record {each.subject}")
        else:
            result.add(Defect.NOT_SHIPPED, each.name, f"event {each.id}", file=each.name)
    return {each.name for each in files if each.id not in stored}


def _compare_records(
    files: Sequence[EventFile], unsettled: Set[str], names: Names, seen: _Seen, database: Database, result: Verified
) -> list[tuple[str, EventFile]]:
    """Subjects against tts_records.

    Args:
        files: one of each event, in order.

    Returns:
        The names of the audio files that are to be there and are, each with the event that recorded it.
    """
    syntheses = [each for each in files if each.type.startswith(SYNTHESIS)]
    subjects = list({each.subject for each in syntheses})
    asked = f"SELECT event_id, status, deleted_at, replaced_by FROM tts_records WHERE event_id IN ({marks(subjects)})"
    rows = database.query(asked, subjects) if subjects else []
    records = {row[0]: row[1:] for row in rows}
    audible = []
    for each in syntheses:
        status, deleted_at, replaced_by = records.get(each.subject, ("pending", None, None))
        if status == "pending" and each.name not in unsettled and each.subject not in seen.pending:
            seen.pending.add(each.subject)
            result.add(Defect.RECORD_MISSING, each.name, f"record {each.subject}", file=each.name)
        name = audio_name(result.folder, each.audio_path) if each.audio_path else None
        if name is None or deleted_at is not None or replaced_by is not None:
            continue
        if name in names.audio:
            audible.append((name, each))
        elif media_type_of(name) is not None:
            seen.silent.append((each.subject, name, each.name))
    return audible


def _hash_audio(audible: Sequence[tuple[str, EventFile]], result: Verified) -> None:
    for name, each in audible:
        if not each.audio_sha256:
            continue
        try:
            sha256 = wav.sha256(result.folder / name)
        except FileNotFoundError:
            continue
        except OSError as error:
            result.add(Defect.AUDIO_CHANGED, name, f"it cannot be read: {error.strerror}")
            continue
        result.audio_hashed += 1
        if sha256 != each.audio_sha256:
            result.add(Defect.AUDIO_CHANGED, name, f"recorded by {each.name}")


def _find_files_gone(
    ids: Set[str], names: Names, shipper: str, database: Database, result: Verified, track: Track
) -> None:
    """Events that were shipped from this folder, and whose files are not there or say something else."""
    below = printable(str(result.folder)) + "/"
    dropped, listed = set(map(printable_name, result.dropped)), set(names.events)
    shippers = {shipper}
    gone: list[tuple[str, str, str]] = []
    total = int(database.query("SELECT COUNT(*) FROM tts_events")[0][0])
    for id_, path, by in track(database.stream("SELECT id, path, shipper FROM tts_events"), "rows", total):
        result.rows += 1
        if id_ in ids:
            shippers.add(by)
            continue
        name = path[len(below) :] if path.startswith(below) else "/"
        # What was written since the folder was listed was not looked at, and is not missed.
        if "/" not in name and name not in dropped and (name in listed or not os.path.lexists(result.folder / name)):
            gone.append((name, id_, by))
    for name, id_, by in gone:
        if by in shippers:
            result.add(Defect.EVENT_FILE_GONE, name, f"event {id_}")
