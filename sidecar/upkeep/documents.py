"""Everything in a watched folder that may speak of somebody: event files, whole or broken, and what processes that were
killed have left behind, half-written events and the markers of their calls."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from sidecar.event.contract import SCHEMA_PREFIX
from sidecar.event.event import is_ours
from sidecar.event.names import is_event_name
from sidecar.event.opening import open_regular
from sidecar.event.types import ERASED, FORGOTTEN, INTERRUPTED, PREFIX

_MAX_BYTES = 64 * 1024 * 1024
_WRITERS = (".indextts-", ".sidecar-")  # begin the names of what the recording and this program write first
_MARKERS = ".inflight"  # indextts_patch/writing/inflight.py says what is in there
_MARK = (SCHEMA_PREFIX.encode(), b'"' + PREFIX.encode())
_QUICK_SECONDS = 10.0  # a file that is being written is younger


@dataclass(frozen=True, kw_only=True)
class Document:
    folder: Path
    """The watched folder."""
    path: Path
    sha256: str
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


def documents(folder: Path) -> Iterator[Document]:
    """
    Raises:
        OSError: the folder cannot be listed.
    """
    for name in sorted(os.listdir(folder)):
        if is_event_name(name):
            yield from _read(folder, folder / name)
        elif name.startswith(_WRITERS) and name.endswith(".tmp"):
            yield from _read(folder, folder / name, hidden=True)
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for name in sorted(os.listdir(folder / _MARKERS)):
            if name.endswith(".call"):
                yield from _read(folder, folder / _MARKERS / name, hidden=True)


def _read(folder: Path, path: Path, *, hidden: bool = False) -> Iterator[Document]:
    file = open_regular(path)
    if file is None:
        return
    with file:
        raw = file.read(_MAX_BYTES)
        modified = os.fstat(file.fileno()).st_mtime
    try:
        event = orjson.loads(raw)
    except orjson.JSONDecodeError:
        event = None
    marker = path.suffix == ".call"
    if marker:
        event = {**event, "type": INTERRUPTED, "subject": event.get("id")} if isinstance(event, dict) else None
    elif event is not None:
        if not is_ours(event):
            return
    elif not hidden and not any(mark in raw for mark in _MARK):
        return
    busy = hidden and (_lives(path) if marker else time.time() - modified < _QUICK_SECONDS)
    digest = hashlib.sha256(raw).hexdigest()
    yield Document(folder=folder, path=path, sha256=digest, event=event, raw=raw, busy=busy, hidden=hidden)


def _lives(marker: Path) -> bool:
    """Whether the process of a marker lives: it holds a lock for as long as it does."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        descriptor = os.open(marker.with_name(f"{marker.name.partition('.')[0]}.alive"), os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
