"""Retention: removes audio, event files and rows that are old, and nothing that is not committed.

Each removal is announced first: audio that is removed leaves an `indextts.audio.deleted` event, so that its record
says so; events that are removed leave their numbers, so that nobody takes them for lost.
Files go before rows: a file without its row would be shipped again, while a row without its file harms nobody. What was
announced tells the next run which rows an interrupted one has left.
What tells of an erasure, a tombstone or a list, is never removed.
What is removed is what was recorded: content and age are compared at that moment, since a name may have been used anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sidecar.event.publish import Publisher
from sidecar.event.types import DELETED, ERASED, FORGOTTEN, SYNTHESIS
from sidecar.storage.database import Database, in_chunks, marks
from sidecar.storage.tombstones import fold_again, rehearse, require_delete
from sidecar.upkeep.erasures import erased_events, publish_erased_numbers
from sidecar.upkeep.inventory import EventFile, Names, audio_name, list_names, read_event_files
from sidecar.upkeep.progress import Track
from sidecar.upkeep.removal import Removal, identify, remove

_AT_ONCE = 100  # syntheses that are announced, removed and deleted together
_STAYS = (FORGOTTEN, ERASED)  # without these people would come back, and gaps be taken for losses


class Policy(StrEnum):
    """What is removed of an old synthesis."""

    AUDIO = "audio"
    """The WAV. The record stays, and says when the audio was deleted."""
    FILES = "files"
    """The WAV and its event files. Record and log stay; the tables can no longer be rebuilt from the folder."""
    EVERYTHING = "everything"
    """WAV, event files, record and log: only the events' numbers stay. Needs the right to DELETE."""


@dataclass(kw_only=True)
class Candidate:
    """One subject with everything that the folder holds of it."""

    subject: str
    last: datetime
    """When it was synthesised; the time of the first event here where there are only ratings and deletions."""
    audio: str = ""
    """Name of its WAV; empty where there is none or it belongs to another record."""
    audio_bytes: int = 0
    audio_sha256: str = ""
    """As recorded."""
    events: list[EventFile] = field(default_factory=list)


@dataclass(kw_only=True)
class Plan:
    folder: Path
    policy: Policy
    chosen: list[Candidate]
    """Oldest first."""
    kept_uncommitted: int = 0
    """Subjects that would go, but for an event that is not in the database."""
    kept_unrecorded: int = 0
    """WAVs without an event: never touched."""
    kept_changed: int = 0
    """Subjects whose files are not, or not any more, what was recorded; known once it is carried out."""
    unfinished: list[str] = field(default_factory=list)
    """Ids of events whose files an interrupted run has removed, and whose rows are still there."""
    before: datetime | None = None

    @property
    def bytes(self) -> int:
        """What is freed on disk."""
        audio = sum(each.audio_bytes for each in self.chosen)
        events = 0 if self.policy is Policy.AUDIO else sum(event.size for each in self.chosen for event in each.events)
        return audio + events


def plan(
    folder: Path,
    database: Database,
    *,
    policy: Policy,
    before: datetime | None,
    max_bytes: int | None,
    event_max_bytes: int,
) -> Plan:
    """
    Args:
        before: whatever ended earlier goes.
        max_bytes: after that, the oldest go until the folder's WAVs fit into it.
        event_max_bytes: SIDECAR_EVENT_MAX_BYTES.

    Raises:
        FolderUnavailable: the folder cannot be listed.
        TemporarySinkError: the database cannot serve.
    """
    names = list_names(folder)
    files = [each for each in read_event_files(folder, names.events, event_max_bytes) if isinstance(each, EventFile)]
    candidates = _candidates(folder, names, files)
    if policy is Policy.AUDIO:
        candidates = [each for each in candidates if each.audio]
    rest = sum(size for size, _ in names.audio.values())
    wanted = []
    for each in candidates:
        old = before is not None and each.last < before
        surplus = max_bytes is not None and rest > max_bytes and bool(each.audio)
        if old or surplus:
            wanted.append(each)
            rest -= each.audio_bytes
    committed = [each for each, whole in zip(wanted, _are_committed(wanted, database), strict=True) if whole]
    owned = {each.audio for each in candidates if each.audio}
    return Plan(
        folder=folder,
        policy=policy,
        chosen=committed,
        kept_uncommitted=len(wanted) - len(committed),
        kept_unrecorded=len(set(names.audio) - owned),
        unfinished=_unfinished(files, database) if policy is Policy.EVERYTHING else [],
        before=before,
    )


