"""Retention: removes audio, event files and rows that are old, and nothing that is not committed.

Each removal is announced first: audio that is removed leaves an `indextts.audio.deleted` event, so that its record
says so; events that are removed leave their numbers, so that nobody takes them for lost.
Files go before rows: a file without its row would be shipped again, while a row without its file harms nobody. What was
announced tells the next run which rows an interrupted one has left.
What tells of an erasure, a tombstone or a list, is never removed, nor what tells of a process, which is nobody.
What is removed is what was recorded: content and age are compared at that moment, since a name may have been used anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath

from sidecar.answers.audio import may_hold
from sidecar.answers.folders import Folders
from sidecar.event.publish import Publisher, sweep
from sidecar.event.types import DELETED, ERASED, FORGOTTEN, STARTED, SYNTHESIS
from sidecar.storage.database import Database, in_chunks, marks
from sidecar.storage.refold import overwritten_by
from sidecar.storage.tombstones import PROJECTIONS, fold_again, rehearse, require_delete
from sidecar.upkeep.erasures import publish_erased_numbers
from sidecar.upkeep.inventory import EventFile, Names, audio_name, list_names, read_event_files
from sidecar.upkeep.progress import Track
from sidecar.upkeep.removal import Removal, identify, remove
from sidecar.upkeep.takes import claimed_by, staying

_AT_ONCE = 100  # syntheses that are announced, removed and deleted together
# Without the first two people would come back, and gaps be taken for losses; without the third, takes that are still to
# come of a process that has run for long would not know their machine.
_STAYS = (FORGOTTEN, ERASED, STARTED)


class Policy(StrEnum):
    """What is removed of an old synthesis."""

    AUDIO = "audio"
    """The audio. The record stays, and says when the audio was deleted."""
    FILES = "files"
    """The audio and its event files. Record and log stay; the tables can no longer be rebuilt from the folder."""
    EVERYTHING = "everything"
    """Audio, event files, record and log: only the events' numbers stay; and, while a take that overwrote the audio is
    there, a stub that says so. Needs the right to DELETE."""


@dataclass(kw_only=True)
class Candidate:
    """One subject with everything that the folder holds of it."""

    subject: str
    last: datetime
    """When it was synthesised; the time of the first event here where there are only ratings and deletions."""
    audio: str = ""
    """Name of its file; empty where there is none or it belongs to another record."""
    audio_bytes: int = 0
    audio_sha256: str = ""
    """As recorded."""
    written: float = 0.0
    """When its audio was last written, in seconds since 1970."""
    synthesis: bool = False
    """Whether the event of its synthesis is here; else only what was said about it."""
    events: list[EventFile] = field(default_factory=list)
    out_of_reach: bool = False
    """Whether it names audio that is there and is not removed here: of no known format, a link, in another folder."""


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
    kept_out_of_reach: int = 0
    """Subjects whose audio is out of reach: their events stay as well, or nobody would know of it."""
    kept_said: int = 0
    """Subjects of which only ratings, tags or deletions are here, and whose records live: another folder's takes."""
    kept_shared: int = 0
    """Subjects whose audio is that of another record, too, which stays."""
    kept_changed: int = 0
    """Subjects whose files are not, or not any more, what was recorded, or cannot be read; known once it is carried
    out."""
    unfinished: list[str] = field(default_factory=list)
    """Ids of events whose files an interrupted run has removed, and whose rows are still there."""
    before: datetime | None = None
    ids: set[str] = field(default_factory=set)
    """Of all events whose files lie in the folder."""
    kept_twice: int = 0
    """Subjects with an event whose file lies in another watched folder, too, and stays there: it would be shipped
    again."""

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
    folders: Sequence[Path],
    host: str,
    policy: Policy,
    before: datetime | None,
    max_bytes: int | None,
    event_max_bytes: int,
) -> Plan:
    """
    Args:
        folders: all watched ones, whose records may name audio that lies in this one.
        host: this machine's name as events have it.
        before: whatever ended earlier goes.
        max_bytes: after that, the oldest go until the folder's audio fits into it.
        event_max_bytes: SIDECAR_EVENT_MAX_BYTES.

    Raises:
        FolderUnavailable: the folder cannot be listed.
        TemporarySinkError: the database cannot serve.
    """
    names = list_names(folder)
    files = [each for each in read_event_files(folder, names.events, event_max_bytes) if isinstance(each, EventFile)]
    candidates = _candidates(folder, names, files, folders)
    owned, wavs = {each.audio for each in candidates if each.audio}, names.wavs
    # Of what nobody recorded counts what a TTS leaves, and not what people keep beside it in other formats.
    rest = sum(size for name, (size, _) in names.audio.items() if name in owned or name in wavs)
    wanted = []
    for each in candidates:
        old = before is not None and each.last < before
        surplus = max_bytes is not None and rest > max_bytes and bool(each.audio)
        if old or surplus:
            wanted.append(each)
            rest -= each.audio_bytes
    audible = [each for each in wanted if each.audio]
    within = audible if policy is Policy.AUDIO else [each for each in wanted if not each.out_of_reach]
    out_of_reach = sum(each.out_of_reach for each in wanted) - sum(each.out_of_reach for each in within)
    wanted = _about_takes_here(within, database) if policy is Policy.EVERYTHING else within
    committed = [each for each, whole in zip(wanted, _are_committed(wanted, database), strict=True) if whole]
    hashes, going = {each.audio_sha256 for each in committed} - {""}, {each.subject for each in committed}
    others = claimed_by(staying(database, hashes, going, folders, host), folders)  # their events lie in another folder
    alone = [each for each in committed if not each.audio or (folder / each.audio, each.audio_sha256) not in others]
    return Plan(
        folder=folder,
        policy=policy,
        chosen=alone,
        kept_uncommitted=len(wanted) - len(committed),
        kept_out_of_reach=out_of_reach,
        kept_said=len(within) - len(wanted),
        kept_shared=len(committed) - len(alone),
        kept_unrecorded=len(wavs - owned),
        unfinished=_unfinished(files, database, folders) if policy is Policy.EVERYTHING else [],
        before=before,
        ids={each.id for each in files},
    )


