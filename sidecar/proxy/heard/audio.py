"""Audio as it goes by: its hash, its size, and what its own headers say."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any, Protocol

from sidecar.proxy.heard.flac import Flac
from sidecar.proxy.heard.frames import Adts, Mpeg
from sidecar.proxy.heard.ogg import Ogg
from sidecar.proxy.heard.pcm import Pcm
from sidecar.proxy.heard.wav import Wav

_SNIFFED_BYTES = 4
_RAW = re.compile(r"audio/(pcm|l16|l24|raw)|application/octet-stream")


class Reader(Protocol):
    """Understands one format."""

    format: str

    def feed(self, data: bytes) -> None: ...

    def facts(self) -> dict[str, Any]:
        """Members of the schema's `audio`, as far as they are known."""


class Heard(Protocol):
    """What listens to an answer."""

    received: int
    """Bytes of the answer so far."""
    error: str
    """What the answer says went wrong; empty mostly."""

    def feed(self, data: bytes) -> bytes:
        """
        Returns:
            The audio in it.
        """

    def facts(self) -> dict[str, Any] | None:
        """The schema's `audio`; None where there was none."""

    def warnings(self) -> list[str]: ...


class Audio:
    """
    Args:
        content_type: of the answer.
        wanted: the format that the caller asked for; "" where none was named.
        sample_rate: of raw samples, in hertz; None where nobody says it.
    """

    error = ""

    def __init__(self, content_type: str, wanted: str, sample_rate: int | None) -> None:
        self._type = content_type.lower()
        self._wanted = wanted.lower()
        self._rate = sample_rate
        self._digest = hashlib.sha256()
        self._start = b""
        self._reader: Reader | None = None
        self._known = False
        self.received = 0

    def feed(self, data: bytes) -> bytes:
        self.received += len(data)
        self._digest.update(data)
        if self._known:
            if self._reader is not None:
                self._reader.feed(data)
            return data
        self._start += data
        if len(self._start) >= _SNIFFED_BYTES:
            self._choose()
        return data

    @property
    def format(self) -> str | None:
        if not self._known:
            self._choose()
        return self._reader.format if self._reader is not None else None

    def facts(self) -> dict[str, Any] | None:
        if not self.received:
            return None
        known: dict[str, Any] = {"format": self.format or self._wanted or None}
        if self._reader is not None:
            known |= self._reader.facts()
        return {"path": None, "sha256": self._digest.hexdigest(), "bytes": self.received, **known}

    def warnings(self) -> list[str]:
        if self.received and isinstance(self._reader, Pcm) and self._rate is None:
            known = "their duration is not known (SIDECAR_PROXY_PCM_RATE may say it)"
            return [f"raw samples whose rate the answer does not say: {known}"]
        return []

    def _choose(self) -> None:
        self._known = True
        start, self._start = self._start, b""
        make = _by_start(start)
        if make is not None:
            self._reader = make()
        elif _RAW.match(self._type) or self._wanted in ("pcm", "pcm16", "f32"):
            self._reader = Pcm(self._type, self._wanted, self._rate)
        if self._reader is not None:
            self._reader.feed(start)


def _by_start(start: bytes) -> Callable[[], Reader] | None:
    """The format, told by its first bytes: a content type is often wrong."""
    if start[:4] in (b"RIFF", b"RF64"):
        return Wav
    if start[:4] == b"OggS":
        return Ogg
    if start[:4] == b"fLaC":
        return Flac
    if start[:3] == b"ID3":
        return Mpeg
    if len(start) > 1 and start[0] == 0xFF and start[1] & 0xF6 == 0xF0:
        return Adts
    if len(start) > 1 and start[0] == 0xFF and start[1] & 0xE6 == 0xE2:
        return Mpeg
    return None
