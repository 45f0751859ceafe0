"""What everybody runs: a backlog and some new files beside it, one file at a time, kill -9, and each file twice."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.measure import cpu_seconds, percentile
from tests.race import counting, watching
from tests.race.files import Files, Folder
from tests.race.peer import Peer, Place, StoppedError, a_place, end
from tests.servers import Server

PER_SECOND = 20
_GLANCE_SECONDS = 0.001
_STILL_SECONDS = 10.0
"""When no further row came for so long, none is waited for where rows may be missing."""
Figures = dict[str, float]
"""What one peer did in one leg of one round, by column."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """Where the race is run."""

    server: Server
    peers: Path
    limit_seconds: float
    """For one peer's run over a backlog; for what is new beside it and for one kill, each by itself, too."""


def backlog(course: Course, peer: Peer, files: Files, more: int = 0) -> Iterator[Figures]:
    """All files from nothing; then, where told so, some new ones beside them, the peer started anew.

    Raises:
        StoppedError: It could not start, failed, or was not through in time; as all legs do.
    """
    with files.open(peer.takes) as folder, a_place(peer, course.server, folder.path, course.peers) as place:
        count = len(folder.ids)
        cold = _run(course, peer, place, folder.ids)
        yield cold | {
            "files": count,
            "rows/s": count / cold["s"],
            "CPU us/row": cold["CPU s"] / count * 1e6,
            "server us/row": cold["server s"] / count * 1e6,
        }
        if more:
            folder.add(more)
            yield {"beside": count, **_run(course, peer, place, folder.ids)}


def following(course: Course, peer: Peer, files: Files, count: int) -> Iterator[Figures]:
    """Seconds from a file's publication to its row, so many a second, whether rows come or not."""
    with files.open(0) as folder, a_place(peer, course.server, folder.path, course.peers) as place:
        with _started(peer, place, follow=True) as process:
            _warm(course, peer, place, folder, process)
            waits = _deliver(course, peer, folder, place, count)
        delays = [1000 * each for each in waits.values()]
        figures: Figures = {"lost": count - len(delays)}
        if delays:
            figures |= {"p50 ms": percentile(delays, 0.5), "p99 ms": percentile(delays, 0.99)}
        yield figures


def killing(
    course: Course, peer: Peer, files: Files, batch: int, kills: int, chance: random.Random
) -> Iterator[Figures]:
    """New files, and amid them kill -9, so often, at a random moment of what such a batch took. Then a last run."""
    with files.open(batch) as folder, a_place(peer, course.server, folder.path, course.peers) as place:
        whole = _run(course, peer, place, folder.ids)["s"]
        for _ in range(kills):
            folder.add(batch)
            with _started(peer, place) as process:
                time.sleep(chance.uniform(0, whole))
                end(process, signal.SIGKILL)
        yield _last_run(course, peer, place, folder.ids)


def twice(course: Course, peer: Peer, files: Files, count: int) -> Iterator[Figures]:
    """Each file, and its copy under another name."""
    with files.open(count) as folder, a_place(peer, course.server, folder.path, course.peers) as place:
        folder.copy()
        yield _last_run(course, peer, place, folder.ids)


def _run(course: Course, peer: Peer, place: Place, ids: Set[str]) -> Figures:
    """From the start of the process until the last row is there, or until it ends."""
    usage = watching.Usage()
    before = cpu_seconds(course.server.pid)
    started = time.monotonic()
    with _started(peer, place) as process:
        if not _through(course, peer, place, process, usage, lambda rows: rows >= len(ids)):
            raise _stopped(course, peer, place, process)
        seconds = time.monotonic() - started
    found = _count(peer, place, ids)
    return {
        "s": seconds,
        "CPU s": usage.cpu_seconds,
        "server s": cpu_seconds(course.server.pid) - before,
        "MB": usage.resident_bytes / 1e6,
        "fds": usage.descriptors,
        "lost": found.missing,
        "twice": found.doubled,
    }


def _last_run(course: Course, peer: Peer, place: Place, ids: Set[str]) -> Figures:
    """What there is after a run that may lose something."""
    usage = watching.Usage()
    with _started(peer, place) as process:
        _through(course, peer, place, process, usage, _Still(len(ids)))
    found = _count(peer, place, ids)
    return {"files": len(ids), "lost": found.missing, "twice": found.doubled}


class _Still:
    """Whether all rows are there, or no further one comes."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._rows, self._since = -1, time.monotonic()

    def __call__(self, rows: int) -> bool:
        if rows != self._rows:
            self._rows, self._since = rows, time.monotonic()
        return rows >= self._wanted or time.monotonic() > self._since + _STILL_SECONDS


def _warm(course: Course, peer: Peer, place: Place, folder: Folder, process: subprocess.Popen[bytes]) -> None:
    """Wait until it follows: a first file has its row. Who looks at the folder before that has missed nothing."""
    folder.publish()
    if not _has_rows(course, peer, place, process, watching.Usage(), lambda rows: rows > 0):
        raise _stopped(course, peer, place, process)


def _deliver(course: Course, peer: Peer, folder: Folder, place: Place, count: int) -> dict[str, float]:
    waiting: dict[str, float] = {}
    waited: dict[str, float] = {}
    begin = time.monotonic()
    published = 0
    with place.connect() as connection, connection.cursor() as cursor:
        while (published < count or waiting) and time.monotonic() < begin + count / PER_SECOND + course.limit_seconds:
            if published < count and time.monotonic() >= begin + published / PER_SECOND:
                id_, moment = folder.publish()
                waiting[id_] = moment
                published += 1
            if waiting:
                names = ", ".join(["%s"] * len(waiting))
                cursor.execute(f"SELECT {peer.key} FROM {peer.table} WHERE {peer.key} IN ({names})", list(waiting))
                now = time.monotonic()
                for (found,) in cursor.fetchall():
                    waited[found] = now - waiting.pop(found)
            time.sleep(_GLANCE_SECONDS)
    return waited


@contextmanager
def _started(peer: Peer, place: Place, *, follow: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    process = peer.start(place, follow=follow)
    try:
        yield process
    finally:
        end(process)


def _through(
    course: Course,
    peer: Peer,
    place: Place,
    process: subprocess.Popen[bytes],
    usage: watching.Usage,
    enough: Callable[[int], bool],
) -> bool:
    """Whether it has ended, or, where it does not end by itself, its rows are enough."""
    if not peer.ends:
        return _has_rows(course, peer, place, process, usage, enough)
    if not watching.until_ended(process, usage, course.limit_seconds) or process.returncode:
        raise _stopped(course, peer, place, process)
    return True


def _has_rows(
    course: Course,
    peer: Peer,
    place: Place,
    process: subprocess.Popen[bytes],
    usage: watching.Usage,
    enough: Callable[[int], bool],
) -> bool:
    with place.connect() as connection:
        return watching.until_true(
            process, usage, course.limit_seconds, lambda: enough(counting.rows(connection, peer.table))
        )


def _stopped(course: Course, peer: Peer, place: Place, process: subprocess.Popen[bytes]) -> StoppedError:
    with place.connect() as connection:
        rows = f"{counting.rows(connection, peer.table):,} rows by then"
    if process.poll() is None:
        return StoppedError(f"not through in {course.limit_seconds:.0f} s, {rows}")
    return StoppedError(f"ended with {process.returncode}, {rows}: {place.said}")


def _count(peer: Peer, place: Place, ids: Set[str]) -> counting.Count:
    with place.connect() as connection:
        return counting.count(connection, peer.table, peer.key, ids)
