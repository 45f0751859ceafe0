"""Tells the engines' classes from all others, by the rule and the rows, and says of what looks alike why it is none."""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType

from ..facts.engine import file_of
from ..facts.signature import signature
from ..guard import Any
from ..upstream import rule
from ..upstream.engines import EMOTION_CLASS, EMOTION_METHOD
from ..upstream.row import Engine
from ..upstream.rows import UNLISTED, named


class Looks:
    """What a class looks like, in memory or in its source."""

    def __init__(
        self,
        module: str,
        name: str,
        file: str,
        methods: Mapping[str, tuple[str, ...]],
        unfinished: frozenset[str],
        is_protocol: bool,
    ) -> None:
        """
        Args:
            module: its name.
            name: of the class.
            file: absolute, or empty.
            methods: those of its own, with the names of their parameters.
            unfinished: those of the methods that only say what they should be.
            is_protocol: whether it is a typing.Protocol.
        """
        self.module, self.name, self.file = module, name, file
        self.methods, self.unfinished, self.is_protocol = methods, unfinished, is_protocol


class Recognised:
    """A class with a method that looks as if it spoke."""

    def __init__(self, engine: Engine, methods: tuple[str, ...], reason: str | None) -> None:
        """
        Args:
            engine: its row.
            methods: those to be recorded.
            reason: why none is.
        """
        self.engine, self.methods, self.reason = engine, methods, reason


def recognise(kind: type) -> Recognised | None:
    """Look at a class by its names and its methods' parameters; None where nothing about it is like an engine."""
    if kind.__name__ not in rule.NAMES and not rule.is_family(kind.__module__):
        return None
    functions = {name: found for name in vars(kind) if (found := function(kind, name)) is not None}
    return judge(
        Looks(
            kind.__module__,
            kind.__name__,
            file_of(kind),
            {name: signature(found).names for name, found in functions.items()},
            frozenset(name for name in functions if getattr(vars(kind)[name], "__isabstractmethod__", False)),
            bool(vars(kind).get("_is_protocol")),
        )
    )


def judge(looks: Looks) -> Recognised | None:
    """What a class is by its looks; None where nothing about it is like an engine."""
    row = named(looks.module, looks.name, looks.file)
    if row is None and not rule.is_family(looks.module):
        return None
    engine = row or UNLISTED
    speaking = {name: taken for name, taken in looks.methods.items() if name in engine.methods or rule.speaks(name)}
    telling = [name for name, taken in speaking.items() if speaks(engine, taken)]
    if telling:
        doubt = _doubt(looks, telling) if row is None else None
        methods = tuple(name for name in speaking if name in engine.methods or name in telling)
        return Recognised(engine, () if doubt else methods, doubt)
    if row is not None or any(engine.takes(taken, "text") for taken in speaking.values()):
        return Recognised(engine, (), f"its {' or '.join(speaking) or 'class'} does not take a text and a voice")
    return None


def speaks(engine: Engine, parameters: tuple[str, ...]) -> bool:
    """Whether parameters are those of a method that speaks: a text and a voice are among them."""
    return engine.takes(parameters, "text") and engine.takes(parameters, "voice")


def is_emotion(kind: type) -> bool:
    """Whether a class computes the emotion of a text for an engine."""
    return kind.__name__ == EMOTION_CLASS and function(kind, EMOTION_METHOD) is not None


def function(kind: type, name: str) -> FunctionType | None:
    """The Python function that a class itself has under a name, also as a static or class method."""
    found: Any = vars(kind).get(name)
    if isinstance(found, (staticmethod, classmethod)):
        found = found.__func__
    return found if isinstance(found, FunctionType) else None


def _doubt(looks: Looks, methods: list[str]) -> str | None:
    if rule.is_stand_in(looks.module, looks.name):
        return "by its name it stands in for an engine in tests"
    if looks.is_protocol or looks.unfinished.intersection(methods):
        return "it only says what an engine looks like"
    return None
