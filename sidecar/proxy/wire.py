"""One connection to the upstream.

httptools reads the answers: of the ways that were tried, with the fewest fractions of a millisecond (the measurement is
in README.md). It says nothing of where an answer ends that has neither a length nor chunks, nor of HEAD; both are known
here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import httptools

_PAUSE_BYTES = 256 * 1024
"""So much of an answer waits here for a slow client; more waits at the upstream."""
_MAX_HEAD_BYTES = 64 * 1024
_LONGEST_CHUNK = 64 * 1024  # handed on at once


class UpstreamError(Exception):
    """The upstream did not answer, or not to the end.

    Attributes:
        status: what a client is told that has heard nothing yet.
        code: the same for programs.
    """

    status = 502
    code = "upstream_unavailable"


class UpstreamBroken(UpstreamError):
    """The connection ended too early, or what came over it is no HTTP."""

    code = "upstream_broken"


class UpstreamSilent(UpstreamError):
    """Nothing came for too long."""

    status = 504
    code = "upstream_timeout"


class ClientGone(Exception):
    """The client gave up, so nobody wants the rest."""


@dataclass(frozen=True)
class Head:
    status: int
    headers: list[tuple[bytes, bytes]]
    """Names in lower case."""


class Wire(asyncio.Protocol):
    """One request and its answer at a time.

    Args:
        silence_seconds: how long the upstream may say nothing.
        idle: told when the upstream ends the connection while nobody uses it.
    """

    def __init__(self, silence_seconds: float, idle: Callable[[Wire], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._silence_seconds = silence_seconds
        self._idle = idle
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.open = False
        self.idle_since = 0.0
        self._begin(is_head=False)
        self._busy = False

    def _begin(self, *, is_head: bool) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._is_head = is_head
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_bytes = 0
        self._head: Head | None = None
        self._until_close = False
        self._chunks: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._complete = False
        self._error: Exception | None = None
        self._keep_alive = False
        self._sent_all = False
        self._paused = False
        self._busy = True

    # -- one exchange

    def send_head(self, method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> None:
        """Begin a request.

        Args:
            body: goes out with the head, where it is known: what comes in two pieces wakes the upstream twice.
        """
        self._begin(is_head=method == b"HEAD")
        if not self.open:  # it ended between two exchanges
            self._error = UpstreamBroken("the upstream closed the connection without an answer")
        lines = [b"%b %b HTTP/1.1\r\n" % (method, target)]
        lines += [b"%b: %b\r\n" % header for header in headers]
        self._write(b"".join([*lines, b"\r\n", body]))
        self._heard_at = self._loop.time()
        self._timer = self._loop.call_later(self._silence_seconds, self._look_at_the_clock)

    async def send(self, body: bytes) -> None:
        """Send a part of the request's body, as it is to stand there."""
        self._write(body)
        if self._writable is not None:
            await self._writable

    def sent(self) -> None:
        """The request is complete."""
        self._sent_all = True
        self._heard_at = self._loop.time()

    async def head(self) -> Head:
        """
        Raises:
            UpstreamError: there is none.
            ClientGone: abandon() was called.
        """
        while self._head is None:
            if self._error is not None:
                raise self._error
            await self._wait()
        return self._head

    async def read(self) -> bytes:
        """The next bytes of the answer's body; none at its end.

        Raises:
            UpstreamError: it ended too early.
            ClientGone: abandon() was called.
        """
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self._complete:
                return b""
            await self._wait()
        chunk = self._chunks.popleft()
        while self._chunks and len(chunk) + len(self._chunks[0]) <= _LONGEST_CHUNK:
            chunk += self._chunks.popleft()
        self._waiting_bytes -= len(chunk)
        if self._paused and self._waiting_bytes < _PAUSE_BYTES and self._transport is not None:
            self._paused = False
            self._heard_at = self._loop.time()
            self._transport.resume_reading()
        return chunk

    def abandon(self) -> None:
        """Nobody wants the rest: the upstream is hung up on."""
        self._fail(ClientGone())

    def end(self) -> bool:
        """The exchange is over.

        Returns:
            Whether the connection can carry another one.
        """
        self._busy = False
        self._stop_timer()
        if self.open and self._complete and self._keep_alive and self._sent_all and self._error is None:
            self.idle_since = self._loop.time()
            return True
        self.close()
        return False

    def close(self) -> None:
        """Hang up."""
        self._stop_timer()
        if self._transport is not None:
            self._transport.abort()

    # -- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.open = True

    def data_received(self, data: bytes) -> None:
        if not self._busy or self._complete:
            self.close()  # an answer that nobody asked for
            return
        self._heard_at = self._loop.time()
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(UpstreamBroken(f"the upstream's answer is no HTTP: {error}"))
        self._wake()

    def eof_received(self) -> None:
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if not self._busy:
            self._idle(self)
        elif not self._complete:
            if self._head is not None and self._until_close and exc is None:
                self._complete = True
            elif self._error is None:
                when = "within its answer" if self._head is not None else "without an answer"
                self._error = UpstreamBroken(f"the upstream closed the connection {when}")
        self._wake()
        self.resume_writing()

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # -- what httptools calls

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > _MAX_HEAD_BYTES:
            raise ValueError("its head is too long")
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            return
        if status > 599:
            raise ValueError("its status is none")
        names = {name for name, _ in self._headers}
        self._head = Head(status, self._headers)
        self._until_close = not names & {b"content-length", b"transfer-encoding"} and status not in (204, 304)
        if self._is_head:
            self._complete = True  # and the connection with it: the parser waits for a body

    def on_body(self, body: bytes) -> None:
        if self._is_head:
            return
        self._chunks.append(body)
        self._waiting_bytes += len(body)
        if self._waiting_bytes >= _PAUSE_BYTES and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        if self._head is None:  # 100 Continue, and the like
            self._headers = []
            return
        if not self._is_head:
            self._keep_alive = self._parser.should_keep_alive() and not self._until_close
        self._complete = True

    # -- its own

    def _write(self, data: bytes) -> None:
        if self._transport is not None and self.open:
            self._transport.write(data)

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: Exception) -> None:
        if self._busy and not self._complete and self._error is None:
            self._error = error
            self._chunks.clear()
        self.close()
        self._wake()

    def _look_at_the_clock(self) -> None:
        """The time in which a slow client does not read is not the upstream's."""
        quiet = self._loop.time() - self._heard_at
        if self._paused or not self._sent_all:
            quiet = 0.0
        if quiet >= self._silence_seconds:
            self._fail(UpstreamSilent(f"the upstream said nothing for {self._silence_seconds:g} s"))
            return
        self._timer = self._loop.call_later(self._silence_seconds - quiet, self._look_at_the_clock)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
