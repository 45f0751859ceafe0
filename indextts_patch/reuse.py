"""Answers a request with audio that was made before, where that is switched on and nothing speaks against it.

Off by default: IndexTTS samples, so that each take of a request differs, and whoever asks again usually wants
another one. What is known of earlier takes comes from the event files alone (`takes`); a call that comes before they
are read is synthesised as usual.

A hit is: the same request_hash, of an audio file that is still there with the bytes it was recorded with, which nobody
rejected, by a process that started after the model's files were last changed, as this one did. Of several the best is
handed out. Of the request only what is hashed counts; the model's files are judged by their times, since hashing
gigabytes takes longer than speaking.
"""

from __future__ import annotations

import contextlib
import itertools
import os

from .facts.digest import new_sha256
from .facts.request import Request
from .takes import Take, Takes, start
from .writing.publish import tmp_name

_MAX_AUDIO_BYTES = 256 * 1024 * 1024
_MAX_MODEL_FILES = 10_000
_MOST_TRIED = 16  # takes of one request, of which the audio is gone or another
_FIRST_WAIT_SECONDS = 0.05  # a small folder is read in that time; nobody waits for a large one
_HIT_WAIT_SECONDS = 1.0  # to hear what was said meanwhile; a hit saves the seconds of a synthesis


class Reuse:
    """What one process hands out again.

    Args:
        root: project root, which recorded paths are relative to.
        sampled: whether requests that sample are reused too.
        source: of this process's events; it tells when the process started.
    """

    def __init__(self, root: str, source: str, *, sampled: bool) -> None:
        self._root = root
        self._sampled = sampled
        self._started = start(source)
        self.takes = Takes(root)

    def find(self, request: Request, folder: str) -> tuple[Take, bytes] | None:
        """The best earlier take of this request and its audio, from the folder where the call wants its own, or from
        one where an earlier call did.
        """
        self.takes.begin(folder).join(_FIRST_WAIT_SECONDS)
        if request.hash is None or not self._allowed(request) or not self.takes.of(request.hash):
            return None
        changed = _changed(os.path.join(self._root, str(request.model.get("dir") or "")))
        if not self._started > changed or not self.takes.up_to_date(_HIT_WAIT_SECONDS):
            return None
        there = (take for take in self.takes.best_first(request.hash) if take.started > changed)
        for take in itertools.islice(there, _MOST_TRIED):
            content = _content(take)
            if content is not None:
                return take, content
        return None

    def _allowed(self, request: Request) -> bool:
        if request.hash is None or not request.model.get("dir") or not (request.voice or {}).get("sha256"):
            return False
        if self._sampled:
            return True
        random = (request.emotion or {}).get("random")
        sampling = ((request.params or {}).get("effective") or {}).get("do_sample")
        return sampling is False and not random

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


def _content(take: Take) -> bytes | None:
    """The take's audio; None where its file has other bytes than it was recorded with."""
    try:
        with open(take.path, "rb") as file:
            if os.fstat(file.fileno()).st_size > _MAX_AUDIO_BYTES:
                return None
            content = file.read()
    except OSError:
        return None
    return content if new_sha256(content).hexdigest() == take.audio["sha256"] else None


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
