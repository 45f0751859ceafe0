"""The record of one request for speech, from its last byte to the answer's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import orjson

from sidecar.event.event import rfc3339
from sidecar.event.names import AUDIO_TYPES, printable
from sidecar.event.publish import uuid7
from sidecar.event.types import FAILED, SUCCEEDED
from sidecar.proxy.asked import Asked, Body
from sidecar.proxy.headers import Headers, first
from sidecar.proxy.heard import Audio, Events, Heard
from sidecar.proxy.keep import Kept
from sidecar.proxy.recorder import Recorder

# A thread that is woken takes the interpreter from the one that serves. So a call is marked when its request is with
# the upstream; one that is over by then, and whoever is killed before, leaves no marker.
_MARK_AFTER_SECONDS = 0.005
_MAX_TOLD_BYTES = 64 * 1024  # of an answer that is no audio
_MAX_MESSAGE = 65_535
_RATE_HEADERS = (b"x-sample-rate", b"x-audio-sample-rate", b"sample-rate")
_REQUEST_HEADERS = (b"x-request-id", b"x-crispasr-request-id", b"request-id")
_MAX_RATE = 1_000_000

SUCCESS, FAILURE, GIVEN_UP = "succeeded", "failed", "abandoned"
"""What can become of a call."""


@dataclass(frozen=True)
class Keeping:
    """What is kept of calls."""

    texts: str = "store"
    """store, hash or omit."""
    audio: bool = False
    client: bool = False
    """Whether the caller's network address is kept."""
    pcm_rate: int | None = None
    """Hertz, of raw samples whose answer does not say it."""


@dataclass(frozen=True)
class Caller:
    user: str | None
    """The name of the key."""
    client: str | None
    request: str | None

    def facts(self, *, client: bool) -> dict[str, Any]:
        return {"user": self.user, "client": self.client if client else None, "request": self.request}


