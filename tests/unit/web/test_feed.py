"""The feed of new takes: one look for all, signs of life, an end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from sidecar.errors import TemporarySinkError
from sidecar.web import feed
from sidecar.web.feed import Feed


class Table:
    """A table of which the greatest id is asked."""

    def __init__(self) -> None:
        self.newest = 7
        self.looks = 0
        self.away = False
        self.asked = threading.Event()

    def __call__(self) -> int:
        self.looks += 1
        self.asked.set()
        if self.away:
            raise TemporarySinkError("away")
        return self.newest


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(feed, "HEARTBEAT_SECONDS", 0.2)


async def following(heard: AsyncIterator[int | None]) -> int | None:
    return await asyncio.wait_for(anext(heard), 5)


def test_everybody_hears_the_newest_at_once_and_each_change_by_one_look() -> None:
    async def listen() -> None:
        table = Table()
        told = Feed(table)
        assert told.newest is None
        many = [told.listen() for _ in range(10)]
        assert await asyncio.gather(*map(following, many)) == [7] * 10
        before = table.looks
        table.newest = 8
        assert await asyncio.gather(*map(following, many)) == [8] * 10
        assert table.looks - before < 10, "one looks for all"
        assert told.newest == 8
        for heard in many:
            await heard.aclose()
        assert told.newest is None
        await asyncio.sleep(0.05)
        table.asked.clear()
        await asyncio.sleep(0.05)
        assert not table.asked.is_set(), "nobody looks while nobody listens"

    asyncio.run(listen())


def test_silence_has_a_limit_and_a_database_that_is_away_is_asked_again() -> None:
    async def listen() -> None:
        table = Table()
        told = Feed(table)
        heard = told.listen()
        assert await following(heard) == 7
        table.away = True
        assert await following(heard) is None
        table.away, table.newest = False, 9
        while (found := await following(heard)) is None:
            pass
        assert found == 9

    asyncio.run(listen())


def test_at_its_end_everybody_is_let_go() -> None:
    async def listen() -> None:
        told = Feed(Table())
        heard = told.listen()
        await following(heard)
        told.close()
        with pytest.raises(StopAsyncIteration):
            await following(heard)

    asyncio.run(listen())


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MOST_LISTENERS", 2)

    async def listen() -> None:
        told = Feed(Table())
        first, second = told.listen(), told.listen()
        await following(first)
        assert not told.full
        await following(second)
        assert told.full
        await first.aclose()
        assert not told.full

    asyncio.run(listen())
