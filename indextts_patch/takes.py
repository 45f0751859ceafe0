"""What the event files of folders say of earlier takes: which request each answers, and what was said of it later.

The index of `reuse`. It lies in memory and is read by one thread for each folder, the only threads that this package
ever starts; of a folder that has changed since, the new files alone are read.

Of several takes of one request the best comes first: one more often preferred to others than others to it, then one
that a person heard and kept, then by its rating (one that
nobody rated stands between 2 and 3), then by its score, then the newest. Audio that a person rejected is none of them,
whichever of the records with these bytes was rejected. sidecar/answers/best.py says the same of the tables.
"""

from __future__ import annotations

import calendar
import contextlib
import os
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from .guard import say_once
from .writing import event

_MAX_TAKES = 100_000
_UNRATED = 2.5
_SETTLED_NANOSECONDS = 2_000_000_000  # a folder's time stands still for so long on the coarsest file systems
_RATED, _REVIEWED, _SCORED, _PREFERRED = (
    f"indextts.audio.{word}" for word in ("rated", "reviewed", "scored", "preferred")
)


class Take(NamedTuple):
    """One synthesis whose audio can answer a later request."""

    path: str  # absolute
    audio: dict[str, Any]  # what its event says of it
    subject: str
    started: float  # when its process did, seconds since 1970


class _Latest:
    """What the last of several events says, whichever is read first."""

    def __init__(self) -> None:
        self._values: dict[Any, tuple[Any, Any]] = {}

    def put(self, of: Any, key: Any, value: Any) -> None:
        known = self._values.get(of)
        if known is None or key > known[0]:
            self._values[of] = (key, value)

    def of(self, of: Any) -> Any:
        return self._values.get(of, (None, None))[1]

    def all(self) -> list[Any]:
        return [value for _, value in self._values.values()]

    def __len__(self) -> int:
        return len(self._values)


class _Folder:
    """How far one folder was read."""

    def __init__(self) -> None:
        self.names: set[str] = set()  # of the files that were
        self.stamp = -1  # the folder's time at its last listing; -1 where it may have changed unseen
        self.unreadable = False  # there is a file that may say anything
        self.thread: threading.Thread | None = None


