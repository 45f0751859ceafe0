"""What is written for one call happens in order, on a thread that is not the one that serves."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

log = logging.getLogger("sidecar")

Job = Callable[[], None]


class Lanes:
    """Threads for all lanes.

    Args:
        threads: how many write at once.
        most_jobs: how many may wait; where a disk hangs, memory must not fill.
    """

    def __init__(self, threads: int, most_jobs: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="record")
        self._most = most_jobs
        self._waiting = 0
        self._lock = threading.Lock()

    def lane(self) -> Lane:
        return Lane(self)

    def close(self) -> None:
        """Wait until everything is written."""
        self._pool.shutdown(wait=True)

    def take(self) -> bool:
        """Count one job more; False where too many wait."""
        with self._lock:
            if self._waiting >= self._most:
                return False
            self._waiting += 1
            return True

    def done(self) -> None:
        with self._lock:
            self._waiting -= 1

    def run(self, job: Job) -> None:
        self._pool.submit(job)


class Lane:
    """One call's jobs, one after the other."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._jobs: deque[Job] = deque()
        self._running = False
        self._lock = threading.Lock()

    def put(self, job: Job) -> bool:
        """
        Returns:
            Whether it will be done: not where too many wait already.
        """
        if not self._lanes.take():
            return False
        with self._lock:
            self._jobs.append(job)
            if self._running:
                return True
            self._running = True
        self._lanes.run(self._work)
        return True

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._running = False
                    return
                job = self._jobs.popleft()
            try:
                job()
            except Exception:
                log.exception("a record could not be made")
            finally:
                self._lanes.done()
