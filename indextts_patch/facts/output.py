"""What a call leaves behind: the file at its output path, or samples in memory."""

from __future__ import annotations

import os
import time
from stat import S_ISREG

from ..guard import Any
from . import samples, wav
from .paths import absolute, portable


class Output:
    """The output of one call. Facts are members of the schema's `audio`."""

    def __init__(self, path: str | None, root: str) -> None:
        """Nothing is touched yet.

        Args:
            path: the output path, absolute; None for a result in memory.
            root: project root, which recorded paths are relative to.
        """
        self.path = path  # where the call writes: the requested path, or a name of its own
        self._requested = path
        self._root = root
        self._before: tuple[int, int, int] | None = None
        self._looked = 0

    def look(self) -> None:
        """See what lies at the path before the call."""
        self._before = _state(self.path)
        self._looked = time.time_ns()

    def wrote(self) -> bool:
        """Whether a file is there now that was not there before the call."""
        return _state(self.path) not in (None, self._before)

    def portable(self, path: str | None) -> str | None:
        """A path as events hold it."""
        return None if path is None else portable(path, self._root)

    def nothing(self) -> dict[str, Any] | None:
        """The facts of a call that made no audio."""
        if self._requested is None:
            return None
        return {"path": None, "requested_path": self.portable(self._requested)}

    def facts(
        self, result: object, asked: object, heard: tuple[int | None, Any] | None, *, failed: bool
    ) -> dict[str, Any] | None:
        """The facts of the file that the call wrote, or of the samples that it returned.

        Args:
            result: what it returned; None for nothing, and for a stream.
            asked: the output path as it was passed, which infer returns.
            heard: rate in hertz and samples of a result in memory.
            failed: whether it failed. It may still have written its file; one that lay there before is not its own.
        """
        path = self.path
        if isinstance(result, (str, os.PathLike)) and result != asked:
            said = absolute(result)
            if said is not None and os.path.isfile(said):
                path = said
        if path is None:
            return samples.facts(*heard) if heard is not None else None
        after = _state(path)
        elsewhere = absolute(asked) if after is None else None
        if elsewhere is not None and ((there := _state(elsewhere)) or (0, 0, 0))[2] >= self._looked:
            path, after = elsewhere, there  # a relative path, and the working folder has changed during the call
        if after is None or (failed and after == self._before):
            return self.nothing()
        try:
            members = wav.facts(path)
        except OSError:
            return self.nothing()
        members["path"] = self.portable(path)
        if path != self._requested:
            members["requested_path"] = self.portable(self._requested)
        return members


def streamed(samples: int, rate: int | None) -> dict[str, Any] | None:
    """The facts of a stream without a file: the samples of all its chunks, at this rate in hertz."""
    if not samples or rate is None:
        return None
    duration = round(samples / rate, 6)
    return {"path": None, "sample_rate": rate, "channels": 1, "samples": samples, "duration": duration}


def _state(path: str | None) -> tuple[int, int, int] | None:
    try:
        state = os.stat(path) if path is not None else None
    except (OSError, ValueError):
        return None
    if state is None or not S_ISREG(state.st_mode):
        return None  # a pipe or a device: whoever opened it to read would wait, or take from its reader
    return state.st_ino, state.st_size, state.st_mtime_ns
