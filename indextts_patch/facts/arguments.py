"""The arguments of one call, by name."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

from ..guard import attempt
from .paths import absolute
from .signature import Parameters, parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VOICE = ("spk_audio_prompt", "audio_prompt")


class Arguments:
    """The arguments of one call by name: as passed, and with the signature's defaults filled in.

    Of a call that is about to fail, with an argument too few or too many, what can be told by name.
    """

    def __init__(self, function: Callable[..., Any], model: object, args: tuple[Any, ...], kwargs: Mapping[str, Any]):
        kind: Any = type(model)
        known = _telling(function, kind)
        positional = known.positional[1:]  # the first is the model
        self.passed: dict[str, Any] = dict(zip(positional, args))  # noqa: B905 - any number may be passed
        if known.rest is not None and len(args) > len(positional):
            self.passed[known.rest] = args[len(positional) :]
        self.passed.update(kwargs)
        self.all: dict[str, Any] = {**known.defaults, **self.passed}
        self.named = frozenset(known.names)
        """Names in the signature; what else was passed went into its **kwargs."""

    def output(self) -> str | None:
        """The output path, absolute: taken before the call, in which the working folder may change."""
        return attempt(absolute, self.all.get("output_path"))

    def voice(self) -> object:
        """The speaker prompt as passed: a path, or a list of paths (infer_vllm); None for none."""
        return next((self.all[key] for key in VOICE if key in self.all), None)

    def with_output(
        self, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The same arguments with the last part of the output path replaced; its folder and type stay as
        passed.
        """
        passed = self.all["output_path"]
        own: Any = os.path.join(os.path.dirname(os.fsdecode(passed)), os.path.basename(path))
        own = own if isinstance(passed, str) else os.fsencode(own) if isinstance(passed, bytes) else type(passed)(own)
        if "output_path" in kwargs:
            return args, {**kwargs, "output_path": own}
        at = next(index for index, value in enumerate(args) if value is passed)
        return (*args[:at], own, *args[at + 1 :]), kwargs


@functools.lru_cache(maxsize=256)
def _telling(function: Callable[..., Any], kind: Any) -> Parameters:
    """The parameters of the function, or, where a subclass overrides it with (*args, **kwargs), of the one that it
    overrides.
    """
    overridden = (vars(one).get(function.__name__) for one in kind.__mro__)
    candidates = [function, *(one for one in overridden if hasattr(one, "__code__"))]
    known = [parameters(one) for one in candidates]
    return next((one for one in known if "text" in one.names), known[0])
