"""One request and its answer on their way through: bytes as they come, each side's end is the other's."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any, Protocol

from sidecar.proxy.headers import Headers, to_client, to_upstream
from sidecar.proxy.refusal import Refusal
from sidecar.proxy.upstream import Upstream
from sidecar.proxy.wire import ClientGone, Head, UpstreamError, Wire
from sidecar.service.serving import Receive, Send

Scope = MutableMapping[str, Any]


class Watching(Protocol):
    """What looks on: the record of a call, or nobody."""

    def answered(self, status: int, headers: Headers) -> None: ...

    def chunk(self, data: bytes) -> None: ...

    def succeeded(self) -> None: ...

    def failed(self, kind: str, message: str) -> None: ...

    def abandoned(self) -> None: ...


class Nobody:
    """Of a request that is not recorded."""

    def answered(self, status: int, headers: Headers) -> None: ...

    def chunk(self, data: bytes) -> None: ...

    def succeeded(self) -> None: ...

    def failed(self, kind: str, message: str) -> None: ...

    def abandoned(self) -> None: ...


async def relay(
    upstream: Upstream,
    authorization: bytes | None,
    scope: Scope,
    body: bytes | None,
    receive: Receive,
    send: Send,
    watching: Watching,
) -> None:
    """Pass a request on and its answer back. Returns with the answer incomplete where the upstream broke off within
    it: the client's connection is to be ended then, as the upstream's was.

    Args:
        body: what is read of the request already, which is all; None where it goes through as it comes.
        watching: told of everything.
    """
    try:
        wire = await _connected(upstream, receive if body is not None else None)
    except ClientGone:
        watching.abandoned()
        return
    except UpstreamError as error:
        watching.failed(type(error).__name__, str(error))
        await _refusal(error, upstream).answer(send)
        return
    _send_head(wire, upstream, authorization, scope, body)
    pump = asyncio.create_task(_pump(wire, scope, body, receive))
    started = False
    try:
        head = await wire.head()
        watching.answered(head.status, head.headers)
        started = True
        await send({"type": "http.response.start", "status": head.status, "headers": _headers(head)})
        while chunk := await wire.read():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            watching.chunk(chunk)
        pump.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        watching.succeeded()
    except ClientGone:
        watching.abandoned()
    except UpstreamError as error:
        pump.cancel()
        watching.failed(type(error).__name__, str(error))
        if not started:
            await _refusal(error, upstream).answer(send)
    except asyncio.CancelledError:
        watching.failed("Stopped", "the proxy was stopped, and waited for this answer as long as it was told to")
        raise
    except Exception as error:
        watching.failed(type(error).__name__, f"an error of this program's: {error}")
        raise
    finally:
        pump.cancel()
        upstream.release(wire)


async def _connected(upstream: Upstream, receive: Receive | None) -> Wire:
    """A connection to the upstream, unless the client hangs up before there is one.

    Raises:
        UpstreamError: there is none to be had.
        ClientGone: the client hung up.
    """
    wire = upstream.idle()
    if wire is not None:
        return wire
    if receive is None:
        return await upstream.connect()
    connecting = asyncio.ensure_future(upstream.connect())
    leaving = asyncio.ensure_future(receive())
    try:
        await asyncio.wait({connecting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if leaving.done() and not connecting.done():
            raise ClientGone
        return await connecting
    finally:
        leaving.cancel()
        if not connecting.done():
            connecting.cancel()


def _send_head(wire: Wire, upstream: Upstream, authorization: bytes | None, scope: Scope, body: bytes | None) -> None:
    address, query = upstream.address, scope["query_string"]
    headers = to_upstream(scope["headers"], address.host_header, authorization)
    if body is not None:
        headers = [header for header in headers if header[0] != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
    elif _is_chunked(scope):
        headers.append((b"transfer-encoding", b"chunked"))
    target = address.base + scope["raw_path"] + (b"?" + query if query else b"")
    wire.send_head(scope["method"].encode(), target, headers, body or b"")


async def _pump(wire: Wire, scope: Scope, body: bytes | None, receive: Receive) -> None:
    """The client's side: its body, where it is not sent already, then its end."""
    if body is None:
        chunked = _is_chunked(scope)
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                wire.abandon()
                return
            part, more = message.get("body", b""), message.get("more_body", False)
            if part:
                await wire.send(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
        if chunked:
            await wire.send(b"0\r\n\r\n")
    wire.sent()
    while (await receive())["type"] != "http.disconnect":
        continue
    wire.abandon()


def _is_chunked(scope: Scope) -> bool:
    return any(name == b"transfer-encoding" for name, _ in scope["headers"])


def _headers(head: Head) -> list[tuple[bytes, bytes]]:
    return to_client(head.headers)


def _refusal(error: UpstreamError, upstream: Upstream) -> Refusal:
    """What clients are told: where the server is, is for the record alone."""
    said = str(error).replace(str(upstream.address), "the speech server")
    message = f"{said[0].upper()}{said[1:]}. Is it running? SIDECAR_UPSTREAM names it."
    return Refusal(error.status, error.code, message, type="server_error")
