"""Markers of running calls, so that even a proxy that was killed leaves a record of each.

They have the form of those that the recording in the TTS's own process makes (indextts_patch/writing/inflight.py), in
the same folder: `sidecar forget` knows where to look, and whichever of the two starts next beside a dead one tells of
its calls. While a process lives it holds a lock on <instance>.alive; a call's marker is <instance>.<number>.call.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

FOLDER = ".inflight"
PROGRAM = "proxy"
"""Begins the names of this program's instances; others' markers are left to them."""
_ALIVE, _CALL = ".alive", ".call"
_MAX_BYTES = 8 * 1024 * 1024


class Markers:
    """
    Args:
        folder: for events; the markers lie in one below it.
        instance: name of this process start.
    """

    def __init__(self, folder: Path, instance: str) -> None:
        self._folder = folder / FOLDER
        self._instance = instance
        self._numbers = itertools.count(1)
        self._descriptor: int | None = None

    def open(self) -> None:
        """
        Raises:
            OSError: the folder cannot be written, or its file system has no locks.
        """
        self._folder.mkdir(exist_ok=True)
        self._descriptor = _locked(self._folder / f"{self._instance}{_ALIVE}")

    def add(self, identity: str, output: Path | None, data: dict[str, Any]) -> Path | None:
        """Mark a call as running.

        Args:
            output: where its audio is to go.
            data: what is known of it so far.

        Returns:
            The marker; None where none can be made.

        Raises:
            OSError: it cannot be written.
        """
        if self._descriptor is None:
            return None
        marker = self._folder / f"{self._instance}.{next(self._numbers)}{_CALL}"
        said = {"id": identity, "output": None if output is None else str(output), "data": data}
        marker.write_bytes(orjson.dumps(said) + b"\n")
        return marker

    def close(self) -> None:
        """A clean end."""
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):
            (self._folder / f"{self._instance}{_ALIVE}").unlink()
        os.close(self._descriptor)
        self._descriptor = None
        with contextlib.suppress(OSError):
            self._folder.rmdir()  # only where it is empty

    def recover(self, report: Callable[[str, Path | None, dict[str, Any]], bool]) -> int:
        """Tell of the calls of proxies that died.

        Args:
            report: is given the call's id, where its audio was to go, and what was known; returns whether the marker
                may go.

        Returns:
            How many were told of.
        """
        try:
            names = os.listdir(self._folder)
        except OSError:
            return 0
        instances = {name.partition(".")[0] for name in names if name.startswith(f"{PROGRAM}-")} - {self._instance}
        told = 0
        for instance in sorted(instances):
            with contextlib.suppress(OSError):
                told += self._recover(instance, report)
        return told

    def _recover(self, instance: str, report: Callable[[str, Path | None, dict[str, Any]], bool]) -> int:
        alive = self._folder / f"{instance}{_ALIVE}"
        descriptor = _locked(alive)
        if descriptor is None:
            return 0  # it lives, or another is telling of it
        told, kept = 0, False
        try:
            for name in os.listdir(self._folder):  # again, under the lock
                if not name.startswith(f"{instance}.") or not name.endswith(_CALL):
                    continue
                said = _read(self._folder / name)
                if said is not None:
                    output = said.get("output")
                    if not report(said["id"], Path(output) if isinstance(output, str) else None, said["data"]):
                        kept = True
                        continue
                    told += 1
                (self._folder / name).unlink()
        finally:
            if not kept:
                with contextlib.suppress(OSError):
                    alive.unlink()  # before it is unlocked: a newcomer could lock it and see it vanish
            os.close(descriptor)
        return told


def _read(marker: Path) -> dict[str, Any] | None:
    try:
        with marker.open("rb") as file:
            said = orjson.loads(file.read(_MAX_BYTES))
    except (OSError, orjson.JSONDecodeError):
        return None
    whole = isinstance(said, dict) and isinstance(said.get("id"), str) and isinstance(said.get("data"), dict)
    return said if whole else None


def _locked(path: Path) -> int | None:
    """Open and lock a file; None where another process holds the lock.

    Raises:
        OSError: it cannot be made, or its file system has no locks.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
    try:
        if not _lock(descriptor) or os.fstat(descriptor).st_nlink == 0:  # the latter: its last holder removed it
            os.close(descriptor)
            return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _lock(descriptor: int) -> bool:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
