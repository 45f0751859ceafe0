"""A wrapped function is of the kind of the one that it wraps, and what goes into it and out of it arrives."""

from __future__ import annotations

import asyncio
import inspect
import pickle
import typing
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

import pytest

from indextts_patch.hooking.kinds import wrapping


def plain(text: str, times: int = 1) -> str:
    """Say it."""
    return text * times


def stream(text: str) -> Generator[str, str, str]:
    given = yield text
    try:
        given = yield given + given
    except LookupError as error:
        yield f"caught {error}"
    return given


async def coroutine(text: str) -> str:
    await asyncio.sleep(0)
    return text


async def async_stream(text: str) -> AsyncGenerator[str, str]:
    given = yield text
    try:
        yield given + given
    except LookupError as error:
        yield f"caught {error}"


FUNCTIONS: list[Callable[..., Any]] = [plain, stream, coroutine, async_stream]
KINDS = (
    inspect.isfunction,
    inspect.isgeneratorfunction,
    inspect.iscoroutinefunction,
    inspect.isasyncgenfunction,
    asyncio.iscoroutinefunction,
)


def passed_on(function: Callable[..., Any]) -> Callable[..., Any]:
    return wrapping(function, lambda *args, **kwargs: function(*args, **kwargs))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_it_looks_like_what_it_wraps(function: Callable[..., Any]) -> None:
    wrapped = passed_on(function)
    assert inspect.getfullargspec(wrapped) == inspect.getfullargspec(function)
    assert [kind(wrapped) for kind in KINDS] == [kind(function) for kind in KINDS]
    assert inspect.signature(wrapped) == inspect.signature(function)
    assert typing.get_type_hints(wrapped) == typing.get_type_hints(function)
    assert (wrapped.__name__, wrapped.__doc__) == (function.__name__, function.__doc__)


def test_it_is_pickled_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped = passed_on(plain)
    monkeypatch.setattr(f"{__name__}.plain", wrapped)
    assert pickle.loads(pickle.dumps(wrapped)) is wrapped


@pytest.mark.parametrize("function", [stream, passed_on(stream)])
def test_a_stream_takes_what_is_sent_and_thrown(function: Callable[..., Any]) -> None:
    running = function("a")
    assert [next(running), running.send("b"), running.throw(LookupError("c"))] == ["a", "bb", "caught c"]
    with pytest.raises(StopIteration) as end:
        next(running)
    assert end.value.value == "b"
    running = function("a")
    next(running)
    running.close()
    assert list(running) == []


@pytest.mark.parametrize("function", [async_stream, passed_on(async_stream)])
def test_an_async_stream_takes_what_is_sent_and_thrown(function: Callable[..., Any]) -> None:
    async def use() -> None:
        running = function("a")
        said = [await anext(running), await running.asend("b"), await running.athrow(LookupError("c"))]
        assert said == ["a", "bb", "caught c"]
        assert [item async for item in running] == []
        running = function("a")
        await anext(running)
        await running.aclose()
        assert [item async for item in running] == []

    asyncio.run(use())


def test_a_coroutine_is_awaited() -> None:
    assert asyncio.run(passed_on(coroutine)("a")) == "a"
