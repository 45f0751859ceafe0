"""How event files are named, and how a name is written where only valid Unicode may stand."""

from __future__ import annotations

import hashlib
import os

EVENT_SUFFIX = ".json"
_MAX_PRINTABLE_NAME = 255  # with a folder's path it fits the path columns


def is_event_name(name: str) -> bool:
    """Whether a file of that name may hold an event. Hidden files are somebody's work in progress."""
    return name.endswith(EVENT_SUFFIX) and not name.startswith(".")


def printable(path: str) -> str:
    """The path as valid Unicode: bytes of a name that are not UTF-8 become \\xNN."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


def printable_name(name: str) -> str:
    """The same for a file's name, which grows by that: at most 255 characters, the end of a longer one as its hash."""
    text = printable(name)
    if len(text) <= _MAX_PRINTABLE_NAME:
        return text
    return f"{text[:190]}...{hashlib.sha256(os.fsencode(name)).hexdigest()[:32]}{EVENT_SUFFIX}"
