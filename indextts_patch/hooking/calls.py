"""Wraps one function of a hooked class so that the outermost call of it is recorded.

Whether a call is synchronous, a coroutine or a stream is judged by what it returns: forks decorate their
`async def infer`, and then the function itself no longer tells (torch.no_grad's wrapper is a plain function).
Where the function does tell, its wrapper is of the same kind: Starlette and Gradio ask `inspect` how to call it.
"""

from __future__ import annotations

import functools
import types
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator

from ..facts.signature import is_lazy
from ..guard import Any, attempt
from ..recorder import Recorder
from .current import CURRENT
from .kinds import wrapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..facts.arguments import Arguments
    from ..record import Record


def wrap(
    original: Callable[..., Any],
    recorder: Recorder,
    watch: Callable[[object], frozenset[str]],
    static: type | None = None,
) -> Callable[..., Any]:
    """The function with a record around its outermost call; arguments, result and exceptions are the same objects.

    Args:
        original: the method's function.
        recorder: what this process records with.
        watch: watches the parts of a model, and returns what they will tell.
        static: of a static method, the class that it belongs to: it is not given the object.
    """
    lazy = is_lazy(original)
    own = 0 if static is not None else 1

    def recorded(*args: Any, **kwargs: Any) -> Any:
        outer = CURRENT.get()
        model = static if static is not None else args[0] if args else None
        within = outer is not None and outer.open
        if outer is not None and within and not outer.wraps:
            return _inner(outer, original, args, kwargs)
        arguments = attempt(_read, original, model, args[own:], kwargs, own)
        if outer is not None and within:
            if arguments is not None and attempt(outer.adopt, arguments):
                outer.seen.telling = attempt(watch, model) or frozenset()
                args, kwargs = (*args[:own], *outer.args), outer.kwargs
                if not lazy and not arguments.streaming() and attempt(outer.reuse):
                    return arguments.meaning["output"]
            return _inner(outer, original, args, kwargs)
        record = None if arguments is None else attempt(_record, recorder, arguments)
        if record is None:
            return original(*args, **kwargs)
        record.seen.telling = attempt(watch, model) or frozenset()
        attempt(record.choose_name)
        if not lazy:
            attempt(record.start)
            if not record.arguments.streaming() and attempt(record.reuse):
                return record.arguments.meaning["output"]  # what infer returns
        with _Running(record):
            try:
                result = original(*args[:own], *record.args, **record.kwargs)
            except BaseException as error:
                attempt(record.failed, error)
                raise
        return _conclude(record, result)

    return wrapping(original, recorded)


# What reads a call and records it is loaded with the first one: a program that imports an engine may never speak.


def _read(
    original: Callable[..., Any], model: object, args: tuple[Any, ...], kwargs: dict[str, Any], own: int
) -> Arguments:
    from ..facts.arguments import Arguments

    return Arguments(original, model, args, kwargs, own)


def _record(recorder: Recorder, arguments: Arguments) -> Record:
    from ..record import Record

    return Record(recorder, arguments)


class _Running:
    """Makes a record the current one for one step of its call.

    Set and put back around each step: a context variable set inside a generator leaks to its consumer between
    two steps. Not with tokens: a stream may be closed in another context than the one it was read in.
    """

    __slots__ = ("_before", "_record")

    def __init__(self, record: Record) -> None:
        self._record = record

    def __enter__(self) -> None:
        self._record.clock.resume()
        self._before = CURRENT.get()
        CURRENT.set(self._record)

    def __exit__(self, *_: object) -> None:
        CURRENT.set(self._before)


def _inner(outer: Record, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        result = original(*args, **kwargs)
    except BaseException as error:
        attempt(outer.inner_failed, error)
        raise
    if isinstance(result, types.GeneratorType):
        return _watched(outer, result)
    attempt(outer.inner_succeeded, result)
    return result


def _watched(outer: Record, inner: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    try:
        return (yield from inner)
    except BaseException as error:
        if not isinstance(error, GeneratorExit):
            attempt(outer.inner_failed, error)
        raise


class _Unstarted:
    """Lives in a driver's frame, so that the record of a driver dropped before it began is discarded."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def __del__(self) -> None:
        if not self._record.begun:
            attempt(self._record.discard)


def _conclude(record: Record, result: Any) -> Any:
    for kind, drive in _DRIVERS:
        if isinstance(result, kind):
            if not record.begun:
                attempt(record.unstart)
            driver = drive(record, result, _Unstarted(record))
            driver.__name__ = getattr(result, "__name__", driver.__name__)
            driver.__qualname__ = getattr(result, "__qualname__", driver.__qualname__)
            return driver
    if hasattr(result, "add_done_callback") and hasattr(result, "exception"):
        attempt(record.begin)
        attempt(result.add_done_callback, functools.partial(_done, record))
        return result
    attempt(record.succeeded, result)
    return result


def _done(record: Record, future: Any) -> None:
    if future.cancelled():
        attempt(record.failed, __import__("asyncio").CancelledError())
    elif future.exception() is not None:
        attempt(record.failed, future.exception())
    else:
        attempt(record.succeeded, future.result())


def _drive_generator(
    record: Record, inner: Generator[Any, Any, Any], unstarted: _Unstarted
) -> Generator[Any, Any, Any]:
    attempt(record.begin)
    resume: Callable[[], Any] = functools.partial(next, inner)
    while True:
        try:
            with _Running(record):
                item = resume()
        except StopIteration as stop:
            attempt(record.succeeded, stop.value)
            return stop.value
        except BaseException as error:
            attempt(record.failed, error)
            raise
        attempt(record.chunk, item)
        try:
            sent = yield item
        except GeneratorExit:
            _close(record, inner)
            attempt(record.abandoned)
            raise
        except BaseException as error:  # noqa: BLE001 - thrown in by the consumer, passed on
            resume = functools.partial(inner.throw, error)
        else:
            resume = functools.partial(next, inner) if sent is None else functools.partial(inner.send, sent)


def _close(record: Record, inner: Generator[Any, Any, Any]) -> None:
    try:
        with _Running(record):
            inner.close()
    except BaseException as error:
        attempt(record.failed, error)
        raise


async def _drive_coroutine(record: Record, inner: Coroutine[Any, Any, Any], unstarted: _Unstarted) -> Any:
    attempt(record.begin)
    with _Running(record):
        try:
            result = await inner
        except BaseException as error:
            attempt(record.failed, error)
            raise
    return _conclude(record, result)


async def _drive_async_generator(
    record: Record, inner: AsyncGenerator[Any, Any], unstarted: _Unstarted
) -> AsyncGenerator[Any, Any]:
    attempt(record.begin)
    resume = inner.__anext__()
    while True:
        try:
            with _Running(record):
                item = await resume
        except StopAsyncIteration:
            attempt(record.succeeded, None)
            return
        except BaseException as error:
            attempt(record.failed, error)
            raise
        attempt(record.chunk, item)
        try:
            sent = yield item
        except GeneratorExit:
            with _Running(record):
                await inner.aclose()
            attempt(record.abandoned)
            raise
        except BaseException as error:  # noqa: BLE001 - thrown in by the consumer, passed on
            resume = inner.athrow(error)
        else:
            resume = inner.asend(sent)


_DRIVERS: tuple[tuple[type, Callable[..., Any]], ...] = (
    (Generator, _drive_generator),
    (AsyncGenerator, _drive_async_generator),
    (Coroutine, _drive_coroutine),
)
