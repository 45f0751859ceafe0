"""The proxy itself: each request passes the gate, goes to the upstream, and is recorded where it asks for speech."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from sidecar.proxy import paths
from sidecar.proxy.asked import parse
from sidecar.proxy.bodies import Bodies, ClientLeft
from sidecar.proxy.call import Call, Caller, Keeping
from sidecar.proxy.exchange import Nobody, Scope, relay
from sidecar.proxy.gate import Gate, check_length
from sidecar.proxy.headers import first
from sidecar.proxy.keys import Key
from sidecar.proxy.recorder import Recorder
from sidecar.proxy.refusal import Refusal
from sidecar.proxy.upstream import Upstream
from sidecar.service.serving import Receive, Send

log = logging.getLogger("sidecar")

_BUSY_SECONDS = 1


class Counts(Protocol):
    """What is told of requests; see sidecar.service.metrics.proxy."""

    def running(self, number: int) -> None: ...

    def ended(self, outcome: str, first_byte: float | None) -> None: ...

    def refused(self, code: str) -> None: ...

    def passed(self) -> None: ...


class Proxy:
    """An ASGI application.

    Args:
        body_bytes: of one request for speech, at most.
        concurrency: requests at the upstream at once, at most.
        authorization: what the upstream wants to see of us; None for nothing.
    """

    def __init__(
        self,
        upstream: Upstream,
        gate: Gate,
        recorder: Recorder,
        counts: Counts,
        keeping: Keeping,
        *,
        body_bytes: int,
        concurrency: int,
        authorization: str | None = None,
    ) -> None:
        self._upstream, self._gate, self._recorder = upstream, gate, recorder
        self._counts, self._keeping = counts, keeping
        self._bodies = Bodies(body_bytes)
        self._concurrency = concurrency
        self._running = 0
        self._authorization = None if authorization is None else authorization.encode("latin-1")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        try:
            await self._serve(scope, receive, send)
        except Refusal as refusal:
            self._counts.refused(refusal.code)
            await refusal.answer(send)
        except ClientLeft:
            self._counts.refused("client_left")
        except Exception:
            log.exception("a request ended with an error of this program's")
            raise

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path, headers = scope["method"], scope["raw_path"], scope["headers"]
        key = self._gate.check(method, path, headers)
        if not paths.asks_for_speech(method, path):
            self._gate.count(key)
            with self._place():
                self._counts.passed()
                await relay(self._upstream, self._authorization, scope, None, receive, send, Nobody())
            return
        async with self._bodies.whole(headers, receive) as raw:
            body = parse(raw)
            check_length(key, raw, body)
            self._gate.count(key)
            with self._place():
                call = Call(self._recorder, body, _caller(key, scope), self._keeping, self._counts.ended)
                await relay(self._upstream, self._authorization, scope, raw, receive, send, call)

    @contextmanager
    def _place(self) -> Iterator[None]:
        """One of the places at the upstream."""
        if self._running >= self._concurrency:
            message = f"{self._running} requests are being answered, as many as may be. Try again."
            raise Refusal(429, "busy", message, type="rate_limit_error", retry_seconds=_BUSY_SECONDS)
        self._running += 1
        self._counts.running(self._running)
        try:
            yield
        finally:
            self._running -= 1
            self._counts.running(self._running)


def _caller(key: Key | None, scope: Scope) -> Caller:
    client = scope["client"]
    request = first(scope["headers"], b"x-request-id")[:255]
    return Caller(user=None if key is None else key.name, client=client[0] if client else None, request=request or None)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
