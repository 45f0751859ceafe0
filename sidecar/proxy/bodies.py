"""Reads requests' bodies whole, with a bound for each and for all together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sidecar.proxy.headers import Headers, first
from sidecar.proxy.refusal import Refusal
from sidecar.service.serving import Receive

_TOGETHER = 16  # of the largest bodies


class ClientLeft(Exception):
    """The client hung up before it had asked."""


class Bodies:
    """
    Args:
        most: bytes of one body.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0

    @asynccontextmanager
    async def whole(self, headers: Headers, receive: Receive) -> AsyncIterator[bytes]:
        """A request's body, counted for as long as the block lasts.

        Raises:
            Refusal: it is too large, or all are.
            ClientLeft: there is nobody to answer.
        """
        self._check(headers)
        parts: list[bytes] = []
        size = 0
        try:
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientLeft
                part, more = message.get("body", b""), message.get("more_body", False)
                size += len(part)
                self._held += len(part)
                if size > self._most:
                    raise self._too_large()
                if self._held > self._most * _TOGETHER:
                    said = "Too many large requests are being read. Try again."
                    raise Refusal(429, "busy", said, type="rate_limit_error", retry_seconds=1, close=True)
                parts.append(part)
            yield parts[0] if len(parts) == 1 else b"".join(parts)
        finally:
            self._held -= size

    def _check(self, headers: Headers) -> None:
        """What the head alone tells."""
        if first(headers, b"content-encoding") not in ("", "identity"):
            raise Refusal(415, "unsupported_encoding", "Send the body as it is, not compressed.", close=True)
        length = first(headers, b"content-length")
        if length.isdecimal() and int(length) > self._most:
            raise self._too_large()

    def _too_large(self) -> Refusal:
        message = f"A request for speech may have {self._most} bytes (SIDECAR_PROXY_BODY_BYTES)."
        return Refusal(413, "request_too_large", message, close=True)
