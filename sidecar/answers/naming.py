"""Names for audio files that a person would choose: 2026-11-25_旁白_欢迎光临_happy.wav, fit for every system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import tzinfo
from pathlib import PurePosixPath
from typing import Any

from sidecar.event.names import media_type_of

_TEXT = 24
"""Characters of the text, about."""
_VOICE = 24
"""Characters of the voice's name at most."""
_BYTES = 200
"""Of a name, so that every file system takes it with a number at its end; Linux takes 255."""
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+')
"""What Windows takes in no name, and what nobody sees."""
_EDGES = " .,;:!?-，。、；：！？…"
"""What no part begins or ends with."""
_BETWEEN = re.compile(r"[\s_.]+")
_HASHED = re.compile("sha256:[0-9a-f]{64}")


def download_name(record: Mapping[str, Any], zone: tzinfo) -> str:
    """Day, voice, the beginning of the text, emotion, and the kind of file.

    Args:
        record: created_at, voice, text_input, emotion and audio_path.
        zone: in which days begin.
    """
    path = PurePosixPath(str(record["audio_path"] or ""))
    ending = path.suffix.lower() if media_type_of(path.name) else ".wav"
    text = str(record["text_input"] or "")
    parts = [
        f"{record['created_at'].astimezone(zone):%Y-%m-%d}",
        _part(PurePosixPath(str(record["voice"] or "").replace("\\", "/")).stem)[:_VOICE],
        "" if _HASHED.fullmatch(text) else _beginning(_part(text)),
        _part(str(record["emotion"] or "")),
    ]
    return _within("_".join(filter(None, (part.strip(_EDGES) for part in parts))), _BYTES) + ending


class Distinct:
    """Tells names apart by a number where one was there before: a.wav, a-2.wav. Some systems hold A.wav and a.wav to be
    one; they get two, too."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def name(self, name: str) -> str:
        """The name, or the next one like it that is free."""
        stem, dot, ending = name.rpartition(".")
        chosen = name
        while chosen.casefold() in self._taken:
            number = self._taken[name.casefold()] = self._taken[name.casefold()] + 1
            chosen = f"{stem}-{number}{dot}{ending}"
        self._taken[chosen.casefold()] = 1
        return chosen


def _part(text: str) -> str:
    plain = _FORBIDDEN.sub(" ", unicodedata.normalize("NFC", text))
    return _BETWEEN.sub(" ", plain).strip()


def _beginning(text: str) -> str:
    """The first words, whole where there are any."""
    if len(text) <= _TEXT:
        return text
    cut = text[: _TEXT + 1]
    word = cut.rpartition(" ")[0]
    return word if len(word) > _TEXT // 2 else text[:_TEXT]


def _within(text: str, size: int) -> str:
    """Of that many bytes at most; what is cut off after a blank takes the blank along."""
    return text.encode()[:size].decode(errors="ignore").rstrip(" ._-")
