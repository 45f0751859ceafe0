"""What goes through the proxy is not changed, and is recorded."""

from __future__ import annotations

import base64
import hashlib
import itertools
import socket
import time
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import indextts_patch.options
import indextts_patch.recorder
from sidecar import __version__
from sidecar.event.names import media_type_of
from sidecar.event.types import FAILED, INTERRUPTED, SUCCEEDED
from tests.proxy import sounds, speech
from tests.proxy.scene import DEADLINE, SPEECH, Proxied, Server, events, proxy, speech_server, wait_for_events, written

ASKED: dict[str, Any] = {"model": "IndexTTS-2", "voice": "alloy", "input": "欢迎使用，good evening.", "speed": 1.25}


def test_a_wav_is_recorded_as_it_was_heard(proxied: Proxied) -> None:
    with proxied.client() as client:
        answer = client.post(SPEECH, json=ASKED, headers={"X-Request-Id": "r-1"})
    assert answer.status_code == 200
    assert answer.content == speech.audio(ASKED)
    (event,) = wait_for_events(proxied.folder, 1)
    assert event.type == SUCCEEDED
    assert event.subject == event.id
    assert event.source.split("/")[3].startswith("proxy-")
    data = event.data
    assert (data["text"], data["voice"]["path"], data["model"]["name"]) == (ASKED["input"], "alloy", "IndexTTS-2")
    assert data["params"]["requested"] == {"model": "IndexTTS-2", "voice": "alloy", "speed": 1.25}
    assert data["caller"] == {"user": None, "client": None, "request": "r-1"}
    audio = data["audio"]
    assert audio["sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert (audio["bytes"], audio["format"], audio["sample_rate"]) == (len(answer.content), "wav", sounds.RATE)
    assert (audio["samples"], audio["duration"], audio["channels"]) == (2400, 0.1, 1)
    timing = data["timing"]
    assert 0 < timing["first_chunk"] <= timing["wall"]
    assert timing["rtf"] == pytest.approx(timing["wall"] / 0.1, abs=1e-5)
    assert data["recorder"] == f"sidecar proxy {__version__}"
    assert data["warnings"] == []


@pytest.mark.parametrize("streamed", [{}, {"stream": True}, {"stream": True, "piece_bytes": 1, "samples": 1100}])
@pytest.mark.parametrize("kind", ["wav", "mp3", "pcm", "flac", "aac", "opus"])
def test_every_format_passes_byte_for_byte_and_tells_its_length(
    proxied: Proxied, kind: str, streamed: dict[str, Any]
) -> None:
    asked = {**ASKED, "response_format": kind, "samples": 5760, **streamed}
    with proxied.client() as client:
        answer = client.post(SPEECH, json=asked)
    assert answer.content == speech.audio(asked)
    assert answer.headers["content-type"] == speech.TYPES[kind]
    (event,) = wait_for_events(proxied.folder, 1)
    audio = event.data["audio"]
    assert audio["sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert audio["format"] == kind
    count = asked["samples"]
    length = {
        "mp3": count // 576 * 576 / sounds.RATE,
        "aac": count // 1024 * 1024 / sounds.RATE,
        "opus": count / 48_000,
    }.get(kind, count / sounds.RATE)
    if kind == "pcm":
        assert "duration" not in audio
        assert "rate" in event.data["warnings"][0]
    elif length:
        assert audio["duration"] == pytest.approx(length, abs=1e-6)


@pytest.mark.parametrize(("wanted", "ending"), [("mp4", "mp4"), ("webm", "webm"), ("xyz", "bin"), (None, "bin")])
def test_what_is_kept_has_a_name_that_the_library_knows(
    upstream: Server, tmp_path: Path, wanted: str | None, ending: str
) -> None:
    asked = {**ASKED, "said": "something else than any audio", "content_type": "audio/x-other"}
    with proxy(tmp_path, upstream.url, proxy_audio="keep") as running, running.client() as client:
        client.post(SPEECH, json={**asked, "response_format": wanted} if wanted else asked)
        (event,) = wait_for_events(running.folder, 1)
    path = event.data["audio"]["path"]
    assert path.endswith(f".{ending}")
    assert media_type_of(path) is not None


def test_server_sent_events_pass_as_they_are_and_are_understood(proxied: Proxied) -> None:
    asked = {**ASKED, "stream_format": "sse", "response_format": "wav", "samples": 24_000, "pieces": 7}
    with proxied.client() as client:
        answer = client.post(SPEECH, json=asked)
    content = speech.audio(asked)
    assert answer.content == b"".join(speech.events(content, 7))
    (event,) = wait_for_events(proxied.folder, 1)
    audio = event.data["audio"]
    assert audio["sha256"] == hashlib.sha256(content).hexdigest()
    assert (audio["bytes"], audio["duration"]) == (len(content), 1.0)
    assert event.data["warnings"] == []


def test_an_error_among_the_events_is_a_failure(proxied: Proxied) -> None:
    with proxied.client() as client:
        client.post(SPEECH, json={**ASKED, "stream_format": "sse", "event_error": "out of memory"})
    (event,) = wait_for_events(proxied.folder, 1)
    assert (event.type, event.data["error"]["message"]) == (FAILED, "out of memory")


def test_bytes_come_when_the_server_sends_them(proxied: Proxied) -> None:
    asked = {**ASKED, "stream": True, "pieces": 4, "gap": 0.25, "response_format": "pcm"}
    with proxied.client() as client, client.stream("POST", SPEECH, json=asked) as answer:
        came = [time.monotonic() for _ in answer.iter_raw()]
    gaps = [later - earlier for earlier, later in itertools.pairwise(came)]
    assert len(came) == 4
    assert min(gaps) > 0.1


@pytest.mark.parametrize("status", [400, 404, 422, 429, 500, 503])
def test_a_failure_passes_as_it_is_and_is_recorded(proxied: Proxied, upstream: Server, status: int) -> None:
    asked = {**ASKED, "status": status}
    with proxied.client() as client:
        through = client.post(SPEECH, json=asked)
    direct = httpx.post(upstream.url + SPEECH, json=asked, trust_env=False)
    assert (through.status_code, through.content) == (status, direct.content)
    (event,) = wait_for_events(proxied.folder, 1)
    assert event.type == FAILED
    assert event.data["error"]["type"] == f"HTTP {status}"
    assert event.data["error"]["message"] == f"no: {ASKED['input']}"


def test_an_upstream_that_is_not_there_is_told_in_openais_form(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = probe.getsockname()[1]
    with proxy(tmp_path, f"http://127.0.0.1:{nobody}") as running:
        with running.client() as client:
            answer = client.post(SPEECH, json=ASKED)
            assert client.get("/v1/models").status_code == 502
        assert answer.status_code == 502
        error = answer.json()["error"]
        assert (error["type"], error["code"]) == ("server_error", "upstream_unavailable")
        assert "SIDECAR_UPSTREAM" in error["message"]
        (event,) = wait_for_events(running.folder, 1)
        assert event.data["error"]["type"] == "UpstreamError"
        assert httpx.get(f"http://127.0.0.1:{running.metrics}/readyz", trust_env=False).status_code == 503


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("dies", [0, 1, 44, 1000])
def test_an_upstream_that_dies_within_its_answer_ends_the_clients(proxied: Proxied, streamed: bool, dies: int) -> None:
    asked = {**ASKED, "die": dies, "stream": streamed}
    got: list[bytes] = []
    with (
        proxied.client() as client,
        client.stream("POST", SPEECH, json=asked) as answer,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        got.extend(answer.iter_raw())
    assert b"".join(got) == speech.audio(asked)[:dies]
    (event,) = wait_for_events(proxied.folder, 1)
    assert (event.type, event.data["error"]["type"]) == (FAILED, "UpstreamBroken")


def test_an_answer_that_ends_with_its_connection_is_whole(proxied: Proxied) -> None:
    asked = {**ASKED, "until_close": True}
    with proxied.client() as client:
        assert client.post(SPEECH, json=asked).content == speech.audio(asked)
    (event,) = wait_for_events(proxied.folder, 1)
    assert event.type == SUCCEEDED


def test_a_silent_upstream_is_given_up(upstream: Server, tmp_path: Path) -> None:
    with proxy(tmp_path, upstream.url, upstream_silence_seconds="0.3") as running:
        with running.client() as client:
            answer = client.post(SPEECH, json={**ASKED, "hang": True})
        assert (answer.status_code, answer.json()["error"]["code"]) == (504, "upstream_timeout")
        (event,) = wait_for_events(running.folder, 1)
        assert event.data["error"]["type"] == "UpstreamSilent"


@pytest.mark.parametrize("asked", [{"hang": True}, {"stream": True, "gap": 0.05, "pieces": 100, "samples": 24_000}])
def test_a_client_that_hangs_up_stops_the_engine(tmp_path: Path, asked: dict[str, Any]) -> None:
    with speech_server(tmp_path) as server, proxy(tmp_path, server.url) as running:
        with running.client(), socket.create_connection(("127.0.0.1", running.port)) as raw:
            raw.sendall(written({**ASKED, **asked}))
            if "stream" in asked:
                raw.recv(300)
            else:
                time.sleep(0.3)
        (event,) = wait_for_events(running.folder, 1)
        assert (event.type, event.data["error"]["type"]) == (FAILED, "Abandoned")
        until = time.monotonic() + DEADLINE
        while not httpx.get(f"{server.url}/seen", trust_env=False).json()["seen"].get("left"):
            assert time.monotonic() < until
        assert running.counted("sidecar_proxy_calls_total") == 1


def test_everything_else_passes_unrecorded(proxied: Proxied, upstream: Server) -> None:
    upload = bytes(range(256)) * 8000
    with proxied.client() as client:
        assert client.get("/v1/models").json()["object"] == "list"
        assert client.post("/v1/audio/voices", content=upload).json() == {"bytes": len(upload)}
        parts = (upload[at : at + 50_000] for at in range(0, len(upload), 50_000))
        assert client.post("/v1/audio/voices?a=%2F&b", content=parts).json() == {"bytes": len(upload)}
        head = client.head("/v1/models")
        assert (head.headers["content-length"], head.headers["x-model"]) == ("12345", "m")
        assert client.options("/v1/audio/speech").headers["access-control-allow-origin"] == "*"
        assert client.get("/nothing").status_code == 404
    seen = httpx.get(f"{upstream.url}/seen", trust_env=False).json()["requests"]
    assert "/v1/audio/voices?a=%2F&b" in [request["target"] for request in seen]
    assert events(proxied.folder) == []


def test_what_concerns_one_connection_alone_is_not_passed_on(proxied: Proxied, upstream: Server) -> None:
    headers = {
        "Authorization": "Bearer sk-of-the-client",
        "Connection": "keep-alive, X-Hop",
        "X-Hop": "1",
        "X-Kept": "1",
        "Proxy-Authorization": "Basic x",
        "TE": "trailers",
        "X-HTTP-Method-Override": "DELETE",
    }
    with proxied.client() as client:
        client.get("/v1/models?headers", headers=headers)
    asked = httpx.get(f"{upstream.url}/seen", trust_env=False).json()["requests"]
    request = next(each for each in asked if each["target"] == "/v1/models?headers")
    names = {name for name, _ in request["headers"]}
    assert "x-kept" in names
    assert names.isdisjoint({"authorization", "x-hop", "proxy-authorization", "te", "x-http-method-override"})
    assert dict(request["headers"])["host"] == f"127.0.0.1:{upstream.port}"


def test_the_upstreams_own_key_is_sent(upstream: Server, tmp_path: Path) -> None:
    with proxy(tmp_path, upstream.url, upstream_key="theirs") as running, running.client() as client:
        client.get("/v1/models?key", headers={"Authorization": "Bearer mine"})
    asked = httpx.get(f"{upstream.url}/seen", trust_env=False).json()["requests"]
    request = next(each for each in asked if each["target"] == "/v1/models?key")
    assert [value for name, value in request["headers"] if name == "authorization"] == ["Bearer theirs"]


def test_a_killed_proxy_leaves_an_interrupted_call(upstream: Server, tmp_path: Path) -> None:
    with proxy(tmp_path, upstream.url) as running, socket.create_connection(("127.0.0.1", running.port)) as raw:
        raw.sendall(written({**ASKED, "hang": True}))
        until = time.monotonic() + DEADLINE
        # Its name is there a moment before its line.
        while not any(marker.stat().st_size for marker in running.folder.glob(".inflight/*.call")):
            assert time.monotonic() < until
        running.kill()
    assert events(running.folder) == []
    with proxy(tmp_path, upstream.url) as again:
        (event,) = wait_for_events(again.folder, 1)
        assert (event.type, event.data["text"]) == (INTERRUPTED, ASKED["input"])
        assert event.subject != event.id
        with again.client() as client:
            client.post(SPEECH, json=ASKED)
        wait_for_events(again.folder, 2)
    assert list(running.folder.glob(".*")) == []


@pytest.mark.parametrize("texts", ["hash", "omit"])
def test_texts_are_kept_as_far_as_they_may_be(upstream: Server, tmp_path: Path, texts: str) -> None:
    asked = {**ASKED, "instructions": "whisper it", "emo_text": "in secret", "status": 500, "ref_text": "my own words"}
    with proxy(tmp_path, upstream.url, proxy_text=texts) as running:
        with running.client() as client:
            client.post(SPEECH, json=asked)
        (event,) = wait_for_events(running.folder, 1)
    for secret in (ASKED["input"], "whisper", "in secret", "my own words"):
        assert secret.encode() not in event.raw
    digest = hashlib.sha256(ASKED["input"].encode()).hexdigest()
    assert event.data.get("text_sha256") == (digest if texts == "hash" else None)
    assert event.data["error"]["message"] == "no: [text]"


@pytest.mark.parametrize("kind", ["wav", "pcm", "mp3"])
def test_audio_is_kept_beside_its_event(upstream: Server, tmp_path: Path, kind: str) -> None:
    asked = {**ASKED, "response_format": kind, "stream": True, "samples": 400_000}
    with proxy(tmp_path, upstream.url, proxy_audio="keep") as running:
        with running.client() as client:
            client.post(SPEECH, json=asked)
            client.post(SPEECH, json=asked)
            with pytest.raises(httpx.RemoteProtocolError):
                client.post(SPEECH, json={**asked, "die": 100, "stream": False})
        found = wait_for_events(running.folder, 3)
    kept = sorted(path for path in running.folder.iterdir() if path.suffix == f".{kind}")
    assert len(kept) == 2
    for path in kept:
        assert path.read_bytes() == speech.audio(asked)
        assert path.name.startswith("alloy_")
        assert Path(f"{path}.json").exists()
    assert {event.data["audio"]["path"] for event in found} == {None, *(f"outputs/{path.name}" for path in kept)}
    assert list(running.folder.glob(".*")) == []


def test_a_folder_that_cannot_be_written_changes_nothing_for_the_client(upstream: Server, tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("a file where a folder should be")
    with proxy(tmp_path, upstream.url) as running:
        with running.client() as client:
            for _ in range(3):
                assert client.post(SPEECH, json=ASKED).content == speech.audio(ASKED)
        until = time.monotonic() + DEADLINE
        while running.counted("sidecar_proxy_unwritten_events_total") < 3:
            assert time.monotonic() < until
        (tmp_path / "outputs").unlink()
        (tmp_path / "outputs").mkdir()
        with running.client() as client:
            client.post(SPEECH, json=ASKED)
        (event,) = wait_for_events(running.folder, 1)
    assert event.data["unwritten_events"] == 3
    assert event.sequence == 4
    assert running.log.read_text().count("events cannot be written") == 1


def test_audio_in_a_request_is_kept_as_its_hash(proxied: Proxied) -> None:
    reference = sounds.wav(sounds.samples("voice", 5000))
    encoded = "data:audio/wav;base64," + base64.b64encode(reference).decode()
    asked = {"input": "hello", "ref_audio": encoded, "ref_text": "who I am", "emo_vec": [0, 0, 0.6, 0, 0, 0, 0, 0.1]}
    with proxied.client() as client:
        client.post(SPEECH, json=asked)
    (event,) = wait_for_events(proxied.folder, 1)
    digest = hashlib.sha256(reference).hexdigest()
    assert event.data["voice"] == {"path": None, "sha256": digest, "bytes": len(reference)}
    assert event.data["params"]["requested"]["ref_audio"] == {"sha256": digest, "bytes": len(reference)}
    assert event.data["emotion"]["label"] == "sad"
    assert len(event.raw) < 3000


def test_a_call_of_a_killed_proxy_is_told_by_a_recording_tts(upstream: Server, tmp_path: Path) -> None:
    """Both keep their markers in the same form, in the same folder."""
    with proxy(tmp_path, upstream.url) as running, socket.create_connection(("127.0.0.1", running.port)) as raw:
        raw.sendall(written({**ASKED, "hang": True}))
        until = time.monotonic() + DEADLINE
        while not any(path.read_bytes().endswith(b"\n") for path in running.folder.glob(".inflight/*.call")):
            assert time.monotonic() < until
        running.kill()
    options = indextts_patch.options.read({"INDEXTTS_PATCH_ROOT": str(tmp_path)})
    recorder = indextts_patch.recorder.Recorder(options, "0")
    recorder.recover()
    recorder.close()
    (event,) = events(running.folder)
    assert (event.type, event.data["text"]) == (INTERRUPTED, ASKED["input"])
    with proxy(tmp_path, upstream.url):
        assert len(events(running.folder)) == 1


def test_an_https_upstream_must_be_who_it_says(tmp_path: Path) -> None:
    certificate = certified(tmp_path, "127.0.0.1")
    with speech_server(tmp_path, certificate=certificate) as server:
        with (
            proxy(tmp_path / "trusting", server.url, upstream_ca=str(certificate)) as running,
            running.client() as client,
        ):
            assert client.post(SPEECH, json=ASKED).content == speech.audio(ASKED)
            asked = {**ASKED, "stream": True}
            assert client.post(SPEECH, json=asked).content == speech.audio(asked)
        with proxy(tmp_path / "wary", server.url) as running, running.client() as client:
            answer = client.post(SPEECH, json=ASKED)
            assert answer.status_code == 502
            assert "certificate" in answer.json()["error"]["message"]


def test_a_slow_client_slows_the_server_and_memory_stays_flat(tmp_path: Path) -> None:
    asked = {**ASKED, "stream": True, "samples": 40_000_000, "pieces": 1000, "response_format": "pcm"}
    with speech_server(tmp_path) as server, proxy(tmp_path, server.url) as running:
        before = resident(running.process.pid)
        with socket.create_connection(("127.0.0.1", running.port)) as raw:
            raw.sendall(written(asked))
            time.sleep(2)  # reads nothing
            grown = resident(running.process.pid) - before
        assert grown < 20_000_000  # of the answer's 80,000,000 bytes
        (event,) = wait_for_events(running.folder, 1)
        assert event.data["error"]["type"] == "Abandoned"


def test_a_proxy_that_is_stopped_lets_answers_end(upstream: Server, tmp_path: Path) -> None:
    asked = {**ASKED, "stream": True, "gap": 0.2, "pieces": 8}
    with proxy(tmp_path, upstream.url) as running, running.client() as client:
        with client.stream("POST", SPEECH, json=asked) as answer:
            parts = answer.iter_raw()
            got = next(parts)
            running.process.terminate()
            got += b"".join(parts)
        assert running.process.wait(DEADLINE) == 0
    assert got == speech.audio(asked)
    (event,) = events(running.folder)
    assert event.type == SUCCEEDED
    assert running.log.read_text() == ""


def test_a_proxy_that_has_waited_long_enough_ends_all_the_same(upstream: Server, tmp_path: Path) -> None:
    with (
        proxy(tmp_path, upstream.url, proxy_drain_seconds="0.5") as running,
        socket.create_connection(("127.0.0.1", running.port)) as raw,
    ):
        raw.sendall(written({**ASKED, "hang": True}))
        until = time.monotonic() + DEADLINE
        while not any(path.read_bytes().endswith(b"\n") for path in running.folder.glob(".inflight/*.call")):
            assert time.monotonic() < until
        assert running.stop() == 0
    (event,) = events(running.folder)
    assert (event.type, event.data["error"]["type"]) == (FAILED, "Stopped")
    assert "Traceback" not in running.log.read_text()


def resident(process: int) -> int:
    """Bytes of memory."""
    fields = (Path("/proc") / str(process) / "statm").read_text().split()
    return int(fields[1]) * 4096


def certified(folder: Path, host: str) -> Path:
    """A self-signed certificate for an address, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, host)])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return path
