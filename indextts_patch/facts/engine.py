"""Which row speaks of a class."""

from __future__ import annotations

import functools
import os
from types import FunctionType

from ..guard import Any
from ..upstream.row import Engine
from ..upstream.rows import NAMES, UNLISTED, named
from .signature import unwrapped


def own(kind: type) -> Engine | None:
    """The row that speaks of a class by its own names and the file that it was made in; None where there is none."""
    return named(kind.__module__, kind.__name__, file_of(kind)) if kind.__name__ in NAMES else None


def file_of(kind: type) -> str:
    """The file that a class was made in, absolute; empty where its functions do not say."""
    # Not by sys.modules: a module that was loaded by its location need not be in it.
    functions = (unwrapped(value) for value in vars(kind).values())
    files = (one.__globals__.get("__file__") for one in functions if isinstance(one, FunctionType))
    return next((os.path.abspath(file) for file in files if isinstance(file, str)), "")


@functools.lru_cache(maxsize=256)
def of(kind: type) -> Engine:
    """The row of a class, or of the nearest one that it derives from; where there is none, a row that knows nothing."""
    return next((engine for one in kind.__mro__ if (engine := own(one)) is not None), UNLISTED)


def kind_of(model: object) -> type:
    """The class of the object that a method was called on: itself, where it was called on the class."""
    return model if isinstance(model, type) else type(model)


def reach(start: object, path: str) -> Any:
    """What lies at a path of attributes, items and keys, divided by points; None where a part of it is missing."""
    value: Any = start
    for part in path.split("."):
        if value is None or not part:
            return None
        if isinstance(value, dict):
            value = value.get(part)
        elif part.isdecimal():
            value = value[int(part)] if isinstance(value, (list, tuple)) and int(part) < len(value) else None
        else:
            value = getattr(value, part, None)
    return value
