"""The arguments of one call, by name and by what they mean."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from typing import Any

from ..guard import attempt
from ..upstream.engines import PARAMETERS, STREAMING
from .paths import absolute
from .signature import Signature, signature


class Arguments:
    """The arguments of one call: as passed, with the signature's defaults filled in, and by their meaning.

    A call that is about to fail, with an argument too few or too many, is read as far as its names go.
    """

    def __init__(self, function: Callable[..., Any], model: object, args: tuple[Any, ...], kwargs: Mapping[str, Any]):
        kind: Any = type(model)
        known = _readable(function, kind)
        self._positional = positional = known.positional[1:]  # the first is the model
        self.passed: dict[str, Any] = dict(zip(positional, args))  # noqa: B905 - any number may be passed
        if known.rest is not None and len(args) > len(positional):
            self.passed[known.rest] = args[len(positional) :]
        self.passed.update(kwargs)
        self.all: dict[str, Any] = {**known.defaults, **self.passed}
        self.declared = frozenset(known.names)  # what else was passed went into **kwargs
        self.meaning: dict[str, Any] = {}  # values by what PARAMETERS says that their names mean
        for parameter, meaning in PARAMETERS.items():
            if parameter in self.all:
                self.meaning.setdefault(meaning, self.all[parameter])

    def output(self) -> str | None:
        """The output path, absolute: taken before the call, during which the working folder may change."""
        return attempt(absolute, self.meaning.get("output"))

    def streaming(self) -> bool:
        """Whether the call asks for a stream."""
        return bool(self.all.get(STREAMING))

    def with_output(
        self, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The same arguments with the last part of the output path replaced; its folder and type stay as passed."""
        passed = self.meaning["output"]
        own: Any = os.path.join(os.path.dirname(os.fsdecode(passed)), os.path.basename(path))
        own = own if isinstance(passed, str) else os.fsencode(own) if isinstance(passed, bytes) else type(passed)(own)
        # By its name: the voice may be the very same object.
        for index, parameter in enumerate(self._positional[: len(args)]):
            if PARAMETERS.get(parameter) == "output":
                return (*args[:index], own, *args[index + 1 :]), kwargs
        parameter = next(name for name in self.all if PARAMETERS.get(name) == "output")
        return args, {**kwargs, parameter: own}


@functools.lru_cache(maxsize=256)
def _readable(function: Callable[..., Any], kind: Any) -> Signature:
    """The function's signature, or, where a subclass overrides it with (*args, **kwargs), the overridden one's."""
    overridden = (vars(one).get(function.__name__) for one in kind.__mro__)
    candidates = [function, *(one for one in overridden if hasattr(one, "__code__"))]
    known = [signature(one) for one in candidates]
    return next((one for one in known if takes(one, "text")), known[0])


def takes(known: Signature, meaning: str) -> bool:
    """Whether one of the parameters has this meaning."""
    return any(PARAMETERS.get(parameter) == meaning for parameter in known.names)
