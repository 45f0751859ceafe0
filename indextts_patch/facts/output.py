"""What a call leaves behind: the file at its output path, or samples in memory."""

from __future__ import annotations

import os
from typing import Any

from ..upstream.engines import family
from . import wav
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

    def look(self) -> None:
        """See what lies at the path before the call."""
        self._before = _state(self.path)

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

    def facts(self, result: object, asked: object, *, failed: bool) -> dict[str, Any] | None:
        """The facts of the file that the call wrote, or of the samples that it returned.

        Args:
            result: what it returned; None for nothing, and for a stream.
            asked: the output path as it was passed, which infer returns.
            failed: whether it failed. It may still have written its file; one that lay there before is not its own.
        """
        path = self.path
        if result is not asked and isinstance(result, (str, os.PathLike)):
            said = absolute(result)
            if said is not None and os.path.isfile(said):
                path = said
        if path is None:
            return wav.in_memory(*result) if isinstance(result, tuple) and len(result) == 2 else None
        after = _state(path)
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


def streamed(samples: int, version: str | None) -> dict[str, Any] | None:
    """The facts of a stream without a file: the samples of all its chunks, at the rate of the model's version."""
    rate = family(version).sample_rate
    if not samples or rate is None:
        return None
    duration = round(samples / rate, 6)
    return {"path": None, "sample_rate": rate, "channels": 1, "samples": samples, "duration": duration}


def _state(path: str | None) -> tuple[int, int, int] | None:
    try:
        state = os.stat(path) if path is not None else None
    except (OSError, ValueError):
        return None
    return None if state is None else (state.st_ino, state.st_size, state.st_mtime_ns)
