"""The full proof, file by file and row by row: WAV, event file, event, record, in both directions.

Everything is read: each event file, each audio file's bytes, each id of tts_events. Nothing is believed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from sidecar.event.names import printable, printable_name
from sidecar.event.types import SYNTHESIS
from sidecar.storage.database import Database
from sidecar.upkeep import wav
from sidecar.upkeep.dropped import put_aside
from sidecar.upkeep.erased_numbers import Number
from sidecar.upkeep.gaps import gaps
from sidecar.upkeep.inventory import Names, Sighting, Unreadable, audio_beside, audio_name, list_names, sight

_BATCH = 500


class Kind(StrEnum):
    """What can be wrong. A closed set: scripts count on it."""

    NOT_SHIPPED = "not_shipped"
    EVENT_DIFFERS = "event_differs"
    RECORD_MISSING = "record_missing"
    NOT_AN_EVENT = "not_an_event"
    EVENT_FILE_GONE = "event_file_gone"
    AUDIO_GONE = "audio_gone"
    AUDIO_CHANGED = "audio_changed"
    UNRECORDED = "unrecorded"
    SEQUENCE_GAP = "sequence_gap"


CURES = {
    Kind.NOT_SHIPPED: "sidecar verify --repair ships it; where the shipper runs, it may be about to.",
    Kind.EVENT_DIFFERS: "Event files are immutable: somebody changed this one. The database keeps what it was.",
    Kind.RECORD_MISSING: "sidecar verify --repair folds it again; sidecar rebuild does so for all.",
    Kind.NOT_AN_EVENT: "sidecar quarantine list shows it; mend the file, or put it aside: sidecar quarantine drop.",
    Kind.EVENT_FILE_GONE: "The row stays. Somebody removed the file; sidecar export has what it said.",
    Kind.AUDIO_GONE: "Somebody removed the audio. sidecar prune leaves an event that says so.",
    Kind.AUDIO_CHANGED: "The audio is not what was recorded; restore it from a backup.",
    Kind.UNRECORDED: "sidecar backfill gives it an event.",
    Kind.SEQUENCE_GAP: "Numbers of a TTS process that are nowhere: lost before they reached the disk, or moved away.",
}
REPAIRABLE = (Kind.NOT_SHIPPED, Kind.RECORD_MISSING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    kind: Kind
    what: str
    """File name, row or source that it is about."""
    detail: str = ""
    file: str = ""
    """The event file that would repair it."""


@dataclass
class Verified:
    """What was looked at in one folder, and what is wrong."""

    folder: Path
    event_files: int = 0
    audio_files: int = 0
    audio_hashed: int = 0
    rows: int = 0
    put_aside: set[str] = field(default_factory=set)
    """Event files that a person has dropped from the quarantine: settled."""
    twins: list[Sighting] = field(default_factory=list)
    """Event files with the id of another one that says something else."""
    unreadable: list[Unreadable] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def count(self, kind: Kind) -> int:
        return sum(1 for finding in self.findings if finding.kind is kind)

    def to_repair(self) -> list[str]:
        """Names of the event files that --repair ships."""
        return sorted({finding.file for finding in self.findings if finding.kind in REPAIRABLE and finding.file})


Progress = Callable[[str, int], Callable[[], None]]
"""Told what begins and how many steps it has; gives back what to call at each step."""


def verify(
    folder: Path, database: Database, *, max_bytes: int, hash_audio: bool = True, progress: Progress
) -> Verified:
    """
    Args:
        max_bytes: SIDECAR_EVENT_MAX_BYTES.
        hash_audio: read each audio file and compare it with what was recorded; else only look whether it is there.

    Raises:
        FolderUnavailable: the folder cannot be listed.
        TemporarySinkError: the database cannot serve.
    """
    done = Verified(folder=folder)
    names = list_names(folder)
    done.event_files, done.audio_files = len(names.events), len(names.audio)
    done.put_aside = put_aside(folder, names.events, database)
    sightings = _read_events(folder, names, max_bytes, done, progress)
    _compare_events(folder, sightings, database, done, progress)
    gone = _compare_records(folder, sightings, names, database, done, progress)
    if hash_audio:
        _hash_audio(folder, sightings, names, gone, done, progress)
    _find_unrecorded(folder, sightings, names, done)
    seen = ((each.source, each.sequence) for each in sightings.values())
    for source, detail in gaps(seen, _explained(sightings, done), database):
        done.findings.append(Finding(kind=Kind.SEQUENCE_GAP, what=source, detail=detail))
    return done


def _read_events(folder: Path, names: Names, max_bytes: int, done: Verified, progress: Progress) -> dict[str, Sighting]:
    wanted = [name for name in names.events if name not in done.put_aside]
    step = progress("event files", len(wanted))
    found: dict[str, Sighting] = {}
    for each in sight(folder, wanted, max_bytes):
        step()
        if isinstance(each, Sighting):
            first = found.setdefault(each.id, each)
            if first.sha256 != each.sha256:
                done.twins.append(each)
        elif isinstance(each, Unreadable):
            done.unreadable.append(each)
            done.findings.append(
                Finding(kind=Kind.NOT_AN_EVENT, what=each.name, detail=f"{each.reason}: {each.message}")
            )
    return found


def _compare_events(
    folder: Path, sightings: dict[str, Sighting], database: Database, done: Verified, progress: Progress
) -> None:
    """Files against tts_events. An event may have been shipped first from elsewhere, so ids decide, not paths."""
    below = printable(str(folder)) + "/"
    aside = set(map(printable_name, done.put_aside))
    missing = dict(sightings)
    twins = {each.id: [twin for twin in done.twins if twin.id == each.id] for each in done.twins}
    total = int(database.query("SELECT COUNT(*) FROM tts_events")[0][0])
    step = progress("rows", total)
    for id_, sha256, path in database.stream("SELECT id, sha256, path FROM tts_events"):
        step()
        done.rows += 1
        seen = missing.pop(id_, None)
        if seen is None:
            name = path[len(below) :] if path.startswith(below) else "/"
            if "/" not in name and name not in aside:
                done.findings.append(Finding(kind=Kind.EVENT_FILE_GONE, what=name, detail=f"event {id_}"))
            continue
        for each in (seen, *twins.get(id_, ())):
            if each.sha256 != sha256:
                done.findings.append(Finding(kind=Kind.EVENT_DIFFERS, what=each.name, detail=f"event {id_}"))
    for seen in missing.values():
        done.findings.append(Finding(kind=Kind.NOT_SHIPPED, what=seen.name, detail=f"event {seen.id}", file=seen.name))


def _compare_records(
    folder: Path, sightings: dict[str, Sighting], names: Names, database: Database, done: Verified, progress: Progress
) -> set[str]:
    """Subjects against tts_records. Returns the names of audio that is known to be gone or replaced."""
    syntheses = {each.subject: each for each in sightings.values() if each.type.startswith(SYNTHESIS)}
    subjects = list(syntheses)
    step = progress("records", len(subjects))
    excused: set[str] = set()
    unshipped = {finding.file for finding in done.findings if finding.kind is Kind.NOT_SHIPPED}
    for start in range(0, len(subjects), _BATCH):
        part = subjects[start : start + _BATCH]
        marks = ", ".join("?" * len(part))
        rows = database.query(
            f"SELECT event_id, status, deleted_at, replaced_by FROM tts_records WHERE event_id IN ({marks})", part
        )
        found = {row[0]: row[1:] for row in rows}
        for subject in part:
            step()
            seen = syntheses[subject]
            status, deleted_at, replaced_by = found.get(subject, ("pending", None, None))
            if status == "pending" and seen.name not in unshipped:
                done.findings.append(
                    Finding(kind=Kind.RECORD_MISSING, what=seen.name, detail=f"record {subject}", file=seen.name)
                )
            name = audio_name(folder, seen.audio_path) if seen.audio_path else None
            if name is None:
                continue
            if deleted_at is not None or replaced_by is not None:
                excused.add(seen.id)
            elif name not in names.audio and name.lower().endswith(wav.SUFFIX):
                done.findings.append(Finding(kind=Kind.AUDIO_GONE, what=name, detail=f"recorded by {seen.name}"))
    return excused


def _hash_audio(
    folder: Path, sightings: dict[str, Sighting], names: Names, excused: set[str], done: Verified, progress: Progress
) -> None:
    recorded = [
        (name, each)
        for each in sightings.values()
        if each.audio_sha256 and each.id not in excused
        if (name := audio_name(folder, each.audio_path)) in names.audio
    ]
    step = progress("audio files", len(recorded))
    for name, each in recorded:
        step()
        assert name is not None, "it is among the names"
        try:
            found = wav.sha256(folder / name)
        except FileNotFoundError:
            continue
        done.audio_hashed += 1
        if found != each.audio_sha256:
            done.findings.append(Finding(kind=Kind.AUDIO_CHANGED, what=name, detail=f"recorded by {each.name}"))


def _find_unrecorded(folder: Path, sightings: dict[str, Sighting], names: Names, done: Verified) -> None:
    """WAVs that no event file speaks of, and none is named after: that one is told of by itself."""
    recorded = {audio_name(folder, each.audio_path) for each in sightings.values() if each.audio_path}
    recorded.update(map(audio_beside, done.put_aside.union(each.name for each in done.unreadable)))
    for name in sorted(set(names.audio) - recorded):
        done.findings.append(Finding(kind=Kind.UNRECORDED, what=name))


def _explained(sightings: dict[str, Sighting], done: Verified) -> Iterator[Number]:
    """Numbers that the folder accounts for although no event has them."""
    for each in sightings.values():
        yield from each.erased
    yield from (each.number for each in done.unreadable if each.number is not None)