class Takes:
    """
    Args:
        root: project root, which recorded paths are relative to.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._folders: dict[str, _Folder] = {}
        self._takes: dict[str, dict[str, Take]] = {}  # by request and subject
        self._count = 0
        self._ratings, self._verdicts, self._scores = _Latest(), _Latest(), _Latest()
        self._preferences: dict[str, _Latest] = {}  # of a take, by the other and the person

    def begin(self, folder: str) -> threading.Thread:
        """Have the folder's events read, once, by the thread that is returned."""
        return self._reading(folder, again=False)

    def up_to_date(self, seconds: float) -> bool:
        """Whether all that the folders say now is known, after so much time at most."""
        deadline = time.monotonic() + seconds
        folders = list(self._folders)
        for thread in [self._reading(folder, again=True) for folder in folders]:
            thread.join(max(deadline - time.monotonic(), 0.0))
            if thread.is_alive():
                return False
        return not any(self._folders[folder].unreadable for folder in folders)

    def _reading(self, folder: str, *, again: bool) -> threading.Thread:
        with self._lock:
            state = self._folders.setdefault(folder, _Folder())
            thread = state.thread
            if thread is None or (again and not thread.is_alive() and _stamp(folder) != state.stamp):
                thread = threading.Thread(target=self._index, args=(folder, state), name="indextts-reuse", daemon=True)
                state.thread = thread
                thread.start()
            return thread

    def of(self, request: str) -> bool:
        """Whether there is a take of the request, rejected or not."""
        return request in self._takes

    def best_first(self, request: str) -> list[Take]:
        """The takes of a request whose audio nobody rejected."""
        with self._lock:
            takes = list(self._takes.get(request, {}).values())
            rejected = {name for verdict, names in self._verdicts.all() if verdict == "reject" for name in names}
        rejected.update([take.audio["sha256"] for take in takes if take.subject in rejected])
        left = [take for take in takes if rejected.isdisjoint((take.subject, take.audio["sha256"]))]
        return sorted(left, key=lambda take: self._standing(take.subject), reverse=True)

    def _standing(self, subject: str) -> tuple[int, bool, float, bool, float, str]:
        """The greater, the better."""
        compared = self._preferences.get(subject, _Latest()).all()
        verdict, _ = self._verdicts.of(subject) or (None, ())
        rating, score = self._ratings.of(subject), self._scores.of(subject)
        rated = _UNRATED if rating is None else rating
        return sum(compared), verdict == "keep", rated, score is not None, score or 0.0, subject

    def add(self, source: str, event_type: str, subject: str, data: dict[str, Any]) -> None:
        """Add a synthesis, where its audio can answer a request."""
        audio = data.get("audio") or {}
        request, path, digest = data.get("request_hash"), audio.get("path"), audio.get("sha256")
        if event_type != event.SUCCEEDED or not (request and path and digest):
            return
        with self._lock:
            if self._count < _MAX_TAKES:
                takes = self._takes.setdefault(request, {})
                self._count += subject not in takes
                takes[subject] = Take(os.path.join(self._root, path), audio, subject, start(source))

    def _hear(self, document: dict[str, Any]) -> None:
        """Add what an event says, whatever it is."""
        kind, subject, data = document["type"], document["subject"], document["data"]
        moment = (document["time"], document["id"])
        if kind == _RATED:
            self._put(self._ratings, subject, moment, data["rating"])
        elif kind == _REVIEWED:
            names = (subject, data.get("audio_sha256"))
            self._put(self._verdicts, subject, moment, (data["verdict"], names))
        elif kind == _SCORED:
            if len(self._scores) < _MAX_TAKES:
                version = tuple(map(int, data["scorer"].split(".")))
                score = (data.get("measures") or {}).get("mos_overall")
                self._put(self._scores, subject, (version, document["id"]), score)
        elif kind == _PREFERRED:
            person = (data.get("caller") or {}).get("user") or ""
            for other in data["over"]:
                if other != subject:
                    for one, against, worth in ((subject, other, 1), (other, subject, -1)):
                        self._put(self._preferences.setdefault(one, _Latest()), (against, person), moment, worth)
        else:
            self.add(document["source"], kind, subject, data)

    def _put(self, into: _Latest, of: Any, key: Any, value: Any) -> None:
        with self._lock:
            into.put(of, key, value)

    def _index(self, folder: str, state: _Folder) -> None:
        stamp, began = _stamp(folder), time.time_ns()
        state.unreadable = False
        for document in _events(folder, state):
            with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):  # somebody else's JSON
                self._hear(document)
        state.stamp = stamp if began - stamp > _SETTLED_NANOSECONDS and not state.unreadable else -1


def _events(folder: str, state: _Folder) -> Iterator[dict[str, Any]]:
    """The events in files of the folder that were not read before."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json") and not name.startswith("."))
    except OSError:
        return
    state.names.intersection_update(names)
    for name in names:
        if name in state.names:
            continue
        path = os.path.join(folder, name)
        document = event.read(path)
        if document is None and os.path.lexists(path) and not os.access(path, os.R_OK):
            state.unreadable = True
            say_once("reuse", f"{path} cannot be read: nothing is reused, for it may say that a take was rejected")
            continue
        state.names.add(name)
        if document is not None and str(document["dataschema"]).startswith(event.MAJOR_VERSION):
            yield document
        time.sleep(0)  # the synthesis that runs meanwhile comes first


def _stamp(folder: str) -> int:
    """The folder's time of change, nanoseconds; -2 where there is no such folder."""
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return -2


def start(source: str) -> float:
    """When the process of a source started, from the source's name; 0 where it does not say."""
    try:
        return float(calendar.timegm(time.strptime(source.rpartition("/")[2][:15], "%Y%m%dT%H%M%S")))
    except ValueError:
        return 0.0
