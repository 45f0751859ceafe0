"""From a record to its audio file: only a file that lies directly in a watched folder, under the record's own name.

The path in a record is what some process once wrote; it is data, not an address. Only its last part is used, in a
folder that the settings name, and the file is opened without following a link.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from sidecar.errors import SidecarError
from sidecar.event.names import printable
from sidecar.event.types import SYNTHESIS
from sidecar.storage.database import Database

TYPES = {
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".m4a": "audio/mp4",
}


class AudioMissing(SidecarError):
    """There is no audio to play for the record; the message is a word: none, deleted, replaced, elsewhere, gone or
    changed.
    """


@dataclass(frozen=True, kw_only=True)
class Audio:
    """An open audio file; the caller closes it."""

    file: BinaryIO
    size: int
    """Bytes."""
    name: str
    media_type: str


def home(database: Database, folders: Sequence[Path], event_id: str) -> Path | None:
    """The watched folder in which the record's own event file lies."""
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
        AudioMissing: there is none, or it is not the record's any more.
    """
    path = PurePosixPath(str(record["audio_path"] or ""))
    if not path.name:
        raise AudioMissing("none")
    if record["deleted_at"] is not None:
        raise AudioMissing("deleted")
    if record["replaced_by"] is not None:
        raise AudioMissing("replaced")
    media_type = TYPES.get(path.suffix.lower())
    if media_type is None or path.name.startswith(".") or "\0" in path.name:
        raise AudioMissing("elsewhere")
    candidates = [folder for folder in folders if _meant(folder, path)]
    own = home(database, folders, str(record["event_id"]))
    if own is not None and own not in candidates:
        candidates.insert(0, own)
    if not candidates:
        raise AudioMissing("elsewhere")
    for folder in candidates:
        file = _open(folder, path.name)
        if file is None:
            continue
        size = os.fstat(file.fileno()).st_size
        if record["audio_bytes"] is not None and record["audio_bytes"] != size:
            file.close()
            raise AudioMissing("changed")
        return Audio(file=file, size=size, name=path.name, media_type=media_type)
    raise AudioMissing("gone")


def _meant(folder: Path, path: PurePosixPath) -> bool:
    """Whether the recorded path may speak of that folder: absolute, the same; relative, its last parts."""
    parent = path.parent
    if parent.is_absolute():
        return str(parent) == folder.as_posix()
    parts = parent.parts
    return bool(parts) and folder.parts[-len(parts) :] == parts


def _open(folder: Path, name: str) -> BinaryIO | None:
    """Open a regular file of that folder, never what a link points to."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(folder / name, flags)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb")
