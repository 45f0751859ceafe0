"""From a record to its audio file: only a file directly in a watched folder, under the name that the record gives.

The path in a record is what some process once wrote: data, not an address. Only its last part is used, in a folder that
the settings name, and no link is followed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from sidecar.answers.folders import Folders
from sidecar.errors import SidecarError
from sidecar.event.names import media_type_of, printable
from sidecar.event.opening import open_regular
from sidecar.event.types import SYNTHESIS
from sidecar.storage.database import Database


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


Record = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Audio:
    """An open audio file; the caller closes it."""

    file: BinaryIO
    path: Path
    size: int
    """Bytes."""
    media_type: str


def homes(database: Database, folders: Sequence[Path], event_ids: Sequence[str]) -> dict[str, Path]:
    """The watched folder that holds each record's own event file; a record that has none in them is left out."""
    if not event_ids:
        return {}
    rows = database.query(
        f"SELECT subject, path FROM tts_events WHERE subject IN ({', '.join('?' * len(event_ids))}) AND type LIKE ? "
        "ORDER BY time",
        [*event_ids, f"{SYNTHESIS}%"],
    )
    known = Folders(folders)
    found = {}
    for subject, path in rows:
        folder = known.of(path)
        if folder is not None:
            found[str(subject)] = folder  # the latest event's
    return found


def open_audio(database: Database, folders: Sequence[Path], record: Record) -> Audio:
    """
    Args:
        folders: the watched folders, absolute.
        record: event_id, audio_path, replaced_by and deleted_at; audio_bytes, where it was recorded.

    Raises:
        AudioMissing: there is none, or it is no longer the record's.
    """
    identity = str(record["event_id"])
    return _open(folders, homes(database, folders, [identity]).get(identity), record)


def opened(
    database: Database, folders: Sequence[Path], records: Sequence[Record]
) -> Iterator[tuple[Record, Audio | AudioState]]:
    """Each record with its audio, opened when its turn comes, or why there is none; the caller closes it. The database
    is asked at the beginning alone."""
    own = homes(database, folders, [str(each["event_id"]) for each in records if each["event_id"]])
    return ((each, _opened(folders, own.get(str(each["event_id"])), each)) for each in records)


def _opened(folders: Sequence[Path], own: Path | None, record: Record) -> Audio | AudioState:
    try:
        return _open(folders, own, record)
    except AudioMissing as error:
        return error.state


def missing(database: Database, folders: Sequence[Path], records: Sequence[Record]) -> list[AudioState | None]:
    """Why the audio of each record cannot be played; None where it can. Reads no file, but looks for each."""
    found: list[AudioState | None] = []
    for _, audio in opened(database, folders, records):
        if isinstance(audio, Audio):
            audio.file.close()
        found.append(None if isinstance(audio, Audio) else audio)
    return found


def _open(folders: Sequence[Path], own: Path | None, record: Record) -> Audio:
    path = PurePosixPath(str(record["audio_path"] or ""))
    if not path.name:
        raise AudioMissing(AudioState.NONE)
    if record["deleted_at"] is not None:
        raise AudioMissing(AudioState.DELETED)
    if record["replaced_by"] is not None:
        raise AudioMissing(AudioState.REPLACED)
    media_type = media_type_of(path.name)
    if media_type is None or path.name.startswith(".") or "\0" in path.name:
        raise AudioMissing(AudioState.ELSEWHERE)
    candidates = [folder for folder in folders if may_name(folder, path)]
    if own is not None:  # of several folders that the path may name, the one that the record's event lies in
        candidates = [own] if own in candidates else [own, *candidates]
    if not candidates:
        raise AudioMissing(AudioState.ELSEWHERE)
    for folder in candidates:
        file = open_regular(folder / path.name)
        if file is None:
            continue
        size = os.fstat(file.fileno()).st_size
        if record.get("audio_bytes") not in (None, size):
            file.close()
            raise AudioMissing(AudioState.CHANGED)
        return Audio(file=file, path=folder / path.name, size=size, media_type=media_type)
    raise AudioMissing(AudioState.GONE)


def may_name(folder: Path, path: PurePosixPath) -> bool:
    """Whether the path may name a file of the folder."""
    return may_hold(folder, path.parent)


@lru_cache(1024)
def may_hold(folder: Path, parent: PurePosixPath) -> bool:
    """Whether what was recorded below that parent may lie in the folder, by this name of it or its real one: an
    absolute parent must equal it, a relative one be its end. Asked for each of many files."""
    return _is_called(folder, parent) or _is_called(Path(os.path.realpath(folder)), parent)


def _is_called(folder: Path, parent: PurePosixPath) -> bool:
    if parent.is_absolute():
        return str(parent) == printable(folder.as_posix())
    parts = parent.parts
    return bool(parts) and tuple(map(printable, folder.parts[-len(parts) :])) == parts
