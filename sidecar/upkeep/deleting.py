"""Deleting the audio of some takes because a person wants it: the records stay and say so, as after `sidecar prune`.

Each is announced by an `indextts.audio.deleted` before its file goes; a file goes only where it is what was recorded,
and no other take that stays says the same of it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sidecar.answers.audio import Audio, AudioState, opened
from sidecar.event.publish import Publisher, host_slug
from sidecar.event.types import DELETED
from sidecar.storage.database import Database, in_chunks, marks
from sidecar.upkeep.removal import Removal, identify, remove
from sidecar.upkeep.saying import say_of
from sidecar.upkeep.takes import claimed_by, staying

_AT_ONCE = 100  # takes that are announced and removed together
SHARED = "shared"
"""Why the audio of a take was not deleted: it is another's too."""
_COLUMNS = ("event_id", "audio_path", "audio_sha256", "audio_bytes", "replaced_by", "deleted_at")


def delete(
    database: Database,
    publisher: Publisher,
    folders: Sequence[Path],
    event_ids: Sequence[str],
    *,
    reason: str | None,
    user: str | None,
) -> tuple[int, Counter[str]]:
    """
    Args:
        folders: the watched folders.
        reason: is kept in the events.

    Returns:
        Of how many takes the audio was deleted; and how many have none that could be, by why: as AudioState says it,
        or SHARED.

    Raises:
        PublishError, OSError: a folder cannot be written. Whatever was removed by then was announced.
        EventError: the reason or the name is too long.
    """
    removed = 0
    kept: Counter[str] = Counter()
    data = {"reason": reason or None, "caller": {"user": user or None}}
    for chunk in in_chunks(event_ids, _AT_ONCE):
        found: dict[str, tuple[Path, os.stat_result]] = {}
        records = _records(database, chunk)
        hashes = {str(each["audio_sha256"]) for each in records if each["audio_sha256"]}
        others = claimed_by(staying(database, hashes, set(event_ids), folders, host_slug()), folders)
        announced = {str(each["event_id"]) for each in records if each["deleted_at"] is not None}
        # What was announced and could not be removed is found again.
        for record, audio in opened(database, folders, [{**each, "deleted_at": None} for each in records]):
            event_id = str(record["event_id"])
            file = _identified(audio, record["audio_sha256"] or "")
            if isinstance(file, AudioState):
                kept[(AudioState.DELETED if event_id in announced else file).value] += 1
            elif (file[0], record["audio_sha256"]) in others:
                kept[SHARED] += 1
            else:
                found[event_id] = file
        say_of(database, publisher, folders, found.keys() - announced, DELETED, data)
        for path, state in found.values():
            remove(path, state)
        removed += len(found)
    return removed, kept


def _identified(audio: Audio | AudioState, sha256: str) -> tuple[Path, os.stat_result] | AudioState:
    """The file, and what it is known by when it goes; or why it does not, be it that it has changed since it was
    opened."""
    if isinstance(audio, AudioState):
        return audio
    audio.file.close()
    state = identify(audio.path, sha256)
    if isinstance(state, Removal):
        return AudioState.GONE if state is Removal.GONE else AudioState.CHANGED
    return audio.path, state


def _records(database: Database, event_ids: Sequence[str]) -> list[dict[str, Any]]:
    select = f"SELECT {', '.join(_COLUMNS)} FROM tts_records WHERE event_id IN ({marks(event_ids)})"
    return [dict(zip(_COLUMNS, row, strict=True)) for row in database.query(select, event_ids)]
