"""Probes in an engine's module: they see what it says while it works, and only then.

sys.stdout is never touched. The module of the hooked class gets its own `print`, `warnings` and, where it has one,
`logger` (module globals that shadow the builtin and the imports); each looks, then does exactly what the real one does.
"""

from __future__ import annotations

import builtins
import sys
import types
import warnings
from collections.abc import Callable

from ..facts import emotion
from ..facts.observations import Observations
from ..guard import Any, attempt
from ..upstream.engines import LOGGER, LOGGING_LIBRARIES, PROGRESS, SLIDERS, Probe
from .current import CURRENT
from .kinds import wrapping


def _observations() -> Observations | None:
    record = CURRENT.get()
    return record.seen.said if record is not None and record.open else None


def probing_print(*args: Any, **kwargs: Any) -> None:
    """print, for the module of a hooked class."""
    seen = _observations()
    if seen is not None and args and isinstance(args[0], str):
        attempt(seen.line, args[0])
    builtins.print(*args, **kwargs)


def _same(real: Any) -> Any:
    return real


class _Standin:
    """Has all the attributes of the real one, and sets them on it."""

    def __init__(self, real: Any) -> None:
        vars(self)["_real"] = real

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._real, attribute)

    def __setattr__(self, attribute: str, value: Any) -> None:
        setattr(self._real, attribute, value)

    def __reduce_ex__(self, _: Any) -> tuple[Any, ...]:
        return _same, (vars(self)["_real"],)  # a copy is one of the real thing


class ProbingLogger(_Standin):
    """A logger, for the module of a hooked class: the vLLM fork and others log what upstream prints."""

    def _class(self) -> Any:
        return type(vars(self)["_real"])

    __class__ = property(_class)  # isinstance and typing see the real one's

    def info(self, message: Any, *args: Any, **kwargs: Any) -> None:
        """The logger's info; one frame further out, so that the line it names stays the caller's."""
        seen = _observations()
        if seen is not None and isinstance(message, str):
            attempt(seen.line, message)
        self._pass_on("info", message, args, kwargs)

    def warning(self, message: Any, *args: Any, **kwargs: Any) -> None:
        """The logger's warning: indextts2-inference logs what upstream prints as one."""
        seen = _observations()
        if seen is not None:
            attempt(seen.warning, attempt(self._formatted, message, args, kwargs) or f"{message}")
        self._pass_on("warning", message, args, kwargs)

    def _formatted(self, message: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        if hasattr(self._real, "opt"):  # loguru
            return f"{message}".format(*args, **kwargs) if args or kwargs else f"{message}"
        return (
            f"{message}" % (args[0] if len(args) == 1 and isinstance(args[0], dict) else args) if args else f"{message}"
        )

    def _pass_on(self, level: str, message: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        opt = getattr(self._real, "opt", None)
        if opt is not None:  # loguru
            getattr(opt(depth=2), level)(message, *args, **kwargs)
        else:
            getattr(self._real, level)(message, *args, **{**kwargs, "stacklevel": kwargs.get("stacklevel", 1) + 2})


class ProbingWarnings(_Standin, types.ModuleType):
    """The module warnings, for the module of a hooked class; needed because Python shows a warning once per line."""

    def __init__(self) -> None:
        types.ModuleType.__init__(self, "warnings", warnings.__doc__)
        super().__init__(warnings)

    def warn(self, message: Any, category: Any = None, stacklevel: int = 1, *args: Any, **kwargs: Any) -> None:
        """warnings.warn; one frame further out, so that filters and registry see the caller's line."""
        seen = _observations()
        if seen is not None:
            attempt(seen.warning, f"{message}")
        warnings.warn(message, category, stacklevel + 1, *args, **kwargs)


def _argument(probe: Probe, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[probe.position] if len(args) > probe.position else kwargs.get(probe.name)


def progress(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap the method that is given descriptions of the progress."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        seen = _observations()
        described = _argument(PROGRESS, args, kwargs)
        if seen is not None and isinstance(described, str):
            attempt(seen.progress, described)
        return original(*args, **kwargs)

    return wrapping(original, wrapper)


def sliders(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap the method that is given the emotion sliders as the person set them."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        raw = attempt(emotion.vector, _argument(SLIDERS, args, kwargs))
        result = original(*args, **kwargs)
        attempt(emotion.note_normalized, raw, result)
        return result

    return wrapping(original, wrapper)


def computed_emotion(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap the method that computes an emotion from a text, now or as a coroutine."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if isinstance(result, types.CoroutineType):
            return _awaited(result)
        attempt(_note_computed, result)
        return result

    return wrapping(original, wrapper)


async def _awaited(running: Any) -> Any:
    result = await running
    attempt(_note_computed, result)
    return result


def _note_computed(result: object) -> None:
    seen = _observations()
    if isinstance(result, tuple) and result:
        result = result[0]
    weights = emotion.vector(result)
    if seen is not None and weights is not None:
        seen.vectors.append(weights)


def globals_to_shadow(namespace: dict[str, Any]) -> dict[str, Any]:
    """Which globals of a hooked class's module to set, and to what."""
    shadows: dict[str, Any] = {}
    if namespace.get("print", builtins.print) is builtins.print:
        shadows["print"] = probing_print
    if namespace.get("warnings") is sys.modules["warnings"]:
        shadows["warnings"] = ProbingWarnings()
    if type(namespace.get(LOGGER)).__module__.partition(".")[0] in LOGGING_LIBRARIES:
        shadows[LOGGER] = ProbingLogger(namespace[LOGGER])
    return shadows
