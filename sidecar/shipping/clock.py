"""Where the time comes from; tests bring their own."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    def wall_ns(self) -> int:
        """Nanoseconds since 1970, UTC: comparable with a file's ctime."""

    def monotonic(self) -> float:
        """Seconds; never goes back."""


class SystemClock:
    def wall_ns(self) -> int:
        return time.time_ns()

    def monotonic(self) -> float:
        return time.monotonic()
