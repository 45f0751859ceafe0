"""Server-sent events with audio in base64: OpenAI's speech.audio.delta and what servers make of it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

import orjson

from sidecar.proxy.heard.audio import Audio

_MAX_LINE_BYTES = 16 * 1024 * 1024
_MEMBERS = ("audio", "delta", "data")
_MAX_MESSAGE = 4096


class Events:
    """
    Args:
        wanted: the format that the caller asked for.
        sample_rate: of raw samples, in hertz; None where nobody says it.
    """

    def __init__(self, wanted: str, sample_rate: int | None) -> None:
        self._wanted, self._rate = wanted, sample_rate
        self._parts: list[Audio] = []
        """One, unless a server sends each piece as a WAV of its own."""
        self._digest = hashlib.sha256()
        self._rest = bytearray()
        self._lost = False
        self._done = False
        self.received = 0
        self.error = ""

    def feed(self, data: bytes) -> bytes:
        self.received += len(data)
        if self._lost:
            return b""
        self._rest += data
        if b"\n" not in data:
            self._lost = len(self._rest) > _MAX_LINE_BYTES
            return b""
        *lines, rest = bytes(self._rest).replace(b"\r\n", b"\n").split(b"\n")
        self._rest = bytearray(rest)
        return b"".join(self._line(line) for line in lines if line.startswith(b"data:"))

    def facts(self) -> dict[str, Any] | None:
        facts = [part.facts() or {} for part in self._parts]
        if not facts:
            return None
        total = {**facts[0], "sha256": self._digest.hexdigest(), "bytes": sum(each["bytes"] for each in facts)}
        if len(facts) > 1:
            for name in ("samples", "duration"):
                known = [each[name] for each in facts if each.get(name) is not None]
                total[name] = round(sum(known), 6) if len(known) == len(facts) else None
        return total

    def warnings(self) -> list[str]:
        said = list(self._parts[0].warnings()) if self._parts else []
        if self._lost:
            said.append(f"a line of more than {_MAX_LINE_BYTES} bytes: the audio in it is not known")
        elif not self._done:
            said.append("the events ended without the one that says so")
        return said

    def _line(self, line: bytes) -> bytes:
        text = line[5:].strip()
        if text == b"[DONE]":
            self._done = True
            return b""
        try:
            event = orjson.loads(text)
        except orjson.JSONDecodeError:
            return b""
        if not isinstance(event, dict):
            return b""
        kind = str(event.get("type", ""))
        if event.get("error") or kind.endswith("error"):
            self.error = _message(event)
        self._done = self._done or kind.endswith("done")
        encoded = next((event[name] for name in _MEMBERS if isinstance(event.get(name), str)), None)
        if encoded is None:
            return b""
        try:
            audio = base64.b64decode(encoded)
        except (binascii.Error, ValueError):
            return b""
        if audio:
            self._hear(audio, str(event.get("response_format") or self._wanted))
        return audio

    def _hear(self, audio: bytes, wanted: str) -> None:
        self._digest.update(audio)
        if not self._parts or audio.startswith(b"RIFF"):
            self._parts.append(Audio("", wanted or "pcm", self._rate))
        self._parts[-1].feed(audio)


def _message(event: dict[str, Any]) -> str:
    error = event.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    return str(message or event.get("message") or "the server says that it failed")[:_MAX_MESSAGE]
