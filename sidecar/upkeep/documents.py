"""Everything in a watched folder that may speak of somebody: event files, whole or broken, and what processes that were
killed have left behind, half-written events and the markers of their calls."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from sidecar.event.contract import SCHEMA_PREFIX
from sidecar.event.event import is_ours
from sidecar.event.names import is_event_name
from sidecar.event.opening import READ_FLAGS, read_regular
from sidecar.event.types import ERASED, FORGOTTEN, INTERRUPTED, PREFIX
from sidecar.upkeep.removal import State, state_of
from sidecar.upkeep.speaking import CALL, lives, markers

_MAX_BYTES = 64 * 1024 * 1024
_WRITERS = (".indextts-", ".sidecar-")  # begin the names of what the recording and this program write first
_MARK = (SCHEMA_PREFIX.encode(), b'"' + PREFIX.encode())
_QUICK_SECONDS = 10.0  # a file that is being written is younger


@dataclass(kw_only=True, slots=True)
class Document:
    folder: Path
    """The watched folder."""
    path: Path
    sha256: str
    state: State | None
    """What it is known by from now on."""
    event: dict[str, Any] | None
    """What it says; of a marker, the event that it would become; None where it is no whole event."""
    raw: bytes
    busy: bool = False
    """Whether a process that lives is at work on it."""
    hidden: bool = False
    """Whether it is one of those that no shipper reads."""

    @property
    def erases(self) -> bool:
        """Whether it says itself that something was erased."""
        return self.event is not None and self.event.get("type") in (FORGOTTEN, ERASED)

    @property
    def temporary_of(self) -> str:
        """The event that a temporary file is written for, or whose audio it is to become."""
        return self.path.name[len(_WRITERS[0]) : -len(".tmp")] if self.path.name.startswith(_WRITERS[0]) else ""


def documents(folder: Path, unread: list[str]) -> Iterator[Document]:
    """
    Args:
        unread: gains the files that cannot be read, each with the reason.

    Raises:
        OSError: the folder cannot be listed.
    """
    for path in _paths(folder):
        if (document := read(folder, path)) is not None:
            yield document
        elif (why := _unreadable(path)) is not None:
            unread.append(f"{path}: {why}")


def unreadable(folder: Path) -> list[str]:
    """Its files that may speak of somebody and cannot be read, each with the reason."""
    return [f"{path}: {why}" for path in _paths(folder) if (why := _unreadable(path)) is not None]


def _unreadable(path: Path) -> str | None:
    """Why what may be an event file cannot be read; None where it can, has gone, or is no file."""
    if path.is_symlink():
        return "a link, which is not followed; look at what it leads to"
    try:
        if path.is_file():
            os.close(os.open(path, READ_FLAGS))
    except FileNotFoundError:
        return None
    except OSError as error:
        return error.strerror
    return None


def _paths(folder: Path) -> Iterator[Path]:
    for name in sorted(os.listdir(folder)):
        if is_event_name(name) or (name.startswith(_WRITERS) and name.endswith(".tmp")):
            yield folder / name
    yield from markers(folder)


def read(folder: Path, path: Path) -> Document | None:
    """One of them; None where it has gone, or is another program's."""
    found = read_regular(path, _MAX_BYTES)
    if found is None:
        return None
    raw, state = found
    hidden = not is_event_name(path.name)
    try:
        event = orjson.loads(raw)
    except orjson.JSONDecodeError:
        event = None
    marker = path.name.endswith(CALL)
    if marker:
        event = {**event, "type": INTERRUPTED, "subject": event.get("id")} if isinstance(event, dict) else None
    elif event is not None:
        if not is_ours(event):
            return None
    elif not hidden and not any(mark in raw for mark in _MARK):
        return None
    now = time.time()
    return Document(
        folder=folder,
        path=path,
        sha256=hashlib.sha256(raw).hexdigest(),
        state=state_of(state, now),
        event=event,
        raw=raw,
        busy=hidden and (lives(path) if marker else now - state.st_mtime < _QUICK_SECONDS),
        hidden=hidden,
    )
