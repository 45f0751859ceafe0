"""The pages outlive whatever happens to the machine."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sidecar.service.http import HttpServer
from sidecar.service.metrics.catalogue import Metrics


@pytest.fixture
def server() -> Iterator[HttpServer]:
    server = _listen()
    yield server
    server.close()


def _listen(host: str = "127.0.0.1", port: int = 0) -> HttpServer:
    return HttpServer(host, port, metrics=lambda accept: (b"1", "text/plain"), status=list, about={"pid": 1})


def test_the_pages_come_back_when_threads_can_be_started_again(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(timer: threading.Timer) -> None:
        raise RuntimeError("can't start new thread")

    def ask() -> int:
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)) as connection:
            connection.request("GET", "/metrics")
            return connection.getresponse().status

    with monkeypatch.context() as short:
        short.setattr(threading.Timer, "start", refused)
        for _ in range(40):
            with pytest.raises((http.client.HTTPException, ConnectionError)):
                ask()
    assert ask() == 200


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts a thread's switches in Linux's /proc")
@pytest.mark.slow
def test_nothing_wakes_it_while_nobody_asks(server: HttpServer) -> None:
    status = Path(f"/proc/self/task/{_thread().native_id}/status")
    time.sleep(0.2)
    before = _switches(status)
    time.sleep(1.3)
    assert _switches(status) == before


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", ""])
def test_it_is_closed_at_once_and_lets_go_of_its_port(host: str) -> None:
    server = _listen(host)
    thread = _thread()
    server.close()
    assert not thread.is_alive()
    _listen(host, server.port).close()


def _thread() -> threading.Thread:
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "http"]
    return thread


def _switches(status: Path) -> int:
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("voluntary_ctxt_switches")]
    return int(line.split()[1])


def test_the_metrics_page_hears_what_the_client_accepts() -> None:
    metrics = Metrics()
    server = HttpServer("127.0.0.1", 0, metrics=metrics.exposition, status=list, about={"pid": 1})
    try:
        told = {}
        for accepted in ("", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"):
            with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)) as connection:
                connection.request("GET", "/metrics", headers={"Accept": accepted})
                answer = connection.getresponse()
                told[accepted] = (answer.headers["Content-Type"].partition(";")[0], answer.read().endswith(b"# EOF\n"))
        assert list(told.values()) == [("text/plain", False), ("application/openmetrics-text", True)]
    finally:
        server.close()
