"""What a folder holds, read file by file: the event files, what each says, and the audio that it names."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath

from sidecar.answers.audio import may_name
from sidecar.errors import EventError, NotAnEvent
from sidecar.event.event import Event
from sidecar.event.names import EVENT_SUFFIX, media_type_of
from sidecar.event.types import ERASED
from sidecar.shipping.reading import Directory, FileBusy, read_file, stat_file, unavailable
from sidecar.upkeep.erasures import Number, number_in_broken_file, numbers_of
from sidecar.upkeep.wav import SUFFIX

_PARENTS = 256
"""Of audio, as recorded, that are remembered: a TTS has one, or one a day."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """The names of a folder's files, without the hidden ones."""

    events: list[str]
    """*.json, sorted."""
    audio: dict[str, tuple[int, float]]
    """Of every format: their sizes in bytes, and when they were last written, in seconds since 1970."""

    @property
    def wavs(self) -> set[str]:
        """Of the audio, what a TTS may have left without an event; other formats people make of it."""
        return {name for name in self.audio if name.lower().endswith(SUFFIX)}


@dataclass(frozen=True, kw_only=True, slots=True)
class EventFile:
    """An event file that was read and is valid; what it says, without the bulk of it."""

    name: str
    id: str
    type: str
    source: str
    sequence: int
    subject: str
    time: datetime
    sha256: str
    """Of the event file."""
    size: int
    """Bytes of the event file."""
    audio_path: str
    """As recorded; empty where the event names none."""
    audio_sha256: str
    """As recorded; empty where it is not known."""
    erased: tuple[Number, ...]
    """The numbers that it declares erased on purpose."""
    erased_ids: tuple[str, ...]
    """The ids of events that it declares erased on purpose."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """A file that is named like an event file and holds no valid event."""

    name: str
    reason: str
    """The reason code that the quarantine has for it."""
    message: str
    number: Number | None = None
    """The number of its event, where that can be read nevertheless."""


def list_names(folder: Path) -> Names:
    """
    Raises:
        FolderUnavailable: the folder cannot be listed.
    """
    events: list[str] = []
    audio: dict[str, tuple[int, float]] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.name.endswith(EVENT_SUFFIX):
                    events.append(entry.name)
                elif media_type_of(entry.name) is not None and entry.is_file(follow_symlinks=False):
                    with contextlib.suppress(FileNotFoundError):
                        state = entry.stat(follow_symlinks=False)
                        audio[entry.name] = state.st_size, state.st_mtime
    except OSError as error:
        raise unavailable(folder, error.strerror or str(error)) from error
    return Names(events=sorted(events), audio=audio)


def read_event(directory: Directory, name: str, max_bytes: int) -> Event:
    """Read one event file the way the shipper does: never through a link, never waiting for a pipe.

    Raises:
        NotAnEvent: another program's JSON.
        EventError: it is no event; carries the reason code.
        FileBusy: it cannot be opened, for a reason that will pass.
        OSError: it is gone, or the folder may not be searched.
    """
    state = stat_file(directory, name)
    return Event.decode(read_file(directory, name, state, max_bytes=max_bytes, keep_bytes=max_bytes))


def read_event_files(folder: Path, names: list[str], max_bytes: int) -> Iterator[EventFile | Unreadable | None]:
    """Read event files, one result for each name; None for a file that is gone or another program's.

    Raises:
        FolderUnavailable: the folder cannot be opened.
    """
    with closing(Directory(folder)) as directory:
        for name in names:
            yield _read(directory, name, max_bytes)


def _read(directory: Directory, name: str, max_bytes: int) -> EventFile | Unreadable | None:
    try:
        event = read_event(directory, name, max_bytes)
    except (NotAnEvent, FileNotFoundError):
        return None
    except EventError as error:
        return Unreadable(
            name=name, reason=str(error.reason), message=str(error), number=number_in_broken_file(error.raw)
        )
    except FileBusy as error:
        return Unreadable(name=name, reason="unreadable", message=str(error))
    except OSError as error:
        return Unreadable(name=name, reason="unreadable", message=error.strerror or type(error).__name__)
    audio = event.data.get("audio") or {}
    return EventFile(
        name=name,
        id=event.id,
        type=event.type,
        source=event.source,
        sequence=event.sequence,
        subject=event.subject,
        time=event.time,
        sha256=event.sha256,
        size=len(event.raw),
        audio_path=audio.get("path") or "",
        audio_sha256=audio.get("sha256") or "",
        erased=tuple(numbers_of(event.data)) if event.type == ERASED else (),
        erased_ids=tuple(event.data.get("events") or ()) if event.type == ERASED else (),
    )


def audio_beside(name: str) -> str:
    """The audio that an event file was named after: a.wav for a.wav.json and a.wav.2.json."""
    stem = name.removesuffix(EVENT_SUFFIX)
    head, _, number = stem.rpartition(".")
    return head if number.isdecimal() else stem


def audio_name(folder: Path, recorded: str) -> str | None:
    """The name, in this folder, of the audio that one of its event files names; None where that lies elsewhere.

    Recorded paths are relative to the TTS's project root, of which the folder is the last part, or absolute.
    """
    parent, slash, name = recorded.rpartition("/")
    if not name or name.startswith("."):
        return None
    return name if _is(folder, parent or slash) else None


@lru_cache(_PARENTS)
def _is(folder: Path, parent: str) -> bool:
    """Of as many takes as the folder has; reading their paths one by one was half of verify's processor time."""
    path = PurePosixPath(parent)
    return not path.parts or may_name(folder, path / "any")
