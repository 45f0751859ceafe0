"""What an engine really used, taken where it was used, below everything that the patch looks at."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any


class Used:
    """The account of one call."""

    def __init__(self) -> None:
        self.fresh()

    def fresh(self) -> None:
        self.parameters: dict[str, Any] = {}  # by the name that the event has for it
        self.voices: list[str] = []
        self.languages: list[str] = []
        self.texts: list[str] = []
        self.vectors: list[list[float]] = []
        self.references: list[str] = []
        self.samples = 0

    def told(self) -> dict[str, Any]:
        return dict(vars(self))


def spy(owner: Any, name: str, look: Callable[[dict[str, Any], Any], None]) -> None:
    """Have `look` called with the arguments, by name, and the result of every call of a function."""
    original = getattr(owner, name)
    signature = inspect.signature(original)

    @functools.wraps(original)
    def spied(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        result = original(*args, **kwargs)
        look(bound.arguments, result)
        return result

    setattr(owner, name, spied)


def chosen(names: tuple[str, ...], renamed: dict[str, str] | None = None) -> Callable[[Used, dict[str, Any]], None]:
    """Puts these arguments into the account of parameters."""

    def put(used: Used, given: dict[str, Any]) -> None:
        used.parameters.update({(renamed or {}).get(name, name): given[name] for name in names})

    return put
