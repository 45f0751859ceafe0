"""Whoever finds an address taken is told by whom: by real listeners."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from sidecar.errors import SettingsError
from sidecar.service.http import HttpServer
from sidecar.service.occupied import about
from sidecar.storage.dsn import SqliteDsn

ABOUT = about("run", SqliteDsn(path="/srv/tts/sidecar.db"))


@pytest.fixture
def shipper() -> Iterator[HttpServer]:
    server = listen(0)
    yield server
    server.close()


def listen(port: int, host: str = "127.0.0.1") -> HttpServer:
    return HttpServer(host, port, metrics=lambda accept: (b"", "text/plain"), status=list, about=ABOUT)


def refusal(port: int, host: str = "127.0.0.1") -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        listen(port, host).close()
    return caught.value


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_another_sidecar_is_told_by_its_process_and_database(shipper: HttpServer, host: str) -> None:
    error = refusal(shipper.port, host)
    assert f"another sidecar runs here, at {host}:{shipper.port} (sidecar run, pid {ABOUT['pid']}, " in str(error)
    assert "database sqlite:////srv/tts/sidecar.db)" in str(error)
    assert f"stop it (kill {ABOUT['pid']})" in error.hint
    assert "SIDECAR_LISTEN" in error.hint


@pytest.mark.parametrize("says", ["Server: nginx", "Server: sidecar"])
def test_what_does_not_tell_is_told_apart(says: str) -> None:
    """Another program; and a sidecar that is older, or wants a token."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(f"HTTP/1.0 404 Not Found\r\n{says}\r\n\r\n".encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        error = refusal(server.server_port)
        server.shutdown()
    assert ("another sidecar runs here" if "sidecar" in says else "another program listens") in str(error)
    assert "pid" not in str(error)


def test_what_says_nothing_at_all_is_another_program() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        assert "another program listens" in str(refusal(silent.getsockname()[1]))


def test_an_address_of_another_machine_is_no_occupied_one() -> None:
    error = refusal(0, "192.0.2.1")
    assert "cannot listen on 192.0.2.1:0: Cannot assign requested address" in str(error)


def test_the_database_is_nobody_else_s_business(shipper: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a client of another machine sees it: here every one has the loopback's address."""
    monkeypatch.setattr("sidecar.service.http._THIS_MACHINE", ())
    error = refusal(shipper.port)
    assert "another sidecar runs here" in str(error)
    assert "sidecar.db" not in str(error)


def asked_by_the_installer(address: str, own: int) -> tuple[int, str]:
    """Exit code and words; with nothing but the standard library."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", "sidecar.service.occupied", address, str(own)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_the_installer_asks_before_it_installs(shipper: HttpServer) -> None:
    address = f"127.0.0.1:{shipper.port}"
    code, said = asked_by_the_installer(address, 0)
    assert (code, said.count("\n")) == (1, 1)
    assert "another sidecar runs here" in said
    for free, own in ((address, int(ABOUT["pid"])), ("off", 0), ("127.0.0.1:0", 0), ("[::1]:0", 0)):
        assert asked_by_the_installer(free, own) == (0, "")


@pytest.mark.parametrize("address", ["9790", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000"])
def test_the_installer_is_told_of_an_address_that_is_none(address: str) -> None:
    code, said = asked_by_the_installer(address, 0)
    assert (code, said) == (1, f"the address {address!r} is none. Write HOST:PORT, such as 127.0.0.1:9790, or off.\n")
