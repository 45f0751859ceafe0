"""Writes what the proxy saw: events, markers of running calls, and audio where that is kept.

Nothing of it happens on the thread that serves, and nothing that goes wrong with it reaches a client.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Protocol

from sidecar import __version__
from sidecar.errors import EventError
from sidecar.event.event import Event, encode
from sidecar.event.names import EVENT_SUFFIX
from sidecar.event.publish import new_instance, publish_file, source_of, uuid7
from sidecar.event.types import INTERRUPTED
from sidecar.proxy.lane import Lane, Lanes
from sidecar.proxy.markers import PROGRAM, Markers

log = logging.getLogger("sidecar")

SOFTWARE = f"sidecar proxy {__version__}"
"""In every event."""
_THREADS = 4
_MOST_WAITING = 20_000  # jobs; three a call
_MOST_NAMES = 1000
_HINT = "The account needs write access to the folder (SIDECAR_WATCH_DIR). Requests go on, their records are lost."


class Counts(Protocol):
    """What is told of writing; see sidecar.service.metrics.proxy."""

    def written(self) -> None: ...

    def unwritten(self) -> None: ...


class Recorder:
    """
    Args:
        folder: for events; it is made where it is missing.
        counts: told of each event.
    """

    def __init__(self, folder: Path, counts: Counts) -> None:
        self.folder = folder
        self.reason = ""
        """Why the folder cannot be written; empty where it can."""
        instance = new_instance(PROGRAM)
        self.source = source_of(instance)
        self._counts = counts
        self._lanes = Lanes(_THREADS, _MOST_WAITING)
        self._markers = Markers(folder, instance)
        self._lock = threading.Lock()
        self._sequence = 0
        self._unwritten = 0

    def open(self) -> None:
        """Make the folder ready, and tell of what a proxy was doing that was killed."""
        try:
            self.folder.mkdir(exist_ok=True)
            self._markers.open()
        except OSError as error:
            self._failed(error)
        found = self._markers.recover(self._interrupted)
        if found:
            log.warning("calls of a proxy that ended were found", extra={"calls": found})

    def close(self) -> None:
        """Write what waits."""
        self._lanes.close()
        self._markers.close()

    def lane(self) -> Lane:
        """For one call's writing, in order."""
        return self._lanes.lane()

    def mark(self, identity: str, output: Path | None, data: Mapping[str, Any]) -> Path | None:
        """Mark a call as running; None where that cannot be done."""
        try:
            return self._markers.add(identity, output, dict(data))
        except OSError as error:
            self._failed(error)
            return None

    def unmark(self, marker: Path | None) -> None:
        """The call has its event, or had nothing to tell."""
        if marker is not None:
            with contextlib.suppress(OSError):
                marker.unlink()

    def lost(self) -> None:
        """An event could not even wait for its turn."""
        self._count_unwritten()
        self._failed(OSError(0, "writing is too slow, and too much of it waits"))

    def write(self, identity: str, subject: str, type_: str, data: Mapping[str, Any], name: str) -> bool:
        """Publish an event.

        Args:
            name: of its file, without .json.

        Returns:
            Whether it was written.
        """
        with self._lock:
            self._sequence += 1
            sequence, missing = self._sequence, self._unwritten
        head: dict[str, Any] = {"id": identity, "subject": subject, "source": self.source, "sequence": sequence}
        head |= {"type": type_, "time": datetime.now(timezone.utc)}
        full = {**data, "recorder": SOFTWARE, **({"unwritten_events": missing} if missing else {})}
        raw = encode(**head, data=full)
        try:
            Event.decode(raw)
        except EventError as error:
            # Something of the request is stranger than the schema allows: better less of it than a refused file.
            log.warning("a record is kept without its details", extra={"error": str(error)})
            raw = encode(**head, data=_bare(full, str(error)))
        try:
            self._publish(name, raw)
        except OSError as error:
            self._count_unwritten()
            self._failed(error)
            return False
        with self._lock:
            self._unwritten -= missing
        self._counts.written()
        if self.reason:
            self.reason = ""
            log.info("events can be written again", extra={"folder": str(self.folder)})
        return True

    def _publish(self, name: str, raw: bytes) -> None:
        for number in range(1, _MOST_NAMES):
            with contextlib.suppress(FileExistsError):
                publish_file(self.folder, f"{name}{'' if number == 1 else f'.{number}'}{EVENT_SUFFIX}", raw)
                return
        raise OSError(0, "every name is taken")

    def _interrupted(self, subject: str, output: Path | None, data: Mapping[str, Any]) -> bool:
        with contextlib.suppress(OSError):
            temporary(self.folder, subject).unlink()
        name = subject if output is None else output.name
        for candidate in (name, subject):
            with contextlib.suppress(OSError, EventError):
                if Event.decode((self.folder / f"{candidate}{EVENT_SUFFIX}").read_bytes()).id == subject:
                    return True  # its event came just before the end
        return self.write(uuid7(), subject, INTERRUPTED, data, subject)

    def _count_unwritten(self) -> None:
        with self._lock:
            self._unwritten += 1
        self._counts.unwritten()

    def _failed(self, error: OSError) -> None:
        """Said once, until it is over."""
        reason = error.strerror or str(error)
        if not self.reason:
            log.warning("events cannot be written", extra={"folder": str(self.folder), "error": reason, "hint": _HINT})
        self.reason = f"{self.folder} cannot be written: {reason}"


def _bare(data: Mapping[str, Any], why: str) -> dict[str, Any]:
    kept = {name: data[name] for name in ("timing", "audio", "error", "recorder", "unwritten_events") if name in data}
    return {**kept, "model": None, "warnings": [f"the details do not fit the schema: {why}"[:4096]]}


def temporary(folder: Path, identity: str) -> Path:
    """Where audio grows until it is whole; hidden, and known to `sidecar forget` by its name."""
    return folder / f".indextts-{identity}.tmp"