def carry_out(plan: Plan, database: Database, *, publisher: Publisher, reason: str, track: Track) -> None:
    """
    Args:
        track: shows the syntheses whose files are removed.

    Raises:
        PublishError, OSError: the folder cannot be written. Whatever was removed by then was announced.
        TemporarySinkError: the account may not DELETE, or a foreign key is in the way, and nothing has been changed; or
            the database has gone away, and the files of some are gone, their rows remain.
    """
    if plan.policy is Policy.EVERYTHING:
        require_delete(database, "tts_records", "tts_events")
        _delete_rows(database, plan.unfinished)
        _delete_rows(database, [event.id for each in plan.chosen for event in each.events], only_try=True)
    removed = []
    for chunk in in_chunks(track(plan.chosen, "removing", len(plan.chosen)), _AT_ONCE):
        found = [(each, files) for each in chunk if (files := _identify(plan, each)) is not None]
        if plan.policy is Policy.EVERYTHING:
            gone = [event for each, _ in found for event in each.events]
            numbers = ((event.source, event.sequence) for event in gone)
            publish_erased_numbers(publisher, plan.folder, numbers, [event.id for event in gone])
        for each, files in found:
            if each.audio and plan.policy is not Policy.EVERYTHING:
                publisher.publish(plan.folder, DELETED, each.subject, {"reason": reason})
            for path, state in files:
                remove(path, state)
            removed.append(each)
        if plan.policy is Policy.EVERYTHING:
            _delete_rows(database, [event.id for each, _ in found for event in each.events])
    plan.kept_changed = len(plan.chosen) - len(removed)
    plan.chosen = removed


Files = list[tuple[Path, os.stat_result | Removal]]


def _identify(plan: Plan, each: Candidate) -> Files | None:
    """The files that are to go, as they are now; None where one of them is not what was recorded."""
    files: Files = []
    if each.audio:
        before = plan.before.timestamp() if plan.before is not None else None
        path = plan.folder / each.audio
        files.append((path, identify(path, each.audio_sha256, before=before)))
    if plan.policy is not Policy.AUDIO:
        paths = ((plan.folder / event.name, event.sha256) for event in each.events)
        files += [(path, identify(path, sha256)) for path, sha256 in paths]
    return None if any(state is Removal.OTHER for _, state in files) else files


def _delete_rows(database: Database, ids: Sequence[str], *, only_try: bool = False) -> None:
    """Delete these events. Of their records, those go of which no event is left: one from another host may be."""
    for chunk in in_chunks(ids, _AT_ONCE):

        def delete(ids: list[str] = chunk) -> None:
            meant = f"IN ({marks(ids)})"
            subjects = {row[0] for row in database.query(f"SELECT subject FROM tts_events WHERE id {meant}", ids)}
            database.execute(f"DELETE FROM tts_events WHERE id {meant} AND type NOT IN (?, ?)", [*ids, *_STAYS])
            those = sorted(subjects)
            if not those:
                return
            among = f"IN ({marks(those)})"
            left = {row[0] for row in database.query(f"SELECT subject FROM tts_events WHERE subject {among}", those)}
            for subject in subjects - left:
                database.execute("DELETE FROM tts_records WHERE event_id = ?", [subject])
            fold_again(database, sorted(left))

        if only_try:
            rehearse(database, delete)
        else:
            database.alone(delete)


def _unfinished(files: Sequence[EventFile], database: Database) -> list[str]:
    there = {each.id for each in files}
    return list(erased_events(database, {id_ for each in files for id_ in each.erased_ids} - there))


def _candidates(folder: Path, names: Names, files: Sequence[EventFile]) -> list[Candidate]:
    candidates: dict[str, Candidate] = {}
    owners: dict[str, EventFile] = {}
    for each in files:
        if each.type in _STAYS:
            continue
        candidate = candidates.setdefault(each.subject, Candidate(subject=each.subject, last=each.time))
        if each.type.startswith(SYNTHESIS):  # neither a rating nor a deletion makes it younger
            candidate.last = each.time
        candidate.events.append(each)
        name = audio_name(folder, each.audio_path) if each.audio_path else None
        if name is None or name not in names.audio:
            continue
        # A WAV that was overwritten belongs to its latest record alone.
        if name not in owners or (each.time, each.id) > (owners[name].time, owners[name].id):
            owners[name] = each
    for name, owner in owners.items():
        candidate = candidates[owner.subject]
        candidate.audio, candidate.audio_bytes, candidate.audio_sha256 = name, names.audio[name][0], owner.audio_sha256
    return sorted(candidates.values(), key=lambda each: (each.last, each.subject))


def _are_committed(candidates: Sequence[Candidate], database: Database) -> Iterator[bool]:
    """Whether the database holds each event of a candidate with exactly the bytes that are on disk."""
    ids = [event.id for each in candidates for event in each.events]
    stored: dict[str, str] = {}
    for chunk in in_chunks(ids):
        stored.update(database.query(f"SELECT id, sha256 FROM tts_events WHERE id IN ({marks(chunk)})", chunk))
    return (all(stored.get(event.id) == event.sha256 for event in each.events) for each in candidates)
