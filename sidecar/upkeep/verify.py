"""The full proof, file by file and row by row: WAV, event file, event, record, in both directions.

Everything is read: each event file, each audio file's bytes, each id of tts_events. Nothing is taken on trust.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from sidecar.event.names import printable, printable_name
from sidecar.event.types import ERASED, FORGOTTEN, SYNTHESIS
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
    Defect.AUDIO_CHANGED: "The audio is not what was recorded; restore it from a backup.",
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
    duplicates: list[EventFile] = field(default_factory=list)
    """Event files with the id of an earlier one that says something else."""
    unreadable: list[Unreadable] = field(default_factory=list)
    discrepancies: list[Discrepancy] = field(default_factory=list)

    def add(self, defect: Defect, what: str, detail: str = "", *, file: str = "") -> None:
        self.discrepancies.append(Discrepancy(defect=defect, what=what, detail=detail, file=file))

    def count(self, defect: Defect) -> int:
        return sum(1 for each in self.discrepancies if each.defect is defect)

    def to_repair(self) -> list[str]:
        """Names of the event files that --repair ships."""
        return sorted({each.file for each in self.discrepancies if each.defect in REPAIRABLE and each.file})


def verify(folder: Path, database: Database, *, max_bytes: int, hash_audio: bool = True, track: Track) -> Verified:
    """
    Args:
        max_bytes: SIDECAR_EVENT_MAX_BYTES.
        hash_audio: read each audio file and compare it with what was recorded; otherwise only check that it exists.
        track: shows the event files, rows, records and audio files that are compared.

    Raises:
        FolderUnavailable: the folder cannot be listed.
        TemporarySinkError: the database cannot serve.
    """
    result = Verified(folder=folder)
    names = list_names(folder)
    result.event_files, result.audio_files = len(names.events), len(names.audio)
    result.dropped = still_dropped(folder, names.events, database)
    files = _read_events(names, max_bytes, result, track)
    _compare_events(files, database, result, track)
    excused = _compare_records(files, names, database, result, track)
    if hash_audio:
        _hash_audio(files, names, excused, result, track)
    _find_unrecorded(files, names, result)
    seen = ((each.source, each.sequence) for each in files.values())
    for source, detail in gaps(seen, _explained(files, result), database):
        result.add(Defect.SEQUENCE_GAP, source, detail)
    return result


def _read_events(names: Names, max_bytes: int, result: Verified, track: Track) -> dict[str, EventFile]:
    wanted = [name for name in names.events if name not in result.dropped]
    by_id: dict[str, EventFile] = {}
    for each in track(read_event_files(result.folder, wanted, max_bytes), "event files", len(wanted)):
        if isinstance(each, EventFile):
            first = by_id.setdefault(each.id, each)
            if first.sha256 != each.sha256:
                result.duplicates.append(each)
        elif isinstance(each, Unreadable):
            result.unreadable.append(each)
            result.add(Defect.NOT_AN_EVENT, each.name, f"{each.reason}: {each.message}")
    return by_id


def _compare_events(files: dict[str, EventFile], database: Database, result: Verified, track: Track) -> None:
    """Files against tts_events. Ids decide, not paths: an event may have been shipped from elsewhere first."""
    below = printable(str(result.folder)) + "/"
    dropped = set(map(printable_name, result.dropped))
    missing = dict(files)
    duplicates: dict[str, list[EventFile]] = defaultdict(list)
    for each in result.duplicates:
        duplicates[each.id].append(each)
    total = int(database.query("SELECT COUNT(*) FROM tts_events")[0][0])
    for id_, sha256, path in track(database.stream("SELECT id, sha256, path FROM tts_events"), "rows", total):
        result.rows += 1
        seen = missing.pop(id_, None)
        if seen is None:
            name = path[len(below) :] if path.startswith(below) else "/"
            if "/" not in name and name not in dropped:
                result.add(Defect.EVENT_FILE_GONE, name, f"event {id_}")
            continue
        for each in (seen, *duplicates.get(id_, ())):
            if each.sha256 != sha256:
                result.add(Defect.EVENT_DIFFERS, each.name, f"event {id_}")
    gone = forgotten(database, {id_ for seen in missing.values() for id_ in (seen.id, seen.subject)})
    for seen in missing.values():
        if seen.type not in (FORGOTTEN, ERASED) and (seen.id in gone or seen.subject in gone):
            result.add(Defect.FORGOTTEN, seen.name, f"record {seen.subject}")
        else:
            result.add(Defect.NOT_SHIPPED, seen.name, f"event {seen.id}", file=seen.name)


def _compare_records(
    files: dict[str, EventFile], names: Names, database: Database, result: Verified, track: Track
) -> set[str]:
    """Subjects against tts_records. Returns the ids of events whose audio is known to be deleted or replaced."""
    syntheses = {each.subject: each for each in files.values() if each.type.startswith(SYNTHESIS)}
    excused: set[str] = set()
    unshipped = {each.what for each in result.discrepancies if each.defect in (Defect.NOT_SHIPPED, Defect.FORGOTTEN)}
    for chunk in in_chunks(track(syntheses, "records", len(syntheses))):
        rows = database.query(
            f"SELECT event_id, status, deleted_at, replaced_by FROM tts_records WHERE event_id IN ({marks(chunk)})",
            chunk,
        )
        records = {row[0]: row[1:] for row in rows}
        for subject in chunk:
            seen = syntheses[subject]
            status, deleted_at, replaced_by = records.get(subject, ("pending", None, None))
            if status == "pending" and seen.name not in unshipped:
                result.add(Defect.RECORD_MISSING, seen.name, f"record {subject}", file=seen.name)
            name = audio_name(result.folder, seen.audio_path) if seen.audio_path else None
            if name is None:
                continue
            if deleted_at is not None or replaced_by is not None:
                excused.add(seen.id)
            elif name not in names.audio and name.lower().endswith(wav.SUFFIX):
                result.add(Defect.AUDIO_GONE, name, f"recorded by {seen.name}")
    return excused


def _hash_audio(files: dict[str, EventFile], names: Names, excused: set[str], result: Verified, track: Track) -> None:
    recorded = [
        (name, each)
        for each in files.values()
        if each.audio_sha256 and each.id not in excused
        if (name := audio_name(result.folder, each.audio_path)) in names.audio
    ]
    for name, each in track(recorded, "audio files", len(recorded)):
        assert name is not None, "it is among the names"
        try:
            sha256 = wav.sha256(result.folder / name)
        except FileNotFoundError:
            continue
        result.audio_hashed += 1
        if sha256 != each.audio_sha256:
            result.add(Defect.AUDIO_CHANGED, name, f"recorded by {each.name}")


def _find_unrecorded(files: dict[str, EventFile], names: Names, result: Verified) -> None:
    """WAVs that no event names. One that lies beside a dropped or broken event file is not counted as well."""
    recorded = {audio_name(result.folder, each.audio_path) for each in files.values() if each.audio_path}
    recorded.update(map(audio_beside, result.dropped.union(each.name for each in result.unreadable)))
    for name in sorted(set(names.audio) - recorded):
        result.add(Defect.UNRECORDED, name)


def _explained(files: dict[str, EventFile], result: Verified) -> Iterator[Number]:
    """Numbers that the folder accounts for although no event has them."""
    for each in files.values():
        yield from each.erased
    yield from (each.number for each in result.unreadable if each.number is not None)
