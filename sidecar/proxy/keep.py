"""Keeps an answer's audio beside its event: it grows under a hidden name, and gets its own when it is whole."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import BinaryIO

from sidecar.event.publish import flush_folder
from sidecar.proxy.lane import Lane
from sidecar.proxy.recorder import temporary

_AT_ONCE = 256 * 1024  # bytes given to the disk together
_MAX_WAITING = 16 * 1024 * 1024
"""Bytes of one answer that wait for the disk; of what is more nothing is kept: memory must not fill."""


class Kept:
    """
    Args:
        folder: where it is to lie.
        identity: of the call.
        lane: of the call.
    """

    def __init__(self, folder: Path, identity: str, lane: Lane) -> None:
        self._folder, self._lane = folder, lane
        self._path = temporary(folder, identity)
        self._file: BinaryIO | None = None
        self._chunks: list[bytes] = []
        self._gathered = 0
        self._waiting = 0
        self.problem = ""
        """Why it is not kept; empty while it is."""

    def add(self, data: bytes) -> None:
        """On the thread that serves."""
        if self.problem:
            return
        self._chunks.append(data)
        self._gathered += len(data)
        if self._gathered >= _AT_ONCE:
            self._hand_over()

    def _hand_over(self) -> None:
        data, self._chunks = b"".join(self._chunks), []
        size, self._gathered = self._gathered, 0
        self._waiting += size
        if self._waiting > _MAX_WAITING or not self._lane.put(lambda: self._write(data)):
            self.problem = "the disk is too slow"

    def _write(self, data: bytes) -> None:
        """On a thread of the lane, as is all that follows."""
        try:
            if self._file is None:
                self._file = self._path.open("xb")
            self._file.write(data)
        except OSError as error:
            self.problem = error.strerror or str(error)
        self._waiting -= len(data)

    def finish(self, name: str) -> str:
        """Give it its name.

        Returns:
            The name; another than the one wanted, where that is taken; empty where it is not kept.
        """
        if not self.problem:
            self._write(b"".join(self._chunks))
        try:
            if self.problem or self._file is None:
                return ""
            self._file.flush()
            os.fsync(self._file.fileno())
            self._path.chmod(0o644)
            return self._link(name)
        except OSError as error:
            self.problem = error.strerror or str(error)
            return ""
        finally:
            self.drop()

    def _link(self, name: str) -> str:
        stem, dot, suffix = name.rpartition(".")
        number = 1
        while True:
            wanted = name if number == 1 else f"{stem}-{number}{dot}{suffix}"
            try:
                os.link(self._path, self._folder / wanted)
            except FileExistsError:
                number += 1
                continue
            except OSError:  # no hard links here; the name holds the call's own id, so nobody else wants it
                self._path.rename(self._folder / wanted)
            flush_folder(self._folder)
            return wanted

    def drop(self) -> None:
        """Nothing of it stays under the hidden name."""
        if self._file is not None:
            self._file.close()
            self._file = None
        with contextlib.suppress(OSError):
            self._path.unlink()
