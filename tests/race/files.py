"""The event files that everybody is handed: the same bytes, under the same names, as old."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks import dataset, latency

_AGE_SECONDS = 86_400.0
"""A backlog is of yesterday, by its files' mtime."""
_LAST = 10
_PAUSE_SECONDS = 2.5
"""Before the last files change: no program can set a ctime, and whoever goes by it may, rightly, look a second time at
what is only seconds older than the newest."""


class Folder:
    """What one peer finds, and what comes while it is at work."""

    def __init__(self, path: Path, make: dataset.Maker, count: int, ids: frozenset[str]) -> None:
        self.path = path
        self._make = make
        self._next = count
        self._ids = set(ids)

    @property
    def ids(self) -> frozenset[str]:
        """Of every event whose file is or was there."""
        return frozenset(self._ids)

    def add(self, count: int) -> None:
        """Put so many further files there."""
        for _ in range(count):
            path = _name(self.path, self._next)
            path.write_bytes(self._taken())

    def publish(self) -> tuple[str, float]:
        """Let one further file appear as the recorder does. Returns the event's id, and the moment."""
        number = self._next
        return dataset.event_id(number), latency.publish(self.path, number, self._taken())

    def copy(self) -> None:
        """Put each file there a second time, under another name."""
        for path in list(self.path.glob("*.json")):
            shutil.copyfile(path, path.with_name(f"copy_{path.name}"))

    def _taken(self) -> bytes:
        number, self._next = self._next, self._next + 1
        self._ids.add(dataset.event_id(number))
        return self._make(number)


class Files:
    """A backlog, written once. In life its files lie seconds apart; these are written at once, but for the last."""

    def __init__(self, path: Path, make: dataset.Maker, count: int) -> None:
        self.count = count
        self.bytes = dataset.write(path, make, count)
        self._path = path
        self._make = make
        begin = time.time() - _AGE_SECONDS
        for number in range(count):
            if number == count - _LAST and number:
                time.sleep(_PAUSE_SECONDS)
            os.utime(_name(path, number), (begin + number / 1000, begin + number / 1000))

    @contextmanager
    def open(self, most: int | None = None) -> Iterator[Folder]:
        """A folder with the first of them, with all unless told how many; what came to them is gone afterwards."""
        count = self.count if most is None else min(most, self.count)
        ids = frozenset(dataset.event_id(number) for number in range(count))
        if count == self.count:
            there = set(os.listdir(self._path))
            try:
                yield Folder(self._path, self._make, count, ids)
            finally:
                for name in set(os.listdir(self._path)) - there:
                    (self._path / name).unlink()
            return
        path = Path(tempfile.mkdtemp(prefix="some-", dir=self._path.parent))
        try:
            for number in range(count):
                shutil.copy2(_name(self._path, number), path)  # a link would change when the other's file changed
            yield Folder(path, self._make, count, ids)
        finally:
            shutil.rmtree(path)


def _name(folder: Path, number: int) -> Path:
    return folder / f"spk_{number:08}.wav.json"
