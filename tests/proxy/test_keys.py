"""Keys: who gets in, for what, and how much; and that there is no way past them."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from sidecar.cli.main import sidecar as root_command
from tests.proxy import speech
from tests.proxy.scene import DEADLINE, SPEECH, Proxied, Server, events, proxy, speech_server, wait_for_events, written

ASKED: dict[str, Any] = {"model": "m", "voice": "alloy", "input": "hello"}


def sidecar(tmp: Path, *words: str, code: int = 0) -> str:
    """A command about keys; what it said on stdout."""
    done = CliRunner().invoke(root_command, [*words, "--keys-file", str(tmp / "keys.json")])
    assert done.exit_code == code, done.output
    return str(done.stdout if code == 0 else done.stderr).strip()


def add(tmp: Path, name: str, *words: str) -> str:
    return sidecar(tmp, "keys", "add", name, *words)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def locked(upstream: Server, tmp_path: Path) -> Iterator[tuple[Proxied, str]]:
    """A proxy with one key that may only speak, and that key."""
    key = add(tmp_path, "reading-room")
    with proxy(tmp_path, upstream.url) as running:
        yield running, key


def test_the_name_of_the_key_is_the_user(locked: tuple[Proxied, str]) -> None:
    running, key = locked
    with running.client(headers=bearer(key)) as client:
        assert client.post(SPEECH, json=ASKED).status_code == 200
    (event,) = wait_for_events(running.folder, 1)
    assert event.data["caller"]["user"] == "reading-room"
    assert key.encode() not in event.raw


def test_a_key_is_shown_once_and_kept_as_its_hash_in_a_private_file(tmp_path: Path) -> None:
    key = add(tmp_path, "小王", "--per-minute", "30", "--max-characters", "2000")
    path = tmp_path / "keys.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert key not in path.read_text()
    assert len(key) > 40
    shown = sidecar(tmp_path, "keys", "list")
    assert "小王" in shown
    assert "30 a minute" in shown
    assert json.loads(sidecar(tmp_path, "keys", "list", "--json"))["max_characters"] == 2000
    assert re.search("there is a key of that name", sidecar(tmp_path, "keys", "add", "小王", code=2))
    assert re.search("there is no key of that name", sidecar(tmp_path, "keys", "revoke", "nobody", code=2))
    path.chmod(0o666)
    assert "others may write" in sidecar(tmp_path, "keys", "list", code=2)


def test_keys_that_are_made_at_once_are_all_there(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "sidecar", "keys", "add"]
    making = [
        subprocess.Popen([*words, f"n{number}", "--keys-file", str(tmp_path / "keys.json")], stdout=subprocess.DEVNULL)
        for number in range(4)
    ]
    assert [each.wait(DEADLINE) for each in making] == [0] * 4
    assert len(sidecar(tmp_path, "keys", "list", "--json").splitlines()) == 4


def test_a_running_proxy_knows_new_keys_and_forgets_revoked_ones(locked: tuple[Proxied, str], tmp_path: Path) -> None:
    running, key = locked
    other = add(tmp_path, "another")
    with running.client() as client:
        assert client.post(SPEECH, json=ASKED, headers=bearer(other)).status_code == 200
        sidecar(tmp_path, "keys", "revoke", "another")
        assert client.post(SPEECH, json=ASKED, headers=bearer(other)).status_code == 401
        sidecar(tmp_path, "keys", "revoke", "reading-room")
        assert client.post(SPEECH, json=ASKED, headers=bearer(key)).status_code == 401


@pytest.mark.parametrize("break_it", [Path.unlink, lambda path: path.write_text("{"), lambda path: path.chmod(0o622)])
def test_without_a_usable_file_nobody_gets_in(locked: tuple[Proxied, str], tmp_path: Path, break_it: Any) -> None:
    running, key = locked
    break_it(tmp_path / "keys.json")
    with running.client(headers=bearer(key)) as client:
        assert client.post(SPEECH, json=ASKED).status_code == 401
        assert client.get("/v1/models").status_code == 401
    assert httpx.get(f"http://127.0.0.1:{running.metrics}/readyz", trust_env=False).status_code == 503


def test_each_right_opens_what_it_names(upstream: Server, tmp_path: Path) -> None:
    keys = {right: add(tmp_path, right, "--right", right) for right in ("speech", "other", "metrics")}
    allowed = {
        "speech": [("POST", SPEECH)],
        "other": [("GET", "/v1/models"), ("GET", "/metrics")],
        "metrics": [("GET", "/metrics")],
    }
    asked = [("POST", SPEECH), ("POST", "/tts_url"), ("GET", "/v1/models"), ("GET", "/metrics"), ("GET", SPEECH)]
    with proxy(tmp_path, upstream.url) as running, running.client() as client:
        for right, key in keys.items():
            for method, path in asked:
                status = client.request(method, path, json=ASKED, headers=bearer(key)).status_code
                opens = (method, path) in allowed[right] or (right, path) in (("speech", "/tts_url"), ("other", SPEECH))
                opens = opens and not (right == "other" and method == "POST")
                assert (status == 403) is not opens, (right, method, path, status)


def test_too_many_requests_are_told_when_to_come_again(upstream: Server, tmp_path: Path) -> None:
    key = add(tmp_path, "slow", "--per-minute", "3")
    with proxy(tmp_path, upstream.url) as running, running.client(headers=bearer(key)) as client:
        statuses = [client.post(SPEECH, json=ASKED).status_code for _ in range(3)]
        refused = client.post(SPEECH, json=ASKED)
        assert statuses == [200, 200, 200]
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.json()["error"]["code"] == "rate_limit_exceeded"
        assert len(wait_for_events(running.folder, 3)) == 3


LONG = "x" * 11
PAST_THE_LENGTH = [
    json.dumps({"input": LONG}),
    json.dumps({"input": "short", "text": LONG}),
    f'{{"input": "short", "input": "{LONG}"}}',
    f'{{"input": "{LONG}", "input": "short"}}',
    f'{{"input": "short", "\\u0069nput": "{LONG}"}}',
    json.dumps({"input": "short", "extra_body": {"input": LONG}}),
    json.dumps({"extra_body": {"input": LONG}}),
    json.dumps({"input": [LONG]}),
    json.dumps({"input": {"text": LONG}}),
    json.dumps([{"input": LONG}]),
    f'{{"input": "{LONG}", "a": NaN}}',
    "not json",
]


@pytest.mark.parametrize("body", [*map(str.encode, PAST_THE_LENGTH), json.dumps({"input": LONG}).encode("utf-16")])
def test_no_text_is_longer_than_the_key_allows(upstream: Server, tmp_path: Path, body: bytes) -> None:
    key = add(tmp_path, "short", "--max-characters", "10")
    with proxy(tmp_path, upstream.url) as running, running.client(headers=bearer(key)) as client:
        answer = client.post(SPEECH, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] in ("string_above_max_length", "invalid_body")
        assert client.post(SPEECH, json={"input": "x" * 10}).status_code == 200
        assert len(wait_for_events(running.folder, 1)) == 1


def test_a_large_body_and_a_compressed_one_are_refused(upstream: Server, tmp_path: Path) -> None:
    with proxy(tmp_path, upstream.url, proxy_body_bytes="2000") as running, running.client() as client:
        answer = client.post(SPEECH, json={"input": "x" * 2000})
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")
        answer = client.post(SPEECH, content=(b"x" * 500 for _ in range(5)))
        assert answer.status_code == 413
        answer = client.post(SPEECH, content=b"x", headers={"Content-Encoding": "gzip"})
        assert answer.status_code == 415
        assert client.post(SPEECH, json=ASKED).status_code == 200


def test_no_more_requests_than_allowed_run_at_once(upstream: Server, tmp_path: Path) -> None:
    with (
        proxy(tmp_path, upstream.url, proxy_concurrency="1") as running,
        running.client() as client,
        socket.create_connection(("127.0.0.1", running.port)) as raw,
    ):
        raw.sendall(written({**ASKED, "hang": True}))
        until = time.monotonic() + DEADLINE
        while (answer := client.get("/v1/models")).status_code == 200:
            assert time.monotonic() < until
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "1"


def test_without_keys_only_this_machine_is_served(upstream: Server, tmp_path: Path) -> None:
    with proxy(tmp_path, upstream.url) as running, running.client() as client:
        assert client.get("/v1/models", headers={"Host": "tts.example.org"}).status_code == 421
        assert client.get("/v1/models", headers={"Host": "localhost:9793"}).status_code == 200
    done = CliRunner().invoke(
        root_command, ["proxy", "--proxy-listen", "0.0.0.0:0", "--keys-file", str(tmp_path / "none")]
    )
    assert done.exit_code == 2
    assert "sidecar keys add" in done.stderr


BODY = json.dumps({"input": "stolen"}).encode()
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
WITHOUT_A_KEY = {
    "nothing": (b"POST /v1/audio/speech", LENGTH),
    "empty": (b"POST /v1/audio/speech", LENGTH + b"Authorization:\r\n"),
    "no secret": (b"POST /v1/audio/speech", LENGTH + b"Authorization: Bearer \r\n"),
    "another": (b"POST /v1/audio/speech", LENGTH + b"Authorization: Bearer sk-sidecar-x\r\n"),
    "bytes": (b"POST /v1/audio/speech", LENGTH + b"Authorization: Bearer \xff\xfe\r\n"),
    "basic": (b"POST /v1/audio/speech", LENGTH + b"Authorization: Basic %KEY%\r\n"),
    "bare": (b"POST /v1/audio/speech", LENGTH + b"Authorization: %KEY%\r\n"),
    "twice": (b"POST /v1/audio/speech", LENGTH + b"Authorization: Bearer %KEY%\r\nAuthorization: Bearer x\r\n"),
    "twice the same": (b"POST /v1/audio/speech", LENGTH + b"Authorization: Bearer %KEY%\r\n" * 2),
    "a list": (b"POST /v1/audio/speech", LENGTH + b"Authorization: Bearer x, Bearer %KEY%\r\n"),
    "in the query": (b"POST /v1/audio/speech?api_key=%KEY%&Authorization=Bearer%20%KEY%", LENGTH),
    "another header": (b"POST /v1/audio/speech", LENGTH + b"X-Api-Key: %KEY%\r\nApi-Key: %KEY%\r\n"),
    "a cookie": (b"POST /v1/audio/speech", LENGTH + b"Cookie: Authorization=Bearer %KEY%\r\n"),
    "absolute": (b"POST http://127.0.0.1/v1/audio/speech", LENGTH),
    "absolute elsewhere": (b"POST http://example.org/v1/audio/speech", LENGTH),
    "preflight with a body": (
        b"OPTIONS /v1/audio/speech",
        LENGTH + b"Origin: http://a\r\nAccess-Control-Request-Method: POST\r\n",
    ),
    "a method over another": (
        b"OPTIONS /v1/audio/speech",
        LENGTH + b"X-HTTP-Method-Override: POST\r\n",
    ),
}


def raw_answer(port: int, sent: bytes) -> bytes:
    """Everything that comes back on one connection."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as opened:
        opened.sendall(sent)
        opened.settimeout(2)
        came = b""
        try:
            while part := opened.recv(65_536):
                came += part
                if re.search(rb"\r\n\r\n.*}$", came, re.DOTALL):
                    break
        except (TimeoutError, ConnectionError):
            pass
    return came


