"""Watches the parts of a model while it speaks: when their calls begin and end, and what these say.

The functions of the parts' classes are wrapped, not the objects: nothing is set on a module, and no hook of torch's is
used, so that its own path through a call stays the same. What torch traces for a compiled graph is left to it: there
the wrapper is the function that it stands for.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable

from ..facts.signature import signature
from ..guard import Any, attempt
from ..upstream.stages import PARTS, Part
from .current import CURRENT
from .kinds import wrapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..record import Record

_FOREIGN = "torch."


class Parts:
    """The classes that are watched in this process."""

    def __init__(self, put: Callable[[type, str, Any], None]) -> None:
        """Nothing is watched yet.

        Args:
            put: sets an attribute of a class, and knows how to put it back.
        """
        self._put = put
        self._looked_at: dict[tuple[type, str], bool] = {}  # whether a method of a class is watched
        self._wrapped: set[tuple[type, str]] = set()
        self._watching: set[Any] = set()  # the functions that were put there

    def watch(self, model: object) -> frozenset[str]:
        """See to it that the parts of a model are watched.

        Returns:
            Stages and facts that their calls will tell.
        """
        telling: set[str] = set()
        for part in PARTS:
            holder = _reach(model, part.path)
            if holder is None:
                continue
            key = type(holder), part.method
            if key not in self._looked_at:
                self._looked_at[key] = False  # until it is wrapped; if that fails it is not tried again
                self._looked_at[key] = bool(attempt(self._wrap, type(holder), part))
            if self._looked_at[key]:
                telling |= {part.stage, part.tells}
        return frozenset(telling)

    def _wrap(self, kind: type, part: Part) -> bool:
        if kind.__module__.startswith(_FOREIGN):  # a compiled module, say: one class for everybody's
            return False
        owner = next((one for one in kind.__mro__ if part.method in vars(one)), None)
        original = None if owner is None else vars(owner)[part.method]
        if not isinstance(original, types.FunctionType):
            return False
        assert owner is not None
        inherited = owner.__module__.startswith(_FOREIGN)  # nn.Module's __call__: wrapped for this class alone
        target = kind if inherited else owner
        if (target, part.method) not in self._wrapped:
            self._wrapped.add((target, part.method))
            call = _super(kind, part.method) if inherited else original
            watched = _watched(part, original, call, self._watching)
            self._watching.add(watched)
            self._put(target, part.method, watched)
        return True


def _reach(start: object, path: str) -> object:
    value = start
    for name in path.split(".") if path else ():
        value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
        if value is None:
            return None
    return value


def _super(kind: type, method: str) -> Callable[..., Any]:
    """The inherited method, looked up in each call: it may be replaced in the meantime."""

    def inherited(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(super(kind, self), method)(*args, **kwargs)

    return inherited


def _watched(
    part: Part, original: Callable[..., Any], call: Callable[..., Any], watching: set[Any]
) -> Callable[..., Any]:
    names = signature(original).positional
    compiling = getattr(getattr(sys.modules.get("torch"), "compiler", None), "is_compiling", bool)

    def watched(*args: Any, **kwargs: Any) -> Any:
        if compiling():
            return call(*args, **kwargs)
        record = CURRENT.get()
        if record is None or not record.open:
            return call(*args, **kwargs)
        top = getattr(type(args[0]), part.method, None) if args else None
        if top is not function and top in watching:
            return call(*args, **kwargs)  # through super(), from the method of a subclass that is watched too
        attempt(record.enter, part)
        result = call(*args, **kwargs)
        if isinstance(result, types.CoroutineType):
            return _awaited(record, part, names, args, kwargs, result)
        attempt(_note, record, part, names, args, kwargs, result)
        return result

    function = wrapping(original, watched)
    return function


async def _awaited(
    record: Record,
    part: Part,
    names: tuple[str, ...],
    args: Any,
    kwargs: Any,
    running: types.CoroutineType[Any, Any, Any],
) -> Any:
    result = await running
    attempt(_note, record, part, names, args, kwargs, result)
    return result


def _note(
    record: Record, part: Part, names: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> None:
    record.leave(part, {**dict(zip(names, args, strict=False)), **kwargs}, result)
