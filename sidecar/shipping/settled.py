"""Files that were shipped or refused, remembered until neither a scan nor a notice can bring them again.

They are ordered by ctime to the millisecond only: a backlog has dozens of files in each, and keeping every one in its
exact place took as long as opening it.
"""

from __future__ import annotations

import heapq

_SPAN_NS = 1_000_000


class Settled:
    """By name, each with a signature that tells whether the file is still the same."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[int, tuple[int, ...]]] = {}  # the span of its ctime, and its signature
        self._spans: dict[int, list[str]] = {}  # a name that was added again may stand in an old span too
        self._oldest: list[int] = []  # a heap of the spans

    def __len__(self) -> int:
        return len(self._files)

    def signature(self, name: str) -> tuple[int, ...] | None:
        """What it looked like; None where it is not known."""
        known = self._files.get(name)
        return None if known is None else known[1]

    def add(self, name: str, ctime_ns: int, signature: tuple[int, ...]) -> None:
        span = ctime_ns // _SPAN_NS
        self._files[name] = (span, signature)
        names = self._spans.get(span)
        if names is None:
            self._spans[span] = [name]
            heapq.heappush(self._oldest, span)
        else:
            names.append(name)

    def forget_before(self, ctime_ns: int) -> None:
        """Forget the files with a ctime before that; those of the last millisecond may stay for now."""
        end = ctime_ns // _SPAN_NS
        while self._oldest and self._oldest[0] < end:
            span = heapq.heappop(self._oldest)
            for name in self._spans.pop(span):
                if (known := self._files.get(name)) is not None and known[0] == span:
                    del self._files[name]

    def clear(self) -> None:
        self._files.clear()
        self._spans.clear()
        self._oldest.clear()
