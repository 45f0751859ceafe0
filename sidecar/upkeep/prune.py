"""Retention: removes audio, event files and rows that are old, and nothing that is not committed.

Each removal is announced first: audio that is removed leaves an `indextts.audio.deleted` event, so that its record
says so; events that are removed leave their numbers, so that nobody takes them for lost.
Files go before rows: a file without its row would be shipped again, while a row without its file harms nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sidecar.event.publish import Publisher
from sidecar.event.types import DELETED, SYNTHESIS
from sidecar.storage.database import Database, in_chunks, marks
from sidecar.upkeep.erasures import publish_erased_numbers
from sidecar.upkeep.inventory import EventFile, Names, audio_name, list_names, read_event_files
from sidecar.upkeep.progress import Track


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
    candidates = _candidates(folder, names, event_max_bytes)
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
    )


def carry_out(plan: Plan, database: Database, *, publisher: Publisher, reason: str, track: Track) -> None:
    """
    Args:
        track: shows the syntheses whose files are removed.

    Raises:
        PublishError, OSError: the folder cannot be written. Whatever was removed by then was announced.
        TemporarySinkError: the account may not DELETE; the files are gone, the rows remain.
    """
    if plan.policy is Policy.EVERYTHING:
        gone = (event for each in plan.chosen for event in each.events)
        publish_erased_numbers(publisher, plan.folder, ((event.source, event.sequence) for event in gone))
    for each in track(plan.chosen, "removing", len(plan.chosen)):
        if each.audio:
            if plan.policy is not Policy.EVERYTHING:
                publisher.publish(plan.folder, DELETED, each.subject, {"reason": reason})
            (plan.folder / each.audio).unlink(missing_ok=True)
        if plan.policy is not Policy.AUDIO:
            for event in each.events:
                (plan.folder / event.name).unlink(missing_ok=True)
    if plan.policy is Policy.EVERYTHING:
        for chunk in in_chunks([each.subject for each in plan.chosen]):
            database.execute(f"DELETE FROM tts_records WHERE event_id IN ({marks(chunk)})", chunk)
            database.execute(f"DELETE FROM tts_events WHERE subject IN ({marks(chunk)})", chunk)


def _candidates(folder: Path, names: Names, event_max_bytes: int) -> list[Candidate]:
    candidates: dict[str, Candidate] = {}
    owners: dict[str, EventFile] = {}
    for each in read_event_files(folder, names.events, event_max_bytes):
        if not isinstance(each, EventFile):
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
        candidates[owner.subject].audio, candidates[owner.subject].audio_bytes = name, names.audio[name][0]
    return sorted(candidates.values(), key=lambda each: (each.last, each.subject))


def _are_committed(candidates: Sequence[Candidate], database: Database) -> Iterator[bool]:
    """Whether the database holds each event of a candidate with exactly the bytes that are on disk."""
    ids = [event.id for each in candidates for event in each.events]
    stored: dict[str, str] = {}
    for chunk in in_chunks(ids):
        stored.update(database.query(f"SELECT id, sha256 FROM tts_events WHERE id IN ({marks(chunk)})", chunk))
    return (all(stored.get(event.id) == event.sha256 for event in each.events) for each in candidates)
