"""A few connections, each lent to one request at a time."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sidecar.errors import TemporarySinkError
from sidecar.storage.database import Database

_PATIENCE_SECONDS = 20


class Pool:
    """
    Args:
        connect: opens a connection that only reads.
        size: connections at most; further requests wait their turn.
    """

    def __init__(self, connect: Callable[[], Database], *, size: int = 4) -> None:
        self._connect = connect
        self._idle: queue.LifoQueue[Database | None] = queue.LifoQueue()
        for _ in range(size):
            self._idle.put(None)

    @contextmanager
    def lend(self) -> Iterator[Database]:
        """
        Raises:
            TemporarySinkError: the database cannot serve, or all connections stay in use.
        """
        try:
            database = self._idle.get(timeout=_PATIENCE_SECONDS)
        except queue.Empty:
            raise TemporarySinkError("the database is busy with other queries") from None
        try:
            if database is None:
                database = self._connect()
            yield database
        except TemporarySinkError:
            if database is not None:
                database.close()
            database = None
            raise
        finally:
            self._idle.put(database)

    def close(self) -> None:
        while not self._idle.empty():
            database = self._idle.get_nowait()
            if database is not None:
                database.close()
