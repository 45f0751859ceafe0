"""Writes events: where they go, what they are called, and what happens where they cannot be written."""

from __future__ import annotations

import errno
import os
import sys
import threading
import time

from ..guard import Any, say_once
from ..options import Options, below
from . import event
from .filenames import FileNames, file_name
from .publish import publish, tmp_name

_MAX_TRIES = 1000
_DEVICES = os.path.dirname(os.devnull)  # an engine may write to /dev/null or /dev/stdout
_MAX_NAME_BYTES = 255


class Emitter:
    """Publishes the events of one process under one source; a gap in their sequence is an event that was lost."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.restart()

    def restart(self) -> None:
        """Begin a new source: at the start, and in a forked child, which must not go on with its parent's."""
        self._lock = threading.Lock()
        self._sequence = 0
        self._unwritten = 0
        self._names = FileNames()
        self.instance = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}-{os.urandom(3).hex()}"
        self.source = f"indextts://{_host()}/{self.instance}"

    @property
    def unwritten(self) -> int:
        """How many events could not be written since the last one that could."""
        return self._unwritten

    def place(self, audio: str | None, subject: str) -> tuple[str, str]:
        """Folder and name (without .json) for the event of an output path.

        Beside the audio; but in the events folder where there is no path, where the audio's folder does not
        exist (the call failed before upstream made it), where it is that of devices, and where it is hidden or
        temporary: such folders are not watched, and their makers remove them.
        """
        if audio is not None:
            folder, stem = os.path.split(audio)
            if os.path.isdir(folder) and folder != _DEVICES and not self._is_private(folder):
                # Room for ".99999.json" and for the claim's dot and suffix.
                return folder, stem if len(os.fsencode(stem)) <= _MAX_NAME_BYTES - 20 else subject
        return self._options.events_dir, subject

    def _is_private(self, folder: str) -> bool:
        inner = below(self._options.root, folder)
        if inner is not None:
            return any(part.startswith(".") and part != "." for part in inner.split("/"))
        if os.path.basename(folder).startswith("."):
            return True
        import tempfile  # late: a fifth of the start-up, and nearly every folder lies below the root

        return below(os.path.realpath(tempfile.gettempdir()), os.path.realpath(folder)) is not None

    def write(
        self, *, identity: str, subject: str, event_type: str, data: dict[str, Any], place: tuple[str, str]
    ) -> bool:
        """Publish one event.

        Where its place cannot be written, the events folder is tried, then the fallback folder. Where none of
        them can, the event is counted, the next event carries the count, and one line on stderr says so.

        Args:
            identity: UUIDv7 of the event.
            subject: UUIDv7 of the record.
            event_type: one of those in `event`.
            data: the facts. `unwritten_events` and `audio.replaces` are filled in here.
            place: folder and name as from `place`.

        Returns:
            Whether it was written.
        """
        at = event.now()
        with self._lock:
            self._sequence += 1
            sequence, missing = self._sequence, self._unwritten
        if missing:
            data = {**data, "unwritten_events": missing}
        head = {"identity": identity, "subject": subject, "source": self.source, "sequence": sequence, "time": at}
        others = (self._options.events_dir, self._options.fallback_dir)
        for folder, stem in [place, *((folder, identity) for folder in others if folder and folder != place[0])]:
            try:
                self._publish(folder, stem, {**head, "event_type": event_type}, data)
            except Exception as error:  # noqa: BLE001 - reported below; the next place may do better
                reason = f"{type(error).__name__}: {error}"
                say_once("write", f"cannot write events to {folder}: {reason}; {self._advice()}")
                continue
            with self._lock:
                self._unwritten -= missing
            return True
        with self._lock:
            self._unwritten += 1
        return False

    def _advice(self) -> str:
        if self._options.fallback_dir:
            return f"using {self._options.fallback_dir} where needed"
        return "the synthesis goes on; INDEXTTS_PATCH_FALLBACK_DIR names a folder for such events"

    def _publish(self, folder: str, stem: str, head: dict[str, Any], data: dict[str, Any]) -> None:
        if folder in (self._options.events_dir, self._options.fallback_dir) and not os.path.isdir(folder):
            os.makedirs(folder, exist_ok=True)
        audio = data.get("audio")
        path = audio.get("path") if audio else None
        for _ in range(_MAX_TRIES):
            number, replaced = self._names.take(folder, stem, head["subject"], path)
            if audio and replaced is not None:
                data = {**data, "audio": {**audio, "replaces": replaced}}
            content = event.encode(**head, data=data)
            try:
                tmp = tmp_name(head["identity"])
                publish(folder, tmp, file_name(stem, number), content, fsync=self._options.fsync)
            except FileExistsError:
                self._names.forget(folder, stem)
            except BaseException:
                self._names.forget(folder, stem)
                raise
            else:
                return
        raise FileExistsError(errno.EEXIST, "every name is taken", os.path.join(folder, stem))


def _host() -> str:
    if sys.platform == "win32":
        name = os.environ.get("COMPUTERNAME", "")
    else:
        name = os.uname().nodename
    kept = "".join(each if (each.isascii() and each.isalnum()) or each in "._-" else " " for each in name)
    return "-".join(kept.split())[:100].strip("-") or "host"
