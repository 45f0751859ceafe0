"""Markers of running calls, so that even the call that killed the process leaves a record.

All of a process's markers lie in `<events folder>/.inflight/`, so looking for the dead costs the same beside
a million events. Each is a file `<instance>.<number>.call`, used for one call after the other: making and
removing a file costs a hundred times what writing to one does. It holds one line of JSON while a call runs, and
"-" and blanks while none does: a text that is erased elsewhere must not live on here. A second line, of fixed length,
says where the call is, and is written over as it goes on. Nothing is flushed: a marker has to survive the process, not
the machine. Whether the process lives is never guessed from process ids: it holds an OS lock on `<instance>.alive` in
that folder from before its first marker until it ends, and the system drops that lock with it, however it dies.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
from collections.abc import Callable

from .. import jsontext
from ..guard import Any, attempt, say_once
from .event import MAX_EVENT_BYTES
from .lock import locked, release

FOLDER = ".inflight"
_ALIVE = ".alive"
_CALL = ".call"
_IDLE = b"-"
_MAX_LINE = 8 * MAX_EVENT_BYTES
_NOTE_BYTES = 255  # of the second line


class Marker:
    """One file for one running call at a time."""

    __slots__ = ("descriptor", "length", "path")

    def __init__(self, path: str, descriptor: int) -> None:
        self.path, self.descriptor = path, descriptor
        self.length = 0  # of the line that it holds, in bytes


class InFlight:
    """The markers of this process, under one instance name."""

    def __init__(self, folders: list[str], instance: str) -> None:
        """Nothing is touched yet.

        Args:
            folders: the events folder, then the fallback folder where there is one.
            instance: name of this process start.
        """
        self._folders = [os.path.join(folder, FOLDER) for folder in folders]
        self._made: list[str] = []
        self.restart(instance)

    def restart(self, instance: str) -> None:
        """Begin anew in a forked child: the parent's files are left to it, closed here without being unlocked."""
        inherited = [marker.descriptor for marker in getattr(self, "_markers", ())]
        if getattr(self, "_descriptor", None) is not None:
            inherited.append(self._descriptor)
        for descriptor in inherited:
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._lock = threading.Lock()
        self._instance = instance
        self._descriptor: int | None = None
        self._folder = ""
        self._markers: list[Marker] = []
        self._free: list[Marker] = []
        self._made_markers = 0

    def add(self, identity: str, content: dict[str, Any]) -> Marker | None:
        """Mark a call as running.

        Args:
            identity: UUIDv7 of the call.
            content: what is known so far, as JSON can hold it.

        Returns:
            The marker for `remove`, None where none could be made (reported once on stderr).
        """
        if self._descriptor is None and not self._ready():
            return None
        # surrogatepass: a path may hold bytes that are not UTF-8, and is read back as it was.
        line = jsontext.compact({"id": identity, **content}, finite=False).encode("utf-8", "surrogatepass") + b"\n"
        try:
            marker = self._free_marker()
            marker.length = len(line)
            # The first byte last: a marker that says "running" is complete, whenever the process is killed.
            _write_at(marker.descriptor, line[1:], 1)
            _write_at(marker.descriptor, line[:1], 0)
        except OSError as error:
            say_once("marker", f"cannot mark running calls in {self._folder}: {error}")
            return None
        return marker

    def _free_marker(self) -> Marker:
        with self._lock:
            if self._free:
                return self._free.pop()
            self._made_markers += 1
            path = os.path.join(self._folder, f"{self._instance}.{self._made_markers}{_CALL}")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o644)
        marker = Marker(path, descriptor)
        self._markers.append(marker)
        return marker

    def note(self, marker: Marker, where: dict[str, Any]) -> None:
        """Say where a marked call is, in members of its `timing`. What does not fit is left out."""
        line = jsontext.compact(where, finite=False).encode()
        if len(line) <= _NOTE_BYTES:
            with contextlib.suppress(OSError):
                _write_at(marker.descriptor, line.ljust(_NOTE_BYTES) + b"\n", marker.length)

    def remove(self, marker: Marker | None) -> None:
        """The call has ended, and its event is written."""
        if marker is not None:
            with contextlib.suppress(OSError):
                _write_at(marker.descriptor, _IDLE.ljust(marker.length + _NOTE_BYTES + 1), 0)
                self._free.append(marker)

    def _ready(self) -> bool:
        with self._lock:
            for folder in self._folders if self._descriptor is None else ():
                self._folder = folder
                try:
                    self._descriptor = self._take_lock(folder)
                    break
                except OSError as error:
                    say_once("alive", f"a killed call would leave no record, cannot lock in {folder}: {error}")
        return self._descriptor is not None

    def _take_lock(self, folder: str) -> int:
        parent = os.path.dirname(folder)
        if not os.path.isdir(parent):
            os.makedirs(parent, exist_ok=True)
            self._made.append(parent)
        path = os.path.join(folder, self._instance + _ALIVE)
        try:
            os.makedirs(folder, exist_ok=True)
            descriptor = locked(path)
        except FileNotFoundError:
            # Another process, ending cleanly, removed the empty folder between our two steps.
            os.makedirs(folder, exist_ok=True)
            descriptor = locked(path)
        if descriptor is None:
            raise OSError(errno.EBUSY, "somebody else holds the lock of this process", path)
        return descriptor

    def close(self) -> bool:
        """A clean end: idle markers are removed; one whose call still runs in a thread stays, and will be reported.

        Returns:
            Whether nothing of it is open any more.
        """
        for marker in self._free:
            with contextlib.suppress(OSError):
                os.close(marker.descriptor)
                os.unlink(marker.path)
        self._markers = [marker for marker in self._markers if marker not in self._free]
        self._free = []
        if self._descriptor is not None and not self._markers:
            release(self._descriptor, os.path.join(self._folder, self._instance + _ALIVE))
            self._descriptor = None
            for folder in (self._folder, *self._made):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)  # only where it is empty
        return not self._markers

    def recover(self, report: Callable[[str, dict[str, Any]], bool]) -> int:
        """Report the calls whose processes died, each to exactly one of the processes that recover at once.

        Args:
            report: is given the call's id and what its marker held; returns whether the marker may go.

        Returns:
            How many were reported.
        """
        return sum(self._recover(folder, report) for folder in self._folders)

    def _recover(self, folder: str, report: Callable[[str, dict[str, Any]], bool]) -> int:
        instances = {name.split(".", 1)[0] for name in _listing(folder) if name.endswith((_ALIVE, _CALL))}
        reported = sum(attempt(self._recover_instance, folder, one, report) or 0 for one in sorted(instances))
        if instances:
            with contextlib.suppress(OSError):
                os.rmdir(folder)  # only where it is empty
        return reported

    def _recover_instance(self, folder: str, instance: str, report: Callable[[str, dict[str, Any]], bool]) -> int:
        if instance == self._instance:
            return 0
        alive = os.path.join(folder, instance + _ALIVE)
        descriptor = locked(alive)
        if descriptor is None:
            return 0  # it lives, or somebody else is recovering it
        reported, kept = 0, False
        try:
            # Listed again under the lock: whoever held it before has removed what it reported.
            for name in _listing(folder):
                if name.startswith(f"{instance}.") and name.endswith(_CALL):
                    path = os.path.join(folder, name)
                    content = _content(path)
                    if content is not None and not attempt(report, str(content.pop("id", "")), content):
                        kept = True
                        continue
                    with contextlib.suppress(OSError):
                        os.unlink(path)
                    reported += content is not None
        finally:
            if kept:
                os.close(descriptor)
            else:
                release(descriptor, alive)
        return reported


def _listing(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _content(path: str) -> dict[str, Any] | None:
    """What a dead process's marker says; None where no call was running, or was not fully marked yet."""
    try:
        with open(path, "rb") as file:
            content = jsontext.read(file.readline(_MAX_LINE))
            note = file.readline(_NOTE_BYTES + 1)
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    # None was written yet, or the process was killed while it wrote one.
    with contextlib.suppress(ValueError, AttributeError, KeyError, TypeError):
        content["data"]["timing"].update(jsontext.read(note))
    return content


def _write_at(descriptor: int, content: bytes, offset: int) -> None:
    if sys.platform == "win32":  # there is no pwrite; a marker belongs to one call, so nobody moves its position
        os.lseek(descriptor, offset, os.SEEK_SET)
        while content:
            content = content[os.write(descriptor, content) :]
        return
    while content:
        written = os.pwrite(descriptor, content, offset)
        content, offset = content[written:], offset + written
