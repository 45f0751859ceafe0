"""Answers a request with audio that was made before, where that is switched on and nothing speaks against it.

Off by default: IndexTTS samples, so that each take of a request differs, and whoever asks again usually wants
another one. The index is built from the event files alone, in memory, by one thread for each folder, the only threads
that this package ever starts; a call that comes before the index is ready is synthesised as usual.

A hit is: the same request_hash, of an audio file that is still there with the bytes it was recorded with, by a
process that started after the model's files were last changed, as this one did. Of the request only what is hashed
counts; the model's files are judged by their times, since hashing gigabytes takes longer than speaking.
"""

from __future__ import annotations

import calendar
import contextlib
import hashlib
import itertools
import os
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from .facts.request import Request
from .writing import event
from .writing.publish import tmp_name

_MAX_TAKES = 100_000
_MAX_AUDIO_BYTES = 256 * 1024 * 1024
_MAX_MODEL_FILES = 10_000
_FIRST_WAIT_SECONDS = 0.05  # a small folder is read in that time; nobody waits for a large one


class Take(NamedTuple):
    """One synthesis whose audio can answer a later request."""

    path: str  # absolute
    audio: dict[str, Any]  # what its event says of it
    subject: str
    started: float  # when its process did, seconds since 1970


class Reuse:
    """The index of one process.

    Args:
        root: project root, which recorded paths are relative to.
        sampled: whether requests that sample are reused too.
        source: of this process's events; it tells when the process started.
    """

    def __init__(self, root: str, source: str, *, sampled: bool) -> None:
        self._root = root
        self._sampled = sampled
        self._started = _start(source)
        self._takes: dict[str, Take] = {}
        self._folders: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def find(self, request: Request, folder: str) -> tuple[Take, bytes] | None:
        """An earlier take of this request and its audio, from the folder where the call wants its own, or from one
        where an earlier call did.
        """
        self.read(folder).join(_FIRST_WAIT_SECONDS)
        if not self._allowed(request):
            return None
        take = self._takes.get(request.hash or "")
        if take is None:
            return None
        changed = _changed(os.path.join(self._root, str(request.model.get("dir") or "")))
        if not (take.started > changed and self._started > changed):
            return None
        try:
            with open(take.path, "rb") as file:
                content = file.read(_MAX_AUDIO_BYTES)
        except OSError:
            return None
        return (take, content) if hashlib.sha256(content).hexdigest() == take.audio["sha256"] else None

    def _allowed(self, request: Request) -> bool:
        if request.hash is None or not request.model.get("dir") or not (request.voice or {}).get("sha256"):
            return False
        if self._sampled:
            return True
        random = (request.emotion or {}).get("random")
        sampling = ((request.params or {}).get("effective") or {}).get("do_sample")
        return sampling is False and not random

    def add(self, source: str, event_type: str, subject: str, data: dict[str, Any]) -> None:
        """Add an event to the index, where its audio can answer a request."""
        audio = data.get("audio") or {}
        request, path, digest = data.get("request_hash"), audio.get("path"), audio.get("sha256")
        if event_type != event.SUCCEEDED or not (request and path and digest):
            return
        with self._lock:
            if len(self._takes) < _MAX_TAKES or request in self._takes:
                self._takes[request] = Take(os.path.join(self._root, path), audio, subject, _start(source))

    @staticmethod
    def put(content: bytes, path: str, identity: str) -> None:
        """Put the audio at that path, whole or not at all. A copy: a link would change with whatever overwrites one
        of the two.

        Raises:
            OSError: it cannot be written.
        """
        folder = os.path.dirname(path)
        os.makedirs(folder, exist_ok=True)
        tmp = os.path.join(folder, tmp_name(identity))
        try:
            with open(tmp, "xb") as file:
                file.write(content)
            os.replace(tmp, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(tmp)
            raise

    def read(self, folder: str) -> threading.Thread:
        """Have the folder's events read, once, by the thread that is returned."""
        with self._lock:
            thread = self._folders.get(folder)
            if thread is None:
                thread = threading.Thread(target=self._index, args=(folder,), name="indextts-reuse", daemon=True)
                self._folders[folder] = thread
                thread.start()
            return thread

    def _index(self, folder: str) -> None:
        for each in _events(folder):
            with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):  # somebody else's JSON
                self.add(each["source"], each["type"], each["subject"], each["data"])


def _events(folder: str) -> Iterator[dict[str, Any]]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json") and not name.startswith("."))
    except OSError:
        return
    for name in names:
        document = event.read(os.path.join(folder, name))
        if document is not None and str(document["dataschema"]).startswith(event.MAJOR_VERSION):
            yield document
        time.sleep(0)  # the synthesis that runs meanwhile comes first


def _start(source: str) -> float:
    """When the process of a source started, from the source's name; 0 where it does not say."""
    try:
        return float(calendar.timegm(time.strptime(source.rpartition("/")[2][:15], "%Y%m%dT%H%M%S")))
    except ValueError:
        return 0.0


def _changed(folder: str) -> float:
    """When a file of the model's folder was last changed, replaced or renamed; infinity where that is unknown."""
    latest = 0.0
    try:
        walked = ((where, name) for where, _, names in os.walk(folder) for name in names)
        for where, name in itertools.islice(walked, _MAX_MODEL_FILES):
            state = os.stat(os.path.join(where, name))
            latest = max(latest, state.st_ctime, state.st_mtime)
    except OSError:
        return float("inf")
    return latest or float("inf")
