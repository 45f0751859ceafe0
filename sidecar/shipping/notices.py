"""What the watcher says: names of files that came, and that it may have missed some.

A notice is a hint. Losing one costs latency, never an event, so the collection is bounded and may say "scan instead".
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class FolderNotices:
    """What was said about one folder since it was last asked."""

    names: dict[str, None] = field(default_factory=dict)
    """File names in order of arrival, each once."""
    missed: bool = False
    """Some notices were lost: only a scan can tell."""

    def __bool__(self) -> bool:
        return bool(self.names) or self.missed


class Notices:
    """A mailbox between the watcher's threads and the shipper.

    Args:
        limit: names kept per folder; beyond it the rest is left to a scan.
    """

    def __init__(self, *, limit: int = 100_000) -> None:
        self._limit = limit
        self._changed = threading.Condition()
        self._said: dict[str, FolderNotices] = {}
        self._woken = False

    def add(self, folder: str, name: str) -> None:
        """A file with that name was created, changed, or renamed to it."""
        with self._changed:
            said = self._said.setdefault(folder, FolderNotices())
            if len(said.names) < self._limit:
                said.names[name] = None
            else:
                said.missed = True
            self._wake()

    def missed(self, folder: str) -> None:
        """Notices about that folder were lost."""
        with self._changed:
            self._said.setdefault(folder, FolderNotices()).missed = True
            self._wake()

    def wake(self) -> None:
        """End a wait without saying anything."""
        with self._changed:
            self._wake()

    def wait(self, seconds: float) -> None:
        """Wait until something is said, at most that many seconds; not at all if it was since the last wait."""
        with self._changed:
            if not self._woken:
                self._changed.wait(seconds)
            self._woken = False

    def collect(self, folder: str) -> FolderNotices:
        """Hand over what was said about that folder."""
        if folder not in self._said:  # without the lock: the usual answer of an idle folder
            return FolderNotices()
        with self._changed:
            return self._said.pop(folder, FolderNotices())

    def _wake(self) -> None:
        self._woken = True
        self._changed.notify()
