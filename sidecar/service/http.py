"""/metrics, /healthz, /readyz and /about, for Prometheus and for whoever supervises the process.

Served by a few threads of the standard library's server, each connection with a deadline, so that a slow or hostile
client costs a thread for seconds and the shipping nothing.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sidecar.service.occupied import PAGE, SERVER, refused

Page = Callable[[str], tuple[int, str, bytes]]
"""Makes an answer for who accepts that: status, content type, body."""

_MAX_CONNECTIONS = 32
_CONNECTION_SECONDS = 10.0
_THIS_MACHINE = ("127.0.0.1", "::1")
_TEXT = "text/plain; charset=utf-8"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = sys.platform != "win32"  # there it would let two listen
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], pages: dict[str, Page]) -> None:
        self.pages = pages
        self._slots = threading.BoundedSemaphore(_MAX_CONNECTIONS)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._slots.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread could be started
            self._slots.release()
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        # The whole connection has a deadline, not each read: a byte a second must not hold a thread for ever.
        deadline = threading.Timer(_CONNECTION_SECONDS, _hang_up, [request])
        deadline.daemon = True
        try:
            deadline.start()
            super().process_request_thread(request, client_address)
        except RuntimeError:  # no thread could be started for the deadline
            self.shutdown_request(request)
        finally:
            deadline.cancel()
            self._slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up halfway is not worth a traceback in the log."""


def _hang_up(request: socket.socket) -> None:
    try:
        request.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # closed meanwhile


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = SERVER
    sys_version = ""
    timeout = _CONNECTION_SECONDS

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        page = self.server.pages.get(path)
        if path == PAGE and self.client_address[0] not in _THIS_MACHINE:
            page = None  # where the database is concerns nobody else
        status, content_type, body = (
            page(self.headers.get("Accept", "")) if page else (404, _TEXT, b"not found; try /metrics\n")
        )
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Scrapes are not worth a line in the log."""


class HttpServer:
    """
    Args:
        host: address to listen on.
        port: 0 for a free one.
        metrics: makes the metrics page and its content type for an Accept header.
        status: makes the reasons why the process is not ready; none where it is.
        about: told to whoever finds the address taken; see sidecar.service.occupied.
        setting: where the address comes from, for whoever must choose another.

    Raises:
        SettingsError: the address cannot be listened on.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        metrics: Callable[[str], tuple[bytes, str]],
        status: Callable[[], list[str]],
        about: Mapping[str, str | int],
        setting: str = "SIDECAR_LISTEN in .env, where `sidecar status` reads it too",
    ) -> None:
        def metrics_page(accept: str) -> tuple[int, str, bytes]:
            body, content_type = metrics(accept)
            return 200, content_type, body

        def ready_page(_: str) -> tuple[int, str, bytes]:
            reasons = status()
            text = "\n".join(reasons) if reasons else "ready"
            return (503 if reasons else 200), _TEXT, f"{text}\n".encode()

        pages: dict[str, Page] = {
            "/metrics": metrics_page,
            "/healthz": lambda _: (200, _TEXT, b"alive\n"),
            "/readyz": ready_page,
            PAGE: lambda _: (200, "application/json", json.dumps(about).encode()),
        }
        try:
            self._server = _Server((host, port), pages)
        except (OSError, OverflowError) as error:
            raise refused((host, port), error, setting) from error
        self.port: int = self._server.server_address[1]
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        # Without a timeout: serve_forever looks twice a second whether to end, more than all else an idle shipper does.
        while not self._closing:
            self._server.handle_request()

    def close(self) -> None:
        self._closing = True
        with contextlib.suppress(OSError):  # one more request wakes it
            socket.create_connection(self._server.socket.getsockname()[:2], timeout=_CONNECTION_SECONDS).close()
        self._thread.join(_CONNECTION_SECONDS)
        self._server.server_close()
