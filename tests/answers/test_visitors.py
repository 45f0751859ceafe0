"""Clients that only hold their connections, and those who want in beside them."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sidecar.service import serving as server
from tests.answers import scene as scenes
from tests.answers.scene import Scene
from tests.answers.served import library

TOKEN = "a-token-of-some-length"
HALF = b"GET /login HTTP/1.1\r\nHost: a\r\nX-Slow: "
BODILESS = b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\ntoken"
DEADLINE = 20.0  # seconds


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return scenes.make(tmp_path_factory.mktemp("visitors"), count=20, sounds=0)


def hold(port: int, sent: bytes, *, source: str = "127.0.0.1") -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", port), DEADLINE, source_address=(source, 0))
    opened.sendall(sent)
    return opened


def gone(held: socket.socket) -> bool:
    """Whether the server hangs up. Waits for it until the deadline."""
    try:
        while held.recv(65_536):
            continue
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize("sources", [["127.0.0.1"], ["127.0.0.2", "127.0.0.3", "127.0.0.4"]])
@pytest.mark.parametrize("sent", [b"", HALF, BODILESS], ids=["silent", "half a head", "half a body"])
def test_the_owner_gets_in_beside_hundreds_that_only_hold(
    scene: Scene, tmp_path: Path, sources: list[str], sent: bytes
) -> None:
    with library(scene, tmp_path / "log", SIDECAR_WEB_TOKEN=TOKEN) as address, contextlib.ExitStack() as stack:
        port = int(address.rpartition(":")[2])
        for number in range(2 * server.MAX_CONNECTIONS):
            stack.enter_context(hold(port, sent, source=sources[number % len(sources)]))
        with httpx.Client(base_url=address, trust_env=False, timeout=DEADLINE) as client:
            for _ in range(3):
                assert client.get("/api/records", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.fixture
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.Connection, "request_seconds", 0.2)
    monkeypatch.setattr(server.Connection, "stall_seconds", 0.2)


@pytest.fixture
def port() -> Iterator[int]:

    async def much(request: Request) -> Response:
        return PlainTextResponse(b"x" * 50_000_000)

    async def echo(request: Request) -> Response:
        return Response(await request.body())

    app = Starlette(routes=[Route("/much", much), Route("/echo", echo, methods=["POST"])])
    listener = server.listen("127.0.0.1", 0)
    running = uvicorn.Server(server.config(app))
    thread = threading.Thread(target=running.run, args=([listener],))
    thread.start()
    yield listener.getsockname()[1]
    running.should_exit = True
    thread.join()


@pytest.mark.usefixtures("little_patience")
def test_silence_has_an_end(port: int) -> None:
    for sent in (b"", HALF, BODILESS.replace(b"/login", b"/echo")):
        with hold(port, sent) as held:
            assert gone(held), sent


@pytest.mark.usefixtures("little_patience")
def test_an_answer_that_is_not_read_has_an_end(port: int) -> None:
    with hold(port, b"GET /much HTTP/1.1\r\nHost: a\r\n\r\n") as held:
        threading.Event().wait(1)  # reads nothing
        length = 0
        with contextlib.suppress(ConnectionError):
            while part := held.recv(1 << 20):
                length += len(part)
        assert length < 50_000_000


def test_a_patient_client_is_served_whole(port: int) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        for _ in range(3):
            assert client.post("/echo", content=b"y" * 1_000_000).content == b"y" * 1_000_000
            assert len(client.get("/much").content) == 50_000_000
