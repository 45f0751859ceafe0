"""Gives a wrapper the kind, name and signature of the function that it stands for."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import AsyncGenerator, Callable, Generator

from ..facts.signature import ASYNC_GENERATOR, COROUTINE, GENERATOR
from ..guard import Any


def wrapping(original: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that calls `function` and, asked by `inspect`, `typing` or `pickle`, looks like `original`.

    Starlette and Gradio ask whether a function is a coroutine or generator function before they call it.

    Args:
        original: a Python function.
        function: takes the same arguments, and returns what a call of the original makes.
    """
    wrapper = functools.wraps(original)(_of_kind(getattr(original, "__code__").co_flags, function))  # noqa: B009
    inspect = sys.modules.get("inspect")  # which torch and Gradio load; nobody can ask who has not loaded it
    if inspect is not None and not hasattr(wrapper, "__signature__"):
        # getfullargspec does not look below a wrapper, but it believes this.
        with contextlib.suppress(Exception):  # annotations of somebody else's are evaluated by newer Pythons
            vars(wrapper)["__signature__"] = inspect.signature(original)
    return wrapper


def _of_kind(flags: int, function: Callable[..., Any]) -> Callable[..., Any]:
    def generator(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        return (yield from function(*args, **kwargs))

    async def coroutine(*args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs)

    async def async_generator(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        inner = function(*args, **kwargs)
        resume = inner.__anext__()
        while True:  # what `yield from` would do
            try:
                item = await resume
            except StopAsyncIteration:
                return
            try:
                sent = yield item
            except GeneratorExit:
                await inner.aclose()
                raise
            except BaseException as error:  # noqa: BLE001 - thrown in by the consumer, passed on
                resume = inner.athrow(error)
            else:
                resume = inner.asend(sent)

    kinds = {GENERATOR: generator, COROUTINE: coroutine, ASYNC_GENERATOR: async_generator}
    return next((wrapper for flag, wrapper in kinds.items() if flags & flag), function)