def spoken(server: Server) -> dict[str, int]:
    """What the speech server was asked, by method and path."""
    counts: dict[str, int] = httpx.get(f"{server.url}/seen", trust_env=False).json()["seen"]
    return {name: count for name, count in counts.items() if name not in ("GET /seen", "left")}


@pytest.fixture(scope="module")
def fortress(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Proxied, dict[str, str]]]:
    """A speech server that nobody else asks, a proxy with keys, and these by their right."""
    tmp = tmp_path_factory.mktemp("fortress")
    keys = {right: add(tmp, right, "--right", right) for right in ("speech", "other", "metrics")}
    with (
        speech_server(tmp) as server,
        proxy(tmp, server.url, proxy_request_seconds="1.5", upstream_silence_seconds="5") as running,
    ):
        yield server, running, keys


@pytest.mark.parametrize("name", WITHOUT_A_KEY)
def test_there_is_no_way_past_the_keys(fortress: tuple[Server, Proxied, dict[str, str]], name: str) -> None:
    server, running, keys = fortress
    line, headers = (part.replace(b"%KEY%", keys["speech"].encode()) for part in WITHOUT_A_KEY[name])
    before = spoken(server)
    came = raw_answer(running.port, line + b" HTTP/1.1\r\nHost: localhost\r\n" + headers + b"\r\n" + BODY)
    assert re.match(rb"HTTP/1.1 (401|400) ", came), came
    assert spoken(server) == before


