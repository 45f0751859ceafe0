"""The library's HTTP server: uvicorn, with the patience that it has not.

uvicorn waits without end for the first byte of a request, for the rest of its head and body, and for a client that does
not read its answer; and past its limit it turns everybody away. Here silence has a limit, and whoever comes last
gets the place of the connection that has been silent longest.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from sidecar.service.occupied import share_nothing

REQUEST_SECONDS = 20.0
"""Seconds from a connection's first sign, or from its first byte after an answer, until its request is complete."""
STALL_SECONDS = 60.0
"""Seconds that a client may read nothing of its answer. A browser asks again for the rest of what it plays."""
_ELSEWHERE = ("192.0.2.1", 9)  # an address of documentation, RFC 5737
MAX_CONNECTIONS = 200
MAX_CONNECTIONS_A_CLIENT = 100
"""Connections from one address. Less than all: nobody keeps the others out."""


def reachable(host: str) -> str:
    """How others name in a URL what listens on this address: for 0.0.0.0 it is this machine's own."""
    if host not in ("0.0.0.0", "::"):
        return f"[{host}]" if ":" in host else host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)  # sends nothing; only chooses the way there
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()


def listen(host: str, port: int) -> socket.socket:
    """
    Args:
        host: the address to listen on.
        port: 0 for a free one.

    Raises:
        OSError: it cannot be listened on.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    share_nothing(listener)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def serve(app: Starlette, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Answer requests until the process is told to end (SIGTERM, or SIGINT, which is raised again at the end).

    Args:
        ready: called when requests are answered, and Ctrl-C ends it properly.
    """

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    Server(config(app)).run(sockets=[listener])


def config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        headers=[("Server", "sidecar")],  # as sidecar.service.occupied knows our own
    )


class Connection(H11Protocol):
    """One connection of a client."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._silence: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._since = self.loop.time()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()
        self._make_room()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._since = self.loop.time()
        self._stop_watching()  # until the next byte, uvicorn's own limit for idle connections counts

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        self.resume_writing()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    @property
    def waits(self) -> bool:
        """Whether it is the client's turn: no request is there, or not the whole of one."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def _watch(self) -> None:
        if not self.waits:
            self._stop_watching()
        elif self._silence is None:
            self._silence = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _stop_watching(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

    def _make_room(self) -> None:
        """Where there are too many, the connection that has waited for its client longest goes; this one, where all
        are being answered.
        """
        everybody = [one for one in self.connections if isinstance(one, Connection)]
        mine = [one for one in everybody if one._address == self._address]
        if len(mine) > MAX_CONNECTIONS_A_CLIENT:
            crowd = mine
        elif len(everybody) > MAX_CONNECTIONS:
            crowd = everybody
        else:
            return
        waiting = [one for one in crowd if one.waits and one is not self]
        leaves = min(waiting, key=lambda one: one._since, default=self)
        self.connections.discard(leaves)
        leaves.transport.abort()

    @property
    def _address(self) -> str | None:
        return self.client[0] if self.client else None
