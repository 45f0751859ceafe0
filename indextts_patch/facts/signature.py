"""What a function's signature says, read without `inspect`, whose import takes as long as all of this package's."""

from __future__ import annotations

import functools
from collections.abc import Callable

from ..guard import Any

_MAX_WRAPPERS = 100
_VARIADIC = 0x04  # flags of code objects, as in the module inspect
GENERATOR, COROUTINE, ASYNC_GENERATOR = 0x20, 0x80, 0x200


class Signature:
    """A function's parameters."""

    __slots__ = ("defaults", "names", "positional", "rest")

    def __init__(
        self, positional: tuple[str, ...], names: tuple[str, ...], defaults: dict[str, Any], rest: str | None
    ) -> None:
        """
        Args:
            positional: those that can be passed by position, in order.
            names: all but *args and **kwargs.
            defaults: of those that have one.
            rest: the name of *args, where there is one.
        """
        self.positional, self.names, self.defaults, self.rest = positional, names, defaults, rest


def unwrapped(function: Any) -> Any:
    """The function below all decorators that say what they decorate (functools.wraps does)."""
    for _ in range(_MAX_WRAPPERS):
        inner = getattr(function, "__wrapped__", None)
        if not hasattr(inner, "__code__"):
            break
        function = inner
    return function


def is_lazy(function: Callable[..., Any]) -> bool:
    """Whether a call only makes a generator, coroutine or async generator, as far as the function says."""
    return bool(unwrapped(function).__code__.co_flags & (GENERATOR | COROUTINE | ASYNC_GENERATOR))


@functools.lru_cache(maxsize=256)
def signature(function: Callable[..., Any]) -> Signature:
    """The signature of a function, below its decorators."""
    function = unwrapped(function)
    code: Any = function.__code__
    count = code.co_argcount + code.co_kwonlyargcount
    names, positional = code.co_varnames[:count], code.co_varnames[: code.co_argcount]
    given = function.__defaults__ or ()
    defaults = dict(zip(positional[len(positional) - len(given) :], given, strict=True))
    defaults.update(function.__kwdefaults__ or {})
    return Signature(positional, names, defaults, code.co_varnames[count] if code.co_flags & _VARIADIC else None)
