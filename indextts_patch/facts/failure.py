"""An exception as text. Only that is kept: the exception itself would pin its frames, and with them GPU memory."""

from __future__ import annotations

from ..guard import Any, attempt
from .values import clean

_MAX_MESSAGE = 65_535
_MAX_TRACEBACK = 262_144


def failure(error: BaseException) -> dict[str, Any]:
    """Members of the schema's `error`."""
    import traceback  # late: only a failure needs it

    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    message = attempt(str, error)
    lines = attempt(traceback.format_exception, kind, error, error.__traceback__)
    return {
        "type": clean(name, 255),
        "message": None if message is None else clean(message, _MAX_MESSAGE),
        "traceback": None if lines is None else clean("".join(lines)[-_MAX_TRACEBACK:], _MAX_TRACEBACK),
    }