def keep_what_stays_elsewhere(plans: Sequence[Plan]) -> None:
    """Of events that lie in several folders the rows go only where the files go from all of them."""
    while True:
        stays = {plan.folder: plan.ids - {event.id for each in plan.chosen for event in each.events} for plan in plans}
        changed = False
        for plan in plans:
            elsewhere = set[str]().union(*(ids for folder, ids in stays.items() if folder != plan.folder))
            kept = [each for each in plan.chosen if elsewhere.isdisjoint(event.id for event in each.events)]
            plan.kept_twice += len(plan.chosen) - len(kept)
            changed |= len(plan.chosen) != len(kept)
            plan.chosen = kept
        if not changed:
            return


def carry_out(plan: Plan, database: Database, *, publisher: Publisher, reason: str, track: Track) -> None:
    """
    Args:
        track: shows the syntheses whose files are removed.

    Raises:
        PublishError, OSError: the folder cannot be written. Whatever was removed by then was announced.
        TemporarySinkError: the account may not DELETE, or a foreign key is in the way, and nothing has been changed; or
            the database has gone away, and the files of some are gone, their rows remain.
    """
    sweep(plan.folder)
    if plan.policy is Policy.EVERYTHING:
        require_delete(database, *PROJECTIONS, "tts_events")
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
    """The files that are to go, as they are now; None where one of them is not what was recorded, or cannot be read."""
    files: Files = []
    try:
        if each.audio:
            # What goes for its size alone may be as young as it likes.
            old = plan.before is not None and each.last < plan.before
            before = plan.before.timestamp() if plan.before is not None and old else None
            path = plan.folder / each.audio
            files.append((path, identify(path, each.audio_sha256, before=before)))
        if plan.policy is not Policy.AUDIO:
            paths = ((plan.folder / event.name, event.sha256) for event in each.events)
            files += [(path, identify(path, sha256)) for path, sha256 in paths]
    except OSError:
        return None
    return None if any(state is Removal.OTHER for _, state in files) else files


