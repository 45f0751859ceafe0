"""What changed: one look at the database for all who wait to hear of it.

A new take raises the greatest id of tts_records, which both databases know without reading a row. Nobody looks while
nobody waits.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable

from starlette.concurrency import run_in_threadpool

from sidecar.errors import TemporarySinkError
from sidecar.storage.database import Database

LOOK_SECONDS = 0.4
"""Between two looks at the database."""
HEARTBEAT_SECONDS = 15.0
"""After so long a silence a sign of life is due, so that nobody between takes the connection for dead."""
MOST_LISTENERS = 50
"""Who listens keeps a connection; others need some too."""


class Feed:
    """The newest id, as the looks of one task find it. To be used in one event loop.

    Args:
        ask: the greatest id of tts_records; raises TemporarySinkError.
    """

    def __init__(self, ask: Callable[[], int]) -> None:
        self._ask = ask
        self._newest: int | None = None
        self._listeners = 0
        self._looking: asyncio.Task[None] | None = None
        self._turn = asyncio.Event()
        self._closed = False

    @property
    def full(self) -> bool:
        return self._listeners >= MOST_LISTENERS

    @property
    def newest(self) -> int | None:
        """The newest id; None while nobody listens, for nobody looks then."""
        return self._newest if self._listeners else None

    async def listen(self) -> AsyncGenerator[int | None, None]:
        """The newest id at once and whenever it changed; None where a sign of life is due. Ends when it is closed."""
        self._listeners += 1
        if self._looking is None or self._looking.done():
            self._newest = None
            self._looking = asyncio.create_task(self._look())
        told: int | None = None
        try:
            while not self._closed:
                turn, found = self._turn, self._newest
                if found not in (None, told):
                    told = found
                    yield told
                    continue
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        await turn.wait()
                except TimeoutError:
                    yield None
        finally:
            self._listeners -= 1
            if not self._listeners:
                self._looking.cancel()

    def close(self) -> None:
        """Let everybody go: the process ends."""
        self._closed = True
        self._tell()

    def _tell(self) -> None:
        turn, self._turn = self._turn, asyncio.Event()
        turn.set()

    async def _look(self) -> None:
        while not self._closed:
            with contextlib.suppress(TemporarySinkError):  # it is asked again in a moment
                found = await run_in_threadpool(self._ask)
                if found != self._newest:
                    self._newest = found
                    self._tell()
            await asyncio.sleep(LOOK_SECONDS)


def newest(database: Database) -> int:
    """The greatest id of tts_records; 0 where it is empty."""
    return int(database.query("SELECT COALESCE(MAX(id), 0) FROM tts_records")[0][0])
