"""What upstream tells while it works, and only there: printed times, progress, warnings, computed vectors.

sys.stdout is never touched. The module of the hooked class gets its own `print`, `warnings` and, where it has one,
`logger` (module globals that shadow the builtin and the imports); each looks, then does exactly what the real one does.
"""

from __future__ import annotations

import builtins
import functools
import re
import sys
import types
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ..facts import emotion
from ..guard import attempt

if TYPE_CHECKING:
    from ..record import Record

# The outermost call that runs in this thread or task.
CURRENT: ContextVar[Record | None] = ContextVar("indextts_patch_current", default=None)

_STAGE = re.compile(r">> (gpt_gen|gpt_forward|s2mel|bigvgan)_time: ([0-9.]+) seconds")
_STAGE_NAMES = {"gpt_gen": "gpt"}
_PART = re.compile(r"(\d+)/(\d+)")
_WARNING = "  >> Warning: "
_TRUNCATED = "generation stopped due to exceeding"
_MAX_WARNINGS = 1000


class Observed:
    """What was seen during one call."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self.warnings: list[str] = []
        self.truncated: bool | None = None  # None: this version does not tell
        self.vectors: list[list[float]] = []
        self._segments = 0
        self._segments_before = 0

    @property
    def segments(self) -> int | None:
        """Segments that the text was split into, None where no progress was seen."""
        return self._segments_before + self._segments or None

    def line(self, text: str) -> None:
        """A line that upstream printed or logged. Times of several runs in one call (2.5, low VRAM) add up."""
        stage = _STAGE.match(text)
        if stage is not None:
            key = _STAGE_NAMES.get(stage[1], stage[1])
            self.stages[key] = round(self.stages.get(key, 0.0) + float(stage[2]), 6)
        elif text.startswith(_WARNING):
            self.warning(text[len(_WARNING) :])

    def progress(self, text: str) -> None:
        """A description given to _set_gr_progress, such as "speech synthesis 2/3..."."""
        if self.truncated is None:
            self.truncated = False  # who tells progress would warn of truncation, too
        part = _PART.search(text)
        if part is not None:
            self._segments = max(self._segments, int(part[2]))
        elif text.startswith("start"):  # a new run: "starting inference...", in 1.x "start inference..."
            self._segments_before += self._segments
            self._segments = 0

    def warning(self, text: str) -> None:
        """A warning of upstream's."""
        if _TRUNCATED in text:
            self.truncated = True
        if len(self.warnings) < _MAX_WARNINGS:
            self.warnings.append(text[:4096])


def _seen() -> Observed | None:
    record = CURRENT.get()
    return record.observed if record is not None and record.open else None


def observing_print(*args: Any, **kwargs: Any) -> None:
    """print, for the module of a hooked class."""
    seen = _seen()
    if seen is not None and args and isinstance(args[0], str):
        attempt(seen.line, args[0])
    builtins.print(*args, **kwargs)


class ObservingLogger:
    """A logger, for the module of a hooked class: the vLLM fork and others log what upstream prints."""

    def __init__(self, logger: Any) -> None:
        vars(self)["_logger"] = logger

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._logger, attribute)

    def __setattr__(self, attribute: str, value: Any) -> None:
        setattr(self._logger, attribute, value)

    def info(self, message: Any, *args: Any, **kwargs: Any) -> None:
        """The logger's info; one frame further out, so that the line it names stays the caller's."""
        seen = _seen()
        if seen is not None and isinstance(message, str):
            attempt(seen.line, message)
        opt = getattr(self._logger, "opt", None)
        if opt is not None:  # loguru
            opt(depth=1).info(message, *args, **kwargs)
        else:
            self._logger.info(message, *args, **{**kwargs, "stacklevel": kwargs.get("stacklevel", 1) + 1})


class ObservingWarnings(types.ModuleType):
    """The module warnings, for the module of a hooked class; needed because a warning shows once per line
    only.
    """

    def __init__(self) -> None:
        super().__init__("warnings", warnings.__doc__)

    def __getattr__(self, attribute: str) -> Any:
        return getattr(warnings, attribute)

    def __setattr__(self, attribute: str, value: Any) -> None:
        setattr(warnings, attribute, value)

    def warn(self, message: Any, category: Any = None, stacklevel: int = 1, *args: Any, **kwargs: Any) -> None:
        """warnings.warn; one frame further out, so that filters and registry see the caller's line."""
        seen = _seen()
        if seen is not None:
            attempt(seen.warning, f"{message}")
        warnings.warn(message, category, stacklevel + 1, *args, **kwargs)


def progress(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap _set_gr_progress(self, value, desc)."""

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        seen = _seen()
        described = args[2] if len(args) > 2 else kwargs.get("desc")
        if seen is not None and isinstance(described, str):
            attempt(seen.progress, described)
        return original(*args, **kwargs)

    return wrapper


def normalize(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap normalize_emo_vec(self, emo_vector, apply_bias=True), which sees the sliders as the person set
    them.
    """

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        given = args[1] if len(args) > 1 else kwargs.get("emo_vector")
        raw = attempt(emotion.vector, given)
        result = original(*args, **kwargs)
        attempt(emotion.note_normalized, raw, result)
        return result

    return wrapper


def inference(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap QwenEmotion.inference(self, text): a mapping of eight weights, or (mapping, text), or a
    coroutine of it.
    """

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if isinstance(result, types.CoroutineType):
            return _awaited(result)
        attempt(_computed, result)
        return result

    return wrapper


async def _awaited(running: Any) -> Any:
    result = await running
    attempt(_computed, result)
    return result


def _computed(result: object) -> None:
    seen = _seen()
    if isinstance(result, tuple) and result:
        result = result[0]
    weights = emotion.vector(result)
    if seen is not None and weights is not None:
        seen.vectors.append(weights)


def globals_to_shadow(namespace: dict[str, Any]) -> dict[str, Any]:
    """Which globals of a hooked class's module to set, and to what."""
    shadows: dict[str, Any] = {}
    if namespace.get("print", builtins.print) is builtins.print:
        shadows["print"] = observing_print
    if namespace.get("warnings") is sys.modules["warnings"]:
        shadows["warnings"] = ObservingWarnings()
    if type(namespace.get("logger")).__module__.partition(".")[0] in ("logging", "loguru"):
        shadows["logger"] = ObservingLogger(namespace["logger"])
    return shadows
