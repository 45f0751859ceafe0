"""The pages outlive whatever happens to the machine."""

from __future__ import annotations

import http.client
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from sidecar.http import HttpServer


def test_the_pages_come_back_when_threads_can_be_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    server = HttpServer("127.0.0.1", 0, metrics=lambda: (b"1", "text/plain"), status=list)

    def refused(timer: threading.Timer) -> None:
        raise RuntimeError("can't start new thread")

    def ask() -> int:
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)) as connection:
            connection.request("GET", "/metrics")
            return connection.getresponse().status

    try:
        with monkeypatch.context() as short:
            short.setattr(threading.Timer, "start", refused)
            for _ in range(40):
                with pytest.raises((http.client.HTTPException, ConnectionError)):
                    ask()
        assert ask() == 200
    finally:
        server.close()


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts a thread's switches in Linux's /proc")
def test_nothing_wakes_it_while_nobody_asks() -> None:
    server = HttpServer("127.0.0.1", 0, metrics=lambda: (b"1", "text/plain"), status=list)
    try:
        (thread,) = [thread for thread in threading.enumerate() if thread.name == "http"]
        status = Path(f"/proc/self/task/{thread.native_id}/status")
        time.sleep(0.2)
        before = _switches(status)
        time.sleep(1.3)
        assert _switches(status) == before
    finally:
        server.close()


def _switches(status: Path) -> int:
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("voluntary_ctxt_switches")]
    return int(line.split()[1])


def test_it_is_closed_at_once_and_lets_go_of_its_port() -> None:
    server = HttpServer("127.0.0.1", 0, metrics=lambda: (b"1", "text/plain"), status=list)
    threads = {thread for thread in threading.enumerate() if thread.name == "http"}
    server.close()
    assert not any(thread.is_alive() for thread in threads)
    HttpServer("127.0.0.1", server.port, metrics=lambda: (b"1", "text/plain"), status=list).close()