def _delete_rows(database: Database, ids: Sequence[str], *, only_try: bool = False) -> None:
    """Delete these events. Their records become what the events that are left say, which may be another host's."""
    for chunk in in_chunks(ids, _AT_ONCE):

        def delete(ids: list[str] = chunk) -> None:
            meant = f"IN ({marks(ids)})"
            subjects = {str(row[0]) for row in database.query(f"SELECT subject FROM tts_events WHERE id {meant}", ids)}
            subjects |= overwritten_by(database, "id", ids)
            database.execute(
                f"DELETE FROM tts_events WHERE id {meant} AND type NOT IN ({marks(_STAYS)})", [*ids, *_STAYS]
            )
            fold_again(database, sorted(subjects), ids)

        if only_try:
            rehearse(database, delete)
        else:
            database.alone(delete)


def _unfinished(files: Sequence[EventFile], database: Database, folders: Sequence[Path]) -> list[str]:
    """What was announced and is still in the database; not what has come back since, from a backup: its file is there,
    or it was recorded after its announcement was."""
    known = Folders(folders)
    there = {each.id for each in files}
    announced: dict[str, str] = {}
    for each in sorted(files, key=lambda each: each.time):
        announced.update((id_, each.id) for id_ in each.erased_ids if id_ not in there)
    asked = {*announced, *announced.values()}
    rows = [
        row
        for chunk in in_chunks(asked)
        for row in database.query(f"SELECT id, recorded_at, path FROM tts_events WHERE id IN ({marks(chunk)})", chunk)
    ]
    recorded = {str(id_): recorded_at for id_, recorded_at, _ in rows}
    found = []
    for id_, recorded_at, path in rows:
        home = known.of(path)
        lies_there = home is not None and (home / str(path).rpartition("/")[2]).exists()
        if id_ in announced and not lies_there and recorded_at <= recorded.get(announced[str(id_)], recorded_at):
            found.append(str(id_))
    return found


def _candidates(folder: Path, names: Names, files: Sequence[EventFile], folders: Sequence[Path]) -> list[Candidate]:
    candidates: dict[str, Candidate] = {}
    owners: dict[str, EventFile] = {}
    for each in files:
        if each.type in _STAYS:
            continue
        candidate = candidates.setdefault(each.subject, Candidate(subject=each.subject, last=each.time))
        if each.type.startswith(SYNTHESIS):  # neither a rating nor a deletion makes it younger
            candidate.last = each.time
            candidate.synthesis = True
        candidate.events.append(each)
        name = audio_name(folder, each.audio_path) if each.audio_path else None
        if name is None or name not in names.audio:
            path = PurePosixPath(each.audio_path or "")
            places = [folder, *(other for other in folders if may_hold(other, path.parent))]
            candidate.out_of_reach |= bool(path.name) and any(os.path.lexists(place / path.name) for place in places)
            continue
        # Audio that was overwritten belongs to its latest record alone.
        if name not in owners or (each.time, each.id) > (owners[name].time, owners[name].id):
            owners[name] = each
    for name, owner in owners.items():
        candidate = candidates[owner.subject]
        candidate.audio, candidate.audio_sha256 = name, owner.audio_sha256
        candidate.audio_bytes, candidate.written = names.audio[name]
    return sorted(candidates.values(), key=lambda each: (max(each.last.timestamp(), each.written), each.subject))


def _about_takes_here(candidates: Sequence[Candidate], database: Database) -> list[Candidate]:
    """Without those of which only ratings and the like are here, where the take itself is in the log, from elsewhere:
    its record would lose them."""
    living: set[str] = set()
    for chunk in in_chunks(each.subject for each in candidates if not each.synthesis):
        sql = f"SELECT subject FROM tts_events WHERE subject IN ({marks(chunk)}) AND type LIKE '{SYNTHESIS}%'"
        living.update(str(subject) for (subject,) in database.query(sql, chunk))
    return [each for each in candidates if each.subject not in living]


def _are_committed(candidates: Sequence[Candidate], database: Database) -> Iterator[bool]:
    """Whether the database holds each event of a candidate with exactly the bytes that are on disk."""
    ids = [event.id for each in candidates for event in each.events]
    stored: dict[str, str] = {}
    for chunk in in_chunks(ids):
        stored.update(database.query(f"SELECT id, sha256 FROM tts_events WHERE id IN ({marks(chunk)})", chunk))
    return (all(stored.get(event.id) == event.sha256 for event in each.events) for each in candidates)
