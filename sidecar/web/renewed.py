"""An answer that takes seconds to find, and that nobody waits for but whoever asks first."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from sidecar.errors import TemporarySinkError

T = TypeVar("T")
REMEMBER_SECONDS = 60.0


class Renewed(Generic[T]):
    """The last answer, which is renewed in the background when it is over a minute old."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._answer: tuple[float, T] | None = None
        self._asking = threading.Lock()

    def get(self) -> T:
        """
        Raises:
            TemporarySinkError: there is no answer yet, and the database cannot serve.
        """
        known = self._answer
        if known is None:
            with self._asking:
                return (self._answer or self._renew())[1]
        if time.monotonic() - known[0] > REMEMBER_SECONDS and not self._asking.locked():
            threading.Thread(target=self.refresh, daemon=True).start()
        return known[1]

    def refresh(self) -> None:
        """Ask again, unless somebody does so; where the database cannot serve, the last answer stays."""
        if self._asking.acquire(blocking=False):
            try:
                with contextlib.suppress(TemporarySinkError):
                    self._renew()
            finally:
                self._asking.release()

    def _renew(self) -> tuple[float, T]:
        answer = self._ask()
        self._answer = (time.monotonic(), answer)
        return self._answer
