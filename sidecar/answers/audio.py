"""From a record to its audio file: only a file directly in a watched folder, under the name that the record gives.

The path in a record is what some process once wrote: data, not an address. Only its last part is used, in a folder that
the settings name, and no link is followed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from sidecar.errors import SidecarError
from sidecar.event.names import printable
from sidecar.event.opening import open_regular
from sidecar.event.types import SYNTHESIS
from sidecar.storage.database import Database

TYPES = {
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".m4a": "audio/mp4",
}


class AudioState(StrEnum):
    """Why a record's audio cannot be played."""

    NONE = "none"
    DELETED = "deleted"
    REPLACED = "replaced"
    ELSEWHERE = "elsewhere"
    GONE = "gone"
    CHANGED = "changed"


_MESSAGES = {
    AudioState.NONE: "the synthesis produced no audio",
    AudioState.DELETED: "the audio was deleted",
    AudioState.REPLACED: "the audio was overwritten by a later synthesis",
    AudioState.ELSEWHERE: "the audio is outside the watched folders",
    AudioState.GONE: "the audio file no longer exists",
    AudioState.CHANGED: "the audio file has changed since it was recorded",
}


class AudioMissing(SidecarError):
    """There is no audio to play for the record."""

    def __init__(self, state: AudioState) -> None:
        super().__init__(_MESSAGES[state])
        self.state = state


@dataclass(frozen=True, kw_only=True)
class Audio:
    """An open audio file; the caller closes it."""

    file: BinaryIO
    size: int
    """Bytes."""
    name: str
    media_type: str


def home(database: Database, folders: Sequence[Path], event_id: str) -> Path | None:
    """The watched folder that holds the record's own event file."""
    rows = database.query(
        "SELECT path FROM tts_events WHERE subject = ? AND type LIKE ? ORDER BY time DESC",
        [event_id, f"{SYNTHESIS}%"],
    )
    known = {printable(str(folder)): folder for folder in folders}
    for (path,) in rows:
        folder = known.get(str(path).rpartition("/")[0])
        if folder is not None:
            return folder
    return None


def open_audio(database: Database, folders: Sequence[Path], record: dict[str, Any]) -> Audio:
    """
    Args:
        folders: the watched folders, absolute.
        record: event_id, audio_path, audio_bytes, replaced_by and deleted_at.

    Raises:
        AudioMissing: there is none, or it is no longer the record's.
    """
    path = PurePosixPath(str(record["audio_path"] or ""))
    if not path.name:
        raise AudioMissing(AudioState.NONE)
    if record["deleted_at"] is not None:
        raise AudioMissing(AudioState.DELETED)
    if record["replaced_by"] is not None:
        raise AudioMissing(AudioState.REPLACED)
    media_type = TYPES.get(path.suffix.lower())
    if media_type is None or path.name.startswith(".") or "\0" in path.name:
        raise AudioMissing(AudioState.ELSEWHERE)
    candidates = [folder for folder in folders if may_name(folder, path)]
    own = home(database, folders, str(record["event_id"]))
    if own is not None and own not in candidates:
        candidates.insert(0, own)
    if not candidates:
        raise AudioMissing(AudioState.ELSEWHERE)
    for folder in candidates:
        file = open_regular(folder / path.name)
        if file is None:
            continue
        size = os.fstat(file.fileno()).st_size
        if record["audio_bytes"] is not None and record["audio_bytes"] != size:
            file.close()
            raise AudioMissing(AudioState.CHANGED)
        return Audio(file=file, size=size, name=path.name, media_type=media_type)
    raise AudioMissing(AudioState.GONE)


def may_name(folder: Path, path: PurePosixPath) -> bool:
    """Whether the path may name a file of the folder: an absolute parent must equal it, a relative one be its end."""
    parent = path.parent
    if parent.is_absolute():
        return str(parent) == printable(folder.as_posix())
    parts = parent.parts
    return bool(parts) and tuple(map(printable, folder.parts[-len(parts) :])) == parts
