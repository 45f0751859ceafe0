"""The server behind the proxy: its address, and the connections to it that are kept for the next request."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sidecar.errors import SettingsError
from sidecar.proxy.wire import UpstreamError, UpstreamSilent, Wire

# Below the five seconds after which uvicorn, which most of these servers run on, ends an idle connection: a request
# sent into one that is just being closed would fail.
_IDLE_SECONDS = 3.0
_MAX_IDLE = 100
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    """Where the upstream is."""

    host: str
    port: int
    secure: bool
    base: bytes
    """What its paths begin with; mostly nothing."""

    @property
    def host_header(self) -> bytes:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == _DEFAULT_PORTS["https" if self.secure else "http"]
        return (host if usual else f"{host}:{self.port}").encode("idna" if not host.isascii() else "ascii")

    def __str__(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self.host_header.decode()}{self.base.decode()}"


def parse(url: str) -> Address:
    """
    Raises:
        SettingsError: it is no address of a server.
    """
    hint = "Write http://HOST:PORT or https://HOST:PORT, such as http://127.0.0.1:8000."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingsError(f"SIDECAR_UPSTREAM is no URL: {error}", hint=hint) from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(f"SIDECAR_UPSTREAM is {url!r}", hint=hint)
    if parts.username is not None or parts.password is not None:
        raise SettingsError(
            "SIDECAR_UPSTREAM holds a name or password", hint="Put the upstream's key into SIDECAR_UPSTREAM_KEY."
        )
    secure = parts.scheme == "https"
    base = parts.path.rstrip("/")
    if not base.isascii() or any(character.isspace() for character in base):
        raise SettingsError(f"SIDECAR_UPSTREAM is {url!r}", hint=hint)
    if base.endswith("/v1"):
        raise SettingsError(
            f"SIDECAR_UPSTREAM is {url!r}", hint="Leave /v1 out: what clients ask for begins with it already."
        )
    return Address(parts.hostname, port or _DEFAULT_PORTS[parts.scheme], secure, base.encode())


def trusting(ca: Path | None) -> ssl.SSLContext:
    """The check of the upstream's certificate.

    Args:
        ca: certificates to trust instead of the system's.

    Raises:
        SettingsError: they cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(
            f"SIDECAR_UPSTREAM_CA: {ca} cannot be used: {error.strerror or error}",
            hint="Name a file of PEM certificates that this user may read.",
        ) from error


class Upstream:
    """
    Args:
        address: where it is.
        tls: checks its certificate; None for plain HTTP.
        connect_seconds: how long connecting may take, TLS included.
        silence_seconds: how long it may say nothing before, or within, an answer.
    """

    def __init__(
        self, address: Address, tls: ssl.SSLContext | None, *, connect_seconds: float, silence_seconds: float
    ) -> None:
        self.address = address
        self._tls = tls
        self._connect_seconds = connect_seconds
        self._silence_seconds = silence_seconds
        self._idle: deque[Wire] = deque()
        self.reason = ""
        """Why the last attempt to connect failed; empty where it did not."""

    def idle(self) -> Wire | None:
        """A connection that was kept; None where there is none."""
        now = asyncio.get_running_loop().time()
        while self._idle:
            wire = self._idle.pop()
            if wire.open and now - wire.idle_since < _IDLE_SECONDS:
                return wire
            wire.close()
        return None

    async def connect(self) -> Wire:
        """A new connection.

        Raises:
            UpstreamError: there is none to be had.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_seconds):
                _, wire = await loop.create_connection(
                    lambda: Wire(self._silence_seconds, self._forget),
                    self.address.host,
                    self.address.port,
                    ssl=self._tls,
                    server_hostname=self.address.host if self._tls is not None else None,
                )
        except TimeoutError as error:
            self.reason = f"{self.address} does not answer within {self._connect_seconds:g} s"
            raise UpstreamSilent(self.reason) from error
        except OSError as error:  # ssl.SSLError is one
            said = getattr(error, "verify_message", "") or error.strerror or str(error)
            self.reason = f"{self.address} cannot be reached: {said}"
            raise UpstreamError(self.reason) from error
        self.reason = ""
        return wire

    def release(self, wire: Wire) -> None:
        """The exchange on it is over."""
        if wire.end():
            self._idle.append(wire)
            if len(self._idle) > _MAX_IDLE:
                self._idle.popleft().close()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _forget(self, wire: Wire) -> None:
        if wire in self._idle:
            self._idle.remove(wire)
