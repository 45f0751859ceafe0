"""A stand-in for a speech recogniser: a real HTTP server on 127.0.0.1 that speaks /v1/audio/transcriptions."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Ear:
    """What the server was asked, and what it is to answer."""

    url: str = ""
    says: Callable[[bytes], str] = lambda _: ""
    """From a WAV file to what is said in it."""
    status: int = 200
    body: bytes | None = None
    """In place of an answer."""
    drips: float = 0.0
    """Seconds between two bytes of the answer."""
    asked: list[dict[str, bytes]] = field(default_factory=list)
    """The members of each form."""
    headers: list[dict[str, str]] = field(default_factory=list)


@contextlib.contextmanager
def ear() -> Iterator[Ear]:
    """Run it."""
    told, ended = Ear(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            parts = BytesParser(policy=HTTP).parsebytes(head + raw).iter_parts()
            form = {
                str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
                for part in parts
            }
            told.asked.append(form)  # type: ignore[arg-type]
            told.headers.append(dict(self.headers.items()))
            body = told.body
            if body is None:
                body = json.dumps({"text": told.says(form["file"])}).encode()  # type: ignore[arg-type]
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                for byte in body if told.drips else ():
                    if ended.wait(told.drips):
                        return
                    self.wfile.write(bytes([byte]))
                self.wfile.write(b"" if told.drips else body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}/v1/audio/transcriptions"
    try:
        yield told
    finally:
        ended.set()
        server.shutdown()
        server.server_close()


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.01)
