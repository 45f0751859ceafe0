"""The one guard around everything that the patch does in the host, and the one way in which it speaks there."""

from __future__ import annotations

import contextlib
import os
import sys
from types import CodeType

TYPE_CHECKING = False  # typing itself takes longer to import than all that installing needs
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any as Any  # for everybody here: annotations alone name it, and nobody evaluates those
    from typing import TypeVar

    Result = TypeVar("Result")
else:
    Any = object

_said: set[str] = set()


def say(message: str) -> None:
    """Write one line to stderr. stdout belongs to the host, whose CLI redirects and parses it."""
    # A host without a usable stderr (pythonw, a closed pipe) goes on.
    with contextlib.suppress(Exception):
        sys.stderr.write(f"indextts_patch: {message}\n")


def say_once(kind: str, message: str) -> None:
    """Write one line to stderr for the first message of its kind in this process."""
    if kind not in _said:
        _said.add(kind)
        say(message)


def attempt(work: Callable[..., Result], *args: Any, **kwargs: Any) -> Result | None:
    """Do a piece of the patch's own work in such a way that its failure cannot reach the host.

    KeyboardInterrupt, SystemExit and what a signal handler of the host raises go through: they are meant for the host.

    Returns:
        What `work` returned, or None where it failed; the first failure of each piece is reported on stderr.
    """
    try:
        return work(*args, **kwargs)
    except Exception as error:
        if _raised_by_a_signal(error):
            raise
        name = getattr(work, "__qualname__", repr(work))
        reason = f"{type(error).__name__}: {error}{_where(error)}"
        say_once(f"failed {name}", f"could not do {name}, carrying on: {reason}")
        return None


def _raised_by_a_signal(error: Exception) -> bool:
    """Whether a signal handler raised it, as a host does that gives a call so many seconds (signal.alarm)."""
    import signal  # late: only a failure needs it

    handlers = {_code(signal.getsignal(number)) for number in signal.valid_signals()} - {None}
    traceback = error.__traceback__
    while traceback is not None and handlers:
        if traceback.tb_frame.f_code in handlers:
            return True
        traceback = traceback.tb_next
    return False


def _code(handler: Any) -> CodeType | None:
    for _ in range(8):  # a partial of a method of ...
        handler = getattr(handler, "func", getattr(handler, "__func__", handler))
    if not hasattr(handler, "__code__"):  # an object that can be called
        handler = vars(type(handler)).get("__call__")
    code = getattr(handler, "__code__", None)
    return code if isinstance(code, CodeType) else None


def _where(error: Exception) -> str:
    traceback = error.__traceback__
    if traceback is None:
        return ""
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return f" ({os.path.basename(traceback.tb_frame.f_code.co_filename)}:{traceback.tb_lineno})"
