"""How long a call takes, and how much of that its engine."""

from __future__ import annotations

import time


class Clock:
    """Runs from the beginning of a call; the engine's time stands still while a stream's consumer wants nothing."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._handed_over: float | None = None  # when, as long as no more is wanted
        self._pauses = 0.0
        self._first_chunk: float | None = None

    def pause(self) -> None:
        """A piece of a stream is handed over."""
        self._handed_over = time.perf_counter()
        if self._first_chunk is None:
            self._first_chunk = self._handed_over - self._began

    def resume(self) -> None:
        """The call goes on."""
        if self._handed_over is not None:
            self._pauses += time.perf_counter() - self._handed_over
            self._handed_over = None

    def stop(self) -> None:
        """The call is over."""
        self.resume()
        self._elapsed = time.perf_counter() - self._began

    def facts(self, duration: float | None) -> dict[str, float | None]:
        """Members of the schema's `timing`, of a call that is over.

        Args:
            duration: of what was spoken, in seconds.
        """
        wall, first = self._elapsed - self._pauses, self._first_chunk
        return {
            "wall": round(wall, 6),
            "elapsed": None if first is None else round(self._elapsed, 6),
            "first_chunk": None if first is None else round(first, 6),
            "rtf": round(wall / duration, 6) if duration else None,
        }
