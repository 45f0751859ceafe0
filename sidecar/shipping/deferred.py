"""Files that cannot be judged yet: still being written, or not to be opened just now.

Each is looked at again in its own time, and the position stays before it until then.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Waiting:
    retry_at: float
    since: float
    ctime_ns: int
    signature: tuple[int, ...]


class Deferred:
    """In the order in which they are due, so that finding the next one does not look at them all."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}
        self._retry_now: dict[str, None] = {}
        self._oldest: int | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, name: str) -> bool:
        return name in self._waiting

    def add(self, name: str, ctime_ns: int, signature: tuple[int, ...], *, now: float, pause: float) -> None:
        """Look at it again after a pause.

        Args:
            ctime_ns: the position stays before it.
            signature: what it looks like; how long it has looked like that is kept.
            now: seconds, monotonic, as in every method here.
            pause: seconds; the same for all, which keeps them in order.
        """
        since = self.since(name, signature)
        self.remove(name)
        self._waiting[name] = _Waiting(now + pause, now if since is None else since, ctime_ns, signature)
        self._oldest = ctime_ns if self._oldest is None or len(self._waiting) == 1 else min(self._oldest, ctime_ns)

    def remove(self, name: str) -> None:
        """Forget it; harmless if it is not deferred."""
        removed = self._waiting.pop(name, None)
        self._retry_now.pop(name, None)
        if removed is not None and removed.ctime_ns == self._oldest:
            self._oldest = None

    def retry_now(self, name: str) -> None:
        """It was announced again, perhaps because its writer is done: look at it at once."""
        if name in self._waiting:
            self._retry_now[name] = None

    def since(self, name: str, signature: tuple[int, ...]) -> float | None:
        """When it was first seen with that signature; None if it has another one, or is not deferred."""
        waiting = self._waiting.get(name)
        return waiting.since if waiting is not None and waiting.signature == signature else None

    def due(self, now: float) -> str | None:
        """The next one to look at, which stays here until it is removed or added again."""
        if self._retry_now:
            name = next(iter(self._retry_now))
            del self._retry_now[name]
            return name
        first = next(iter(self._waiting.items()), None)
        return first[0] if first is not None and first[1].retry_at <= now else None

    @property
    def next_at(self) -> float | None:
        """When the next one is due."""
        if self._retry_now:
            return 0.0
        waiting = next(iter(self._waiting.values()), None)
        return waiting.retry_at if waiting is not None else None

    @property
    def oldest_ctime_ns(self) -> int | None:
        """The smallest ctime among them."""
        if self._oldest is None and self._waiting:
            self._oldest = min(waiting.ctime_ns for waiting in self._waiting.values())
        return self._oldest if self._waiting else None

    def clear(self) -> None:
        self._waiting.clear()
        self._retry_now.clear()
        self._oldest = None