DISGUISES = [
    b"//v1/audio/speech",
    b"/v1//audio/speech",
    b"/v1/audio/speech/",
    b"/v1/audio/speech//",
    b"/v1/audio/%73peech",
    b"/v1/audio%2Fspeech",
    b"/v1/audio%2fspeech",
    b"/%76%31/audio/speech",
    b"/v1/audio/%2573peech",
    b"/v1/audio/./speech",
    b"/v1/audio/x/../speech",
    b"/v1/audio/x/%2e%2e/speech",
    b"/V1/Audio/Speech",
    b"/v1/audio/speech;x=1",
    b"/v1/audio/speech%00",
    b"/v1/audio/speech%20",
    b"/v1\\audio\\speech",
    b"/v1/audio/speech%3Fx",
    b"/v1/audio/speech%23x",
    b"/TTS_url",
]


@pytest.mark.parametrize("path", DISGUISES)
def test_a_key_for_other_paths_does_not_speak(fortress: tuple[Server, Proxied, dict[str, str]], path: bytes) -> None:
    server, running, keys = fortress
    before = spoken(server)
    head = b" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + keys["other"].encode() + b"\r\n"
    came = raw_answer(running.port, b"POST " + path + head + LENGTH + b"\r\n" + BODY)
    assert re.match(rb"HTTP/1.1 (400|404) ", came), came
    assert spoken(server) == before


