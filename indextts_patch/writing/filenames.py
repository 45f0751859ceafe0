"""Which name the next event of an audio file takes, and which record it replaces.

`<audio>.json`, then `<audio>.2.json`, `<audio>.3.json` ...: an event file is never overwritten.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict

from ..guard import Any
from .event import read

_REMEMBERED = 4096
_MAX_LOOK_BACK = 64


def file_name(stem: str, number: int) -> str:
    """Name of the event file with this number, from 1 on."""
    return f"{stem}.json" if number == 1 else f"{stem}.{number}.json"


class FileNames:
    """Hands out numbers so that two threads never want the same one; other processes are met at the publish.

    Remembers the last number of the paths used lately: two thousand events of one second would otherwise be counted
    again for each new one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: OrderedDict[str, tuple[int, str | None]] = OrderedDict()

    def take(self, folder: str, stem: str, subject: str, audio_path: str | None) -> tuple[int, str | None]:
        """Take the next number.

        Args:
            folder: where the event goes.
            stem: its name without .json.
            subject: the record that the event is about.
            audio_path: the audio's path as recorded, None where there is no audio.

        Returns:
            The number, and the id of the latest earlier record with this audio path, None where there is none.
        """
        key = os.path.join(folder, stem)
        with self._lock:
            known = self._last.get(key)
            number, replaced = known if known is not None else _latest(folder, stem, audio_path)
            self._last[key] = (number + 1, subject if audio_path is not None else replaced)
            self._last.move_to_end(key)
            if len(self._last) > _REMEMBERED:
                self._last.popitem(last=False)
        return number + 1, replaced if audio_path is not None else None

    def forget(self, folder: str, stem: str) -> None:
        """The number was not used, or somebody else has it: look at the folder again next time."""
        with self._lock:
            self._last.pop(os.path.join(folder, stem), None)


def _latest(folder: str, stem: str, audio_path: str | None) -> tuple[int, str | None]:
    last = last_number(folder, stem)
    if audio_path is None:
        return last, None
    for number in range(last, max(last - _MAX_LOOK_BACK, 0), -1):
        event = read(os.path.join(folder, file_name(stem, number)))
        if event is not None and _audio_path(event) == audio_path:
            subject = event.get("subject")
            return last, subject if isinstance(subject, str) else None
    return last, None


def last_number(folder: str, stem: str) -> int:
    """The highest number in use, 0 for none; its cost grows with the logarithm of that number.

    A gap (somebody deleted an event) may hide higher numbers; the publish finds them taken.
    """

    def taken(number: int) -> bool:
        return os.path.lexists(os.path.join(folder, file_name(stem, number)))

    if not taken(1):
        return 0
    low, high = 1, 2
    while taken(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if taken(middle) else (low, middle)
    return low


def _audio_path(event: dict[str, Any]) -> object:
    data = event.get("data")
    audio = data.get("audio") if isinstance(data, dict) else None
    return audio.get("path") if isinstance(audio, dict) else None
