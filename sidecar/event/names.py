"""How event files and audio are named, and how a name is written where only valid Unicode may stand."""

from __future__ import annotations

import hashlib
import os

EVENT_SUFFIX = ".json"
AUDIO_TYPES = {
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".mp4": "audio/mp4",
    ".webm": "audio/webm",
    ".aac": "audio/aac",
    ".pcm": "audio/pcm",  # no browser plays these two
    ".bin": "application/octet-stream",
}
"""Media types of what a TTS leaves and the proxy keeps, by the ending of its name; a format that is not here is kept as
.bin."""
_MAX_PRINTABLE_NAME = 255  # with a folder's path it fits the path columns


def is_event_name(name: str) -> bool:
    """Whether a file of that name may hold an event. Hidden files are somebody's work in progress."""
    return name.endswith(EVENT_SUFFIX) and not name.startswith(".")


def media_type_of(name: str) -> str | None:
    """None where the file is no audio, by its name."""
    return AUDIO_TYPES.get(os.path.splitext(name)[1].lower())


def printable(path: str) -> str:
    """The path as valid Unicode: bytes of a name that are not UTF-8 become \\xNN."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


def printable_name(name: str) -> str:
    """The same for a file's name, which grows by that: at most 255 characters, the end of a longer one as its hash."""
    text = printable(name)
    if len(text) <= _MAX_PRINTABLE_NAME:
        return text
    return f"{text[:190]}...{hashlib.sha256(os.fsencode(name)).hexdigest()[:32]}{EVENT_SUFFIX}"