class Call:
    """Its public methods are called on the thread that serves, and take microseconds; the rest is left to the lane.

    Args:
        body: the request's members; None where they are not understood.
        ended: told what became of it, and the seconds to its first byte.
    """

    def __init__(
        self,
        recorder: Recorder,
        body: Body | None,
        caller: Caller,
        keeping: Keeping,
        ended: Callable[[str, float | None], None],
    ) -> None:
        self._recorder, self._caller, self._keeping, self._ended = recorder, caller, keeping, ended
        self._id = uuid7()
        self._started_at = datetime.now(timezone.utc)
        self._began = time.perf_counter()
        self._first_byte: float | None = None
        self._wall = 0.0
        self._open = True
        self._status = 0
        self._heard: Heard | None = None
        self._kept: Kept | None = None
        self._told: bytearray | None = None
        self._request_id: str | None = None
        self._marker: Path | None = None
        self._asked = Asked(body, keeping.texts)
        self._facts: dict[str, Any] | None = None
        self._lane = recorder.lane()
        self._marking = asyncio.get_running_loop().call_later(_MARK_AFTER_SECONDS, self._lane.put, self._mark)

    def answered(self, status: int, headers: Headers) -> None:
        """The upstream's head is there."""
        self._status = status
        kind = first(headers, b"content-type").lower()
        self._request_id = next((said for name in _REQUEST_HEADERS if (said := first(headers, name))), None)
        if first(headers, b"content-encoding") not in ("", "identity"):
            self._asked.warnings.append("the answer is compressed: the hash and size are those of what went by")
        elif status >= 300 or kind.startswith(("application/json", "text/html", "text/plain")):
            self._told = bytearray()
            return
        rate = next((int(said) for name in _RATE_HEADERS if (said := first(headers, name)).isdecimal()), None)
        rate = rate if rate and rate <= _MAX_RATE else self._keeping.pcm_rate
        wanted = self._asked.format or ""
        self._heard = Events(wanted, rate) if kind.startswith("text/event-stream") else Audio(kind, wanted, rate)
        if self._keeping.audio:
            self._kept = Kept(self._recorder.folder, self._id, self._lane)

    def chunk(self, data: bytes) -> None:
        """Bytes of the answer's body have gone to the client."""
        if self._first_byte is None:
            self._first_byte = time.perf_counter() - self._began
        if self._told is not None:
            self._told += data[: _MAX_TOLD_BYTES - len(self._told)]
        elif self._heard is not None:
            audio = self._heard.feed(data)
            if self._kept is not None and audio:
                self._kept.add(audio)

    def succeeded(self) -> None:
        """The answer is complete, whatever it says."""
        problem = self._problem()
        if problem is None:
            self._end(SUCCESS, SUCCEEDED, None)
        else:
            self._end(FAILURE, FAILED, problem)

    def failed(self, kind: str, message: str) -> None:
        """There was no answer, or not the whole of one.

        Args:
            kind: takes the place of an exception's class.
        """
        self._end(FAILURE, FAILED, (kind, message))

    def abandoned(self) -> None:
        """The client hung up."""
        received = self._heard.received if self._heard is not None else 0
        self._end(GIVEN_UP, FAILED, ("Abandoned", f"the client hung up after {received} bytes of the answer"))

    def _problem(self) -> tuple[str, str] | None:
        """What a complete answer says went wrong, as kind and message."""
        if self._heard is not None:
            if self._heard.error:
                return "UpstreamError", self._heard.error
            return None if self._heard.received else ("NoAudio", f"the upstream answered {self._status} and no audio")
        told = bytes(self._told or b"")
        message = _message(told)
        if self._status >= 300:
            return f"HTTP {self._status}", message or told.decode("utf-8", "replace") or "no reason given"
        if message:
            return "UpstreamError", message
        self._asked.warnings.append("the answer is no audio by its type: nothing of it was looked at")
        return None

    def _end(self, outcome: str, type_: str, error: tuple[str, str] | None) -> None:
        if not self._open:
            return
        self._open = False
        self._marking.cancel()
        self._wall = time.perf_counter() - self._began
        self._ended(outcome, self._first_byte)
        if not self._lane.put(lambda: self._write(type_, error)):
            self._recorder.lost()

    # -- on a thread of the lane

    def _known(self) -> dict[str, Any]:
        """What the request says, looked at once."""
        if self._facts is None:
            self._facts = {**self._asked.facts(), "caller": self._caller.facts(client=self._keeping.client)}
        return self._facts

    def _mark(self) -> None:
        started = {"timing": {"started_at": rfc3339(self._started_at)}}
        self._marker = self._recorder.mark(self._id, None, {**self._known(), **started})

    def _write(self, type_: str, error: tuple[str, str] | None) -> None:
        audio = self._heard.facts() if self._heard is not None else None
        name = self._id
        if self._kept is not None and audio is not None and type_ == SUCCEEDED:
            name = self._kept.finish(self._file_name(audio)) or self._id
            if self._kept.problem:
                self._asked.warnings.append(f"the audio could not be kept: {self._kept.problem}")
            else:
                audio["path"] = f"{printable(self._recorder.folder.name)}/{name}"
        elif self._kept is not None:
            self._kept.drop()
        data: dict[str, Any] = {**self._known(), "audio": audio, "timing": self._timing(audio)}
        if self._caller.request is None and self._request_id:
            data["caller"] = {**data["caller"], "request": self._request_id[:255]}
        if error is not None:
            kind, message = error
            message = self._asked.private(message)[:_MAX_MESSAGE]
            data["error"] = {"type": kind[:255], "message": message, "traceback": None}
        warnings = [*self._asked.warnings, *(self._heard.warnings() if self._heard is not None else [])]
        data["warnings"] = [each[:4096] for each in warnings]
        self._recorder.write(self._id, self._id, type_, data, name)
        self._recorder.unmark(self._marker)

    def _timing(self, audio: dict[str, Any] | None) -> dict[str, Any]:
        duration = (audio or {}).get("duration")
        return {
            "started_at": rfc3339(self._started_at),
            "wall": round(self._wall, 6),
            "first_chunk": None if self._first_byte is None else round(self._first_byte, 6),
            "rtf": round(self._wall / duration, 6) if duration else None,
        }

    def _file_name(self, audio: dict[str, Any]) -> str:
        """Who spoke, when, and enough of the id that no two are the same: alloy_20261122-101537_e04c11.wav."""
        kind = str(audio.get("format") or "bin").lower()
        suffix = kind if f".{kind}" in AUDIO_TYPES else "bin"
        when = self._started_at.astimezone().strftime("%Y%m%d-%H%M%S")
        return f"{self._asked.speaker}_{when}_{self._id[-6:]}.{suffix}"


def _message(told: bytes) -> str:
    """The error's message, in the forms that these servers give it; empty where there is none."""
    try:
        document = orjson.loads(told)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(document, dict):
        return ""
    error = document.get("error") or document.get("detail")
    if isinstance(error, dict):
        error = error.get("message") or error.get("detail")
    return error if isinstance(error, str) else "" if error is None else orjson.dumps(error).decode()[:_MAX_MESSAGE]
