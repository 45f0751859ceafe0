"""The arguments of one call, by name and by what they mean."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping

from ..guard import Any, attempt
from ..upstream.engines import STREAMING
from ..upstream.row import Engine
from .engine import kind_of, of, reach
from .mixture import weights
from .paths import absolute
from .signature import Signature, signature

_MAX_FORWARDS = 8


class Arguments:
    """The arguments of one call: as passed, with the signature's defaults filled in, and by their meaning.

    A call that is about to fail, with an argument too few or too many, is read as far as its names go.
    """

    def __init__(
        self, function: Callable[..., Any], model: object, args: tuple[Any, ...], kwargs: dict[str, Any], own: int = 1
    ) -> None:
        """Read them.

        Args:
            function: the method's function.
            model: the object that it was called on.
            args: positional arguments, without the object.
            kwargs: keyword arguments.
            own: how many parameters of the function are the object: 1, and 0 of a static method.
        """
        kind = kind_of(model)
        self.model, self.args, self.kwargs = model, args, kwargs
        self.engine = of(kind)
        known = _readable(function, kind, self.engine)
        self._positional = positional = known.positional[own:]
        self.passed: dict[str, Any] = dict(zip(positional, args))  # noqa: B905 - any number may be passed
        if known.rest is not None and len(args) > len(positional):
            self.passed[known.rest] = args[len(positional) :]
        self.passed.update(kwargs)
        forwarded = _forwarded(function, model, self.engine) if self.engine.forwards else {}
        self.all: dict[str, Any] = {**forwarded, **known.defaults, **self.passed}
        self.declared = known.names  # what else was passed went into **kwargs
        self.meaning: dict[str, Any] = {}  # values by what their names mean
        for argument, path, meaning in _meanings(self.engine):
            if argument in self.all and self.meaning.get(meaning) is None:
                self.meaning[meaning] = self.all[argument] if argument == path else reach(self.all, path)
        self._complete(model)

    def _complete(self, model: object) -> None:
        texts = self.meaning.get("text")
        if isinstance(texts, (list, tuple)) and all(isinstance(text, str) for text in texts):
            self.meaning["text"] = "\n".join(texts)
        if self.engine.text_is_asked_for and self.meaning.get("emotion_text") is not None:
            self.meaning["emotion_by_text"] = True
        if "emotion_vector" in self.meaning:
            self.meaning["emotion_vector"] = weights(self.meaning["emotion_vector"])
        if self.engine.prepared is not None and self.meaning.get("voice") is None:
            argument, remembered, file = self.engine.prepared
            voice = self.all.get(argument)
            if voice is not None and voice is reach(model, remembered):
                self.meaning["voice"] = reach(model, file)

    def parameters(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What has no meaning of its own: as passed; and under upstream's names, with all signatures' defaults."""
        engine, meanings = self.engine, self.engine.meanings
        held = _held(engine)
        bagged: dict[str, Any] = {}
        for bag in engine.bags:
            bagged.update(_unnamed(reach(self.all, bag), meanings, f"{bag}."))
        passed = {**{key: value for key, value in self.passed.items() if key not in held}, **bagged}
        everything = {**{key: value for key, value in self.all.items() if key not in held}, **bagged}
        return passed, {self.engine.renamed.get(key, key): value for key, value in everything.items()}

    def applied(self) -> dict[str, Any] | None:
        """After the call: which parameters the engine says it used, where it does."""
        said = reach(self.all, self.engine.applied) if self.engine.applied else None
        return (
            {**self.engine.generation, **_unnamed(said, self.engine.meanings, "")} if isinstance(said, dict) else None
        )

    def output(self) -> str | None:
        """The output path, absolute: taken before the call, during which the working folder may change."""
        return attempt(absolute, self.meaning.get("output"))

    def streaming(self) -> bool:
        """Whether the call asks for a stream."""
        return any(self.all.get(name) for name in STREAMING)

    def with_output(
        self, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The same arguments with the last part of the output path replaced; its folder and type stay as passed."""
        passed = self.meaning["output"]
        own: Any = os.path.join(os.path.dirname(os.fsdecode(passed)), os.path.basename(path))
        own = own if isinstance(passed, str) else os.fsencode(own) if isinstance(passed, bytes) else type(passed)(own)
        # By its name: the voice may be the very same object.
        meanings = self.engine.meanings
        for index, parameter in enumerate(self._positional[: len(args)]):
            if meanings.get(parameter) == "output":
                return (*args[:index], own, *args[index + 1 :]), kwargs
        parameter = next(name for name in self.all if meanings.get(name) == "output")
        return args, {**kwargs, parameter: own}


@functools.lru_cache(maxsize=256)
def _meanings(engine: Engine) -> tuple[tuple[str, str, str], ...]:
    """Arguments that have a meaning of their own, or hold something that has: name, path to that, and which."""
    return tuple((path.partition(".")[0], path, meaning) for path, meaning in engine.meanings.items())


@functools.lru_cache(maxsize=256)
def _held(engine: Engine) -> frozenset[str]:
    """Arguments that are no parameters."""
    first = {path.partition(".")[0] for path in (*engine.meanings, *engine.bags, engine.applied)}
    return frozenset(first | set(engine.prepared[:1] if engine.prepared is not None else ()))


def _unnamed(bag: object, meanings: Mapping[str, str], prefix: str) -> dict[str, Any]:
    """What of a mapping has no meaning of its own."""
    return {key: value for key, value in bag.items() if prefix + key not in meanings} if isinstance(bag, dict) else {}


@functools.lru_cache(maxsize=256)
def _readable(function: Callable[..., Any], kind: Any, engine: Engine) -> Signature:
    """The function's signature, or, where a subclass overrides it with (*args, **kwargs), the overridden one's."""
    overridden = (vars(one).get(function.__name__) for one in kind.__mro__)
    candidates = [function, *(one for one in overridden if hasattr(one, "__code__"))]
    known = [signature(one) for one in candidates]
    return next((one for one in known if engine.takes(one.names, "text")), known[0])


def _forwarded(function: Callable[..., Any], model: object, engine: Engine) -> dict[str, Any]:
    """The defaults of the functions that **kwargs go on to."""
    defaults: dict[str, Any] = {}
    path = engine.forwards.get(function.__name__)
    for _ in range(_MAX_FORWARDS):
        next_one = reach(model, path) if path is not None else None
        if not callable(next_one):
            break
        defaults = {**signature(getattr(next_one, "__func__", next_one)).defaults, **defaults}
        path = engine.forwards.get(path or "")
    return defaults
