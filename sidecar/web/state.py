"""What all requests share."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any, TypeVar, cast

from starlette.requests import Request

from sidecar.answers import questions, review
from sidecar.answers.drift import Drift, drift
from sidecar.answers.filters import Filter
from sidecar.answers.window import Window, window
from sidecar.event.publish import Publisher
from sidecar.storage.database import Database
from sidecar.web.feed import Feed, newest
from sidecar.web.pool import Pool
from sidecar.web.renewed import REMEMBER_SECONDS, Renewed
from sidecar.web.security import Sessions
from sidecar.web.waveform import Thumbnails

T = TypeVar("T")
_REMEMBERED = 200
_LOOK_SECONDS = 30.0
PATIENCE_SECONDS = 0.12
"""So long one request looks through records that no index finds: with all else in it, it should take 0.3 s at most."""
_REMEMBERED_WINDOWS = 8
"""Of 3 MB each at most."""
_UNHEARD_SECONDS = 3.0
"""So long a window is good where nobody listens for new takes."""
_REMEMBERED_VERDICTS = 10_000
_VERDICT_SECONDS = 600.0
"""So long a verdict may be on its way; later the take comes back into the queue."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How what fills the library stands."""

    shipper: str = ""
    """ready, not_ready, other (it ships elsewhere) or absent, as the name of a word ends. Empty: nobody was asked."""
    reasons: Sequence[str] = ()
    """Why it is not ready, or does not answer; or how it differs."""
    address: str = ""
    """Where it was asked."""
    folders: Sequence[tuple[str, int, str]] = ()
    """Each watched folder, how many event files lie in it, and why it cannot be read, where it cannot."""


@dataclass(kw_only=True)
class State:
    pool: Pool
    find_folders: Callable[[], Sequence[Path]]
    """Finds the watched folders, absolute; others may come below one."""
    publisher: Publisher
    zone: tzinfo
    token: str | None
    sessions: Sessions
    selection_max: int
    """Takes that are acted on at once, or packed into one zip."""
    export_max: int
    """Takes that are exported at once."""
    standing: Callable[[], Standing]
    thumbnails: Thumbnails = field(default_factory=Thumbnails)
    _windows: OrderedDict[Any, tuple[float, Any]] = field(default_factory=OrderedDict)
    _counts: OrderedDict[Any, tuple[float, Any]] = field(default_factory=OrderedDict)
    _decided: OrderedDict[str, float] = field(default_factory=OrderedDict)
    _folders: tuple[float, Sequence[Path]] = (0.0, ())
    _lock: threading.Lock = field(default_factory=threading.Lock)
    choices: Renewed[questions.Choices] = field(init=False)
    """What the filters offer."""
    queue: Renewed[review.Queue] = field(init=False)
    """Which takes a person should hear. To be asked before a connection is lent, or all might wait for one more."""

    feed: Feed = field(init=False)
    """Tells of new takes."""

    def __post_init__(self) -> None:
        self.feed = Feed(lambda: self._asked(newest))
        self.choices = Renewed(lambda: self._asked(questions.choices))
        self.queue = Renewed(lambda: self._asked(review.queue))

    def warm(self) -> None:
        """Ask ahead what the first visitor would have to wait for."""
        self.choices.refresh()
        self.queue.refresh()

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
        if known is not None and time.monotonic() - known[0] < REMEMBER_SECONDS:
            return cast(T, known[1])
        with self.pool.lend() as database:
            answer = ask(database, wanted)
        with self._lock:
            self._counts[key] = (time.monotonic(), answer)
            while len(self._counts) > _REMEMBERED:
                self._counts.popitem(last=False)
        return answer

    def drift(self, wanted: Filter) -> Drift:
        """How takes sound over time, remembered for a minute as well."""
        self.queue.get()
        return self.remembered(self._drift, wanted)

    def _drift(self, database: Database, wanted: Filter) -> Drift:
        return drift(database, wanted, self.queue.get().pasts, self.zone)

    def window(self, wanted: Filter, *, doubtful: bool, scored: bool) -> Window:
        """The newest takes that match; as they were at most a few seconds ago, or when the last take came."""
        among = list(self.queue.get().doubtful) if doubtful else None
        heard = self.feed.newest
        key = (wanted, doubtful, scored, heard)
        with self._lock:
            known = self._windows.get(key)
        good_for = _UNHEARD_SECONDS if heard is None else REMEMBER_SECONDS
        if known is not None and time.monotonic() - known[0] < good_for:
            return cast(Window, known[1])
        with self.pool.lend() as database:
            found = window(database, wanted, among=among, scored=scored, patience=PATIENCE_SECONDS)
        with self._lock:
            self._windows[key] = (time.monotonic(), found)
            self._windows.move_to_end(key)
            while len(self._windows) > _REMEMBERED_WINDOWS:
                self._windows.popitem(last=False)
        return found

    def settled(self, event_id: str, verdict: str | None) -> None:
        """Somebody decided on a take a moment ago, or took that back; the verdict is on its way into the tables."""
        with self._lock:
            if verdict is None:
                self._decided.pop(event_id, None)
                return
            self._decided[event_id] = time.monotonic()
            while len(self._decided) > _REMEMBERED_VERDICTS:
                self._decided.popitem(last=False)

    def waiting(self) -> list[str]:
        """The takes that nobody has decided on, the most doubtful first."""
        since = time.monotonic() - _VERDICT_SECONDS
        with self._lock:
            decided = {event_id for event_id, at in self._decided.items() if at > since}
        return [each for each in self.queue.get().waiting if each not in decided]

    def _asked(self, ask: Callable[[Database], T]) -> T:
        with self.pool.lend() as database:
            return ask(database)


def state(request: Request) -> State:
    return cast(State, request.app.state.shared)