@pytest.mark.parametrize("method", [b"post", b"Post", b"PROPFIND", b"CONNECT", b"TRACE"])
def test_methods_that_a_lax_server_might_take_for_another_go_nowhere(
    fortress: tuple[Server, Proxied, dict[str, str]], method: bytes
) -> None:
    server, running, keys = fortress
    before = spoken(server)
    head = b" /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + keys["other"].encode() + b"\r\n"
    came = raw_answer(running.port, method + head + LENGTH + b"\r\n" + BODY)
    assert re.match(rb"HTTP/1.1 (400|501) ", came), came
    assert spoken(server) == before


HIDDEN = b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\n" + LENGTH + b"\r\n" + BODY
SMUGGLED = {
    "length and chunks": b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + HIDDEN,
    "two lengths": b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "a list of lengths": b"Content-Length: 0, %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "a signed length": b"Content-Length: +0\r\n\r\n" + HIDDEN,
    "another encoding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "two encodings": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a blank before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a folded line": b"X-A: b\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n" + HIDDEN,
    "a bare line end": b"X-A: b\nContent-Length: 0\n\n" + HIDDEN,
    "an extension": b"Transfer-Encoding: chunked\r\n\r\n0;a=\r\n\r\n" + HIDDEN,
    "a bare end in a chunk": b"Transfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n" + HIDDEN,
    "a wrong end of a chunk": b"Transfer-Encoding: chunked\r\n\r\n1\r\nxyz0\r\n\r\n" + HIDDEN,
    "a huge chunk": b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + HIDDEN,
    "pipelined": b"Content-Length: 0\r\n\r\n" + HIDDEN,
    "an upgrade": b"Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\nContent-Length: 0\r\n\r\n" + HIDDEN,
    "a websocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n" + HIDDEN,
    "a header with an end": b"X-A: b\rTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n" + HIDDEN,
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_a_request_hidden_in_another_is_not_spoken(fortress: tuple[Server, Proxied, dict[str, str]], name: str) -> None:
    """The outer request shows a key that may not speak; the inner one shows none."""
    server, running, keys = fortress
    before = spoken(server)
    head = b"POST /v1/audio/voices HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + keys["other"].encode()
    raw_answer(running.port, head + b"\r\n" + SMUGGLED[name])
    after = spoken(server)
    assert after.get(f"POST {SPEECH}", 0) == before.get(f"POST {SPEECH}", 0)


SLOW = {
    "a head": [b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\n"] + [b"X-A: b\r\n"] * 100,
    "a body": [b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %KEY%\r\n"]
    + [b"Content-Length: 5000\r\n\r\n"]
    + [b"x"] * 100,
}


@pytest.mark.parametrize("name", SLOW)
def test_a_client_that_dribbles_is_hung_up_on(fortress: tuple[Server, Proxied, dict[str, str]], name: str) -> None:
    server, running, keys = fortress
    before = spoken(server)
    with socket.create_connection(("127.0.0.1", running.port), DEADLINE) as opened:
        opened.settimeout(0.1)
        hung_up = any(dribbled(opened, part.replace(b"%KEY%", keys["speech"].encode())) for part in SLOW[name])
    assert hung_up
    assert spoken(server) == before


def dribbled(opened: socket.socket, part: bytes) -> bool:
    """Send a little, and wait a little; whether the other side has hung up."""
    try:
        opened.sendall(part)
        return opened.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_a_huge_head_is_refused(fortress: tuple[Server, Proxied, dict[str, str]]) -> None:
    _, running, keys = fortress
    with running.client(headers=bearer(keys["speech"])) as client:
        with pytest.raises(httpx.HTTPError):
            client.post(SPEECH, json=ASKED, headers={"X-Huge": "x" * 2_000_000}).raise_for_status()
        assert client.post(SPEECH, json=ASKED).content == speech.audio(ASKED)


def test_nothing_of_this_left_a_record_that_it_should_not(fortress: tuple[Server, Proxied, dict[str, str]]) -> None:
    _, running, _ = fortress
    assert {event.data["text"] for event in events(running.folder)} <= {"hello"}
