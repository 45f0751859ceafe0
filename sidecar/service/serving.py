"""An HTTP server for people's requests: uvicorn, with the patience that it has not.

uvicorn waits without end for the first byte of a request, for the rest of its head and body, and for a client that does
not read its answer; and past its limit it turns everybody away. Here silence has a limit, and whoever comes last
gets the place of the connection that has been silent longest.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sidecar.service.occupied import SERVER, share_nothing

REQUEST_SECONDS = 20.0
"""Seconds from a connection's first sign, or from its first byte after an answer, until its request is complete."""
STALL_SECONDS = 60.0
"""Seconds that a client may read nothing of its answer. A browser asks again for the rest of what it plays."""
_ELSEWHERE = ("192.0.2.1", 9)  # an address of documentation, RFC 5737
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
"""What answers requests (ASGI)."""
MAX_CONNECTIONS = 200
MAX_CONNECTIONS_A_CLIENT = 100
"""Connections from one address. Less than all: nobody keeps the others out."""


EVERYWHERE = ("0.0.0.0", "::")
"""What is listened on to be reached by each of the machine's addresses."""


def is_loopback(host: str) -> bool:
    """Whether the address can be reached from this machine alone."""
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def reachable(host: str) -> str:
    """How others name in a URL what listens on this address: for 0.0.0.0 it is this machine's own."""
    if host not in EVERYWHERE:
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
    # Of a socket that does not say TCP, asyncio does not switch off the wait for more to send: 40 ms at each answer's
    # second piece.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    share_nothing(listener)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def serve(
    app: App,
    listener: socket.socket,
    ready: Callable[[], None],
    connection: type[Connection] | None = None,
    leaving: Callable[[], None] | None = None,
    **options: Any,
) -> None:
    """Answer requests until the process is told to end (SIGTERM, or SIGINT, which is raised again at the end).

    Args:
        ready: called when requests are answered, and Ctrl-C ends it properly.
        connection: what holds one client; Connection, unless given.
        leaving: called when the process was told to end, before answers that have begun are waited for: those that
            would never end by themselves are to be ended here.
        options: of uvicorn's, in the place of those below.
    """

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            if leaving is not None:
                leaving()
            await super().shutdown(sockets)

    Server(config(app, connection, **options)).run(sockets=[listener])


def config(app: App, connection: type[Connection] | None = None, **options: Any) -> uvicorn.Config:
    """uvicorn's settings; the arguments are those of serve."""
    ours: dict[str, Any] = {
        "http": connection or Connection,
        "ws": "none",
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "headers": [("Server", SERVER)],  # as sidecar.service.occupied knows our own
    }
    return uvicorn.Config(app, **ours | options)


class Connection(H11Protocol):
    """One connection of a client. A subclass may be more patient, or let more in."""

    request_seconds = REQUEST_SECONDS
    stall_seconds = STALL_SECONDS
    max_connections = MAX_CONNECTIONS
    max_connections_a_client = MAX_CONNECTIONS_A_CLIENT

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
        self._stall = self.loop.call_later(self.stall_seconds, self.transport.abort)

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
            self._silence = self.loop.call_later(self.request_seconds, self.transport.abort)

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
        if len(mine) > self.max_connections_a_client:
            crowd = mine
        elif len(everybody) > self.max_connections:
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
