"""What all requests share."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any, TypeVar, cast

from starlette.requests import Request

from sidecar.answers import questions
from sidecar.answers.filters import Filter
from sidecar.errors import TemporarySinkError
from sidecar.event.publish import Publisher
from sidecar.storage.database import Database
from sidecar.web.pool import Pool
from sidecar.web.security import Sessions

T = TypeVar("T")
_REMEMBER_SECONDS = 60.0
_REMEMBERED = 200
_LOOK_SECONDS = 30.0


@dataclass(kw_only=True)
class State:
    pool: Pool
    find_folders: Callable[[], Sequence[Path]]
    """Finds the watched folders, absolute; others may come below one."""
    publisher: Publisher
    zone: tzinfo
    token: str | None
    sessions: Sessions
    _counts: OrderedDict[Any, tuple[float, Any]] = field(default_factory=OrderedDict)
    _choices: tuple[float, dict[str, list[str]] | None] = (0.0, None)
    _folders: tuple[float, Sequence[Path]] = (0.0, ())
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def folders(self) -> Sequence[Path]:
        """The watched folders as they were at most half a minute ago: to look for them may take long."""
        at, known = self._folders
        if not known or time.monotonic() - at > _LOOK_SECONDS:
            known = self.find_folders()
            self._folders = (time.monotonic(), known)
        return known

    def remembered(self, ask: Callable[[Database, Filter], T], wanted: Filter) -> T:
        """Ask, or return an answer that is at most a minute old: counting a large table takes seconds."""
        key = (ask, wanted)
        with self._lock:
            known = self._counts.get(key)
        if known is not None and time.monotonic() - known[0] < _REMEMBER_SECONDS:
            return cast(T, known[1])
        with self.pool.lend() as database:
            answer = ask(database, wanted)
        with self._lock:
            self._counts[key] = (time.monotonic(), answer)
            while len(self._counts) > _REMEMBERED:
                self._counts.popitem(last=False)
        return answer

    def choices(self) -> dict[str, list[str]]:
        """What the filters offer. Only the very first request waits for it: later ones get the last answer, which is
        renewed in the background when it is over a minute old.
        """
        with self._lock:
            at, known = self._choices
            stale = time.monotonic() - at > _REMEMBER_SECONDS
            if known is not None and stale:
                self._choices = (time.monotonic(), known)
        if known is None:
            return self._ask_choices()
        if stale:
            threading.Thread(target=self.refresh_choices, daemon=True).start()
        return known

    def _ask_choices(self) -> dict[str, list[str]]:
        with self.pool.lend() as database:
            answer = questions.choices(database)
        with self._lock:
            self._choices = (time.monotonic(), answer)
        return answer

    def refresh_choices(self) -> None:
        """Renew the choices; where the database cannot serve, the last answer stays."""
        with contextlib.suppress(TemporarySinkError):
            self._ask_choices()


def state(request: Request) -> State:
    return cast(State, request.app.state.shared)
