"""Retention: removes audio, event files and rows that are old, and nothing that is not committed.

What goes is said first: audio that is removed leaves an event, so that its record says so;
events that are removed leave their numbers, so that nobody takes them for lost.
Files go before rows: a file whose row is gone would be shipped again, a row whose file is gone harms nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sidecar.event.publish import Publisher
from sidecar.event.types import DELETED, SYNTHESIS
from sidecar.storage.database import Database
from sidecar.upkeep.erased_numbers import announce
from sidecar.upkeep.inventory import Names, Sighting, audio_name, list_names, sight

_BATCH = 500


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
    """When it was spoken; where only ratings and removals are here, when the first of them came."""
    audio: str = ""
    """Name of its WAV; empty where there is none, or another record owns it."""
    audio_bytes: int = 0
    events: list[Sighting] = field(default_factory=list)

    @property
    def event_bytes(self) -> int:
        return sum(event.size for event in self.events)


@dataclass(kw_only=True)
class Plan:
    folder: Path
    policy: Policy
    chosen: list[Candidate]
    """Oldest first."""
    kept_uncommitted: int = 0
    """Subjects that would go, but of which an event is not in the database."""
    kept_unrecorded: int = 0
    """WAVs without an event: never touched."""

    @property
    def audio(self) -> list[Candidate]:
        return [each for each in self.chosen if each.audio]

    @property
    def bytes(self) -> int:
        """What is freed on disk."""
        audio = sum(each.audio_bytes for each in self.chosen)
        return audio if self.policy is Policy.AUDIO else audio + sum(each.event_bytes for each in self.chosen)


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
        before: what ended earlier goes.
        max_bytes: then the oldest go until the folder's WAVs fit into it.
        event_max_bytes: SIDECAR_EVENT_MAX_BYTES.

    Raises:
        FolderUnavailable: the folder cannot be listed.
        TemporarySinkError: the database cannot serve.
    """
    names = list_names(folder)
    candidates = _candidates(folder, names, event_max_bytes)
    if policy is Policy.AUDIO:
        candidates = [each for each in candidates if each.audio]
    rest = sum(names.audio.values())
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


def carry_out(plan: Plan, database: Database, *, publisher: Publisher, reason: str, step: Callable[[], None]) -> None:
    """
    Raises:
        PublishError, OSError: the folder cannot be written. What was removed until then is removed in order.
        TemporarySinkError: the account may not DELETE; the files are gone, the rows are there.
    """
    if plan.policy is Policy.EVERYTHING:
        gone = (event for each in plan.chosen for event in each.events)
        announce(publisher, plan.folder, ((event.source, event.sequence) for event in gone))
    for each in plan.chosen:
        if each.audio:
            if plan.policy is not Policy.EVERYTHING:
                publisher.publish(plan.folder, DELETED, each.subject, {"reason": reason})
            (plan.folder / each.audio).unlink(missing_ok=True)
        if plan.policy is not Policy.AUDIO:
            for event in each.events:
                (plan.folder / event.name).unlink(missing_ok=True)
        step()
    if plan.policy is Policy.EVERYTHING:
        for part in _parts([each.subject for each in plan.chosen]):
            marks = ", ".join("?" * len(part))
            database.execute(f"DELETE FROM tts_records WHERE event_id IN ({marks})", part)
            database.execute(f"DELETE FROM tts_events WHERE subject IN ({marks})", part)


def _candidates(folder: Path, names: Names, event_max_bytes: int) -> list[Candidate]:
    found: dict[str, Candidate] = {}
    owners: dict[str, Sighting] = {}
    for each in sight(folder, names.events, event_max_bytes):
        if not isinstance(each, Sighting):
            continue
        candidate = found.setdefault(each.subject, Candidate(subject=each.subject, last=each.time))
        if each.type.startswith(SYNTHESIS):  # a rating or a removal makes nothing younger
            candidate.last = each.time
        candidate.events.append(each)
        name = audio_name(folder, each.audio_path) if each.audio_path else None
        if name is None or name not in names.audio:
            continue
        # A WAV that was overwritten belongs to the latest record alone.
        if name not in owners or (each.time, each.id) > (owners[name].time, owners[name].id):
            owners[name] = each
    for name, owner in owners.items():
        found[owner.subject].audio, found[owner.subject].audio_bytes = name, names.audio[name]
    return sorted(found.values(), key=lambda each: (each.last, each.subject))


def _are_committed(candidates: Sequence[Candidate], database: Database) -> Iterator[bool]:
    """Whether the database holds each event of a candidate with the very bytes that are on disk."""
    ids = [event.id for each in candidates for event in each.events]
    stored: dict[str, str] = {}
    for part in _parts(ids):
        marks = ", ".join("?" * len(part))
        stored.update(database.query(f"SELECT id, sha256 FROM tts_events WHERE id IN ({marks})", part))
    return (all(stored.get(event.id) == event.sha256 for event in each.events) for each in candidates)


def _parts(items: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _BATCH):
        yield list(items[start : start + _BATCH])
