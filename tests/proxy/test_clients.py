"""The clients that people have: OpenAI's own, curl, and a browser."""

from __future__ import annotations

import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from sidecar.event.types import SUCCEEDED
from tests.answers.browser import chromium, lacking_for_chromium
from tests.proxy import speech
from tests.proxy.scene import SPEECH, Proxied, Server, proxy, wait_for_events
from tests.proxy.test_keys import add
from tests.running import missing

ASKED: dict[str, Any] = {"model": "tts-1", "voice": "alloy", "input": "Good evening.", "response_format": "wav"}


@pytest.fixture
def keyed(upstream: Server, tmp_path: Path) -> Iterator[tuple[Proxied, str]]:
    key = add(tmp_path, "client", "--right", "speech", "--right", "other")
    with proxy(tmp_path, upstream.url) as running:
        yield running, key


def test_openais_client_speaks_through_it(keyed: tuple[Proxied, str]) -> None:
    running, key = keyed
    with openai.OpenAI(base_url=f"{running.url}/v1", api_key=key, max_retries=0) as client:
        whole = client.audio.speech.create(**ASKED)
        assert whole.content == speech.audio(ASKED)
        streamed = {**ASKED, "extra_body": {"stream": True, "emo_text": "cheerful"}}
        with client.audio.speech.with_streaming_response.create(**streamed) as answer:
            assert b"".join(answer.iter_bytes()) == speech.audio({**ASKED, "stream": True})
        assert [model.id for model in client.models.list()] == ["tts"]
        with pytest.raises(openai.InternalServerError, match="no: Good evening"):
            client.audio.speech.create(**ASKED, extra_body={"status": 500})
    with (
        openai.OpenAI(base_url=f"{running.url}/v1", api_key="sk-wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError, match="no key of this proxy"),
    ):
        client.audio.speech.create(**ASKED)
    found = wait_for_events(running.folder, 3)
    assert {event.data["caller"]["user"] for event in found} == {"client"}
    assert [event.data["emotion"]["text"] for event in found if event.data["emotion"]["mode"] == "text"] == ["cheerful"]


def test_openais_client_understands_the_limits(upstream: Server, tmp_path: Path) -> None:
    key = add(tmp_path, "little", "--per-minute", "1", "--max-characters", "20")
    with (
        proxy(tmp_path, upstream.url) as running,
        openai.OpenAI(base_url=f"{running.url}/v1", api_key=key, max_retries=0) as client,
    ):
        with pytest.raises(openai.BadRequestError, match="21 characters"):
            client.audio.speech.create(**{**ASKED, "input": "x" * 21})
        client.audio.speech.create(**ASKED)
        with pytest.raises(openai.RateLimitError):
            client.audio.speech.create(**ASKED)


def test_curl_speaks_through_it(keyed: tuple[Proxied, str], tmp_path: Path) -> None:
    curl = shutil.which("curl") or missing("no curl on this machine: install Debian's curl")
    running, key = keyed
    words = ["-s", "--noproxy", "*", "-o", str(tmp_path / "a.wav"), "-H", f"Authorization: Bearer {key}"]
    body = '{"input": "hi", "stream": true}' + " " * 2000  # longer than 1,024 bytes: curl waits for 100 Continue
    said = ["-H", "Content-Type: application/json", "-H", "Expect: 100-continue", "-d", body]
    subprocess.run([curl, *words, *said, running.url + SPEECH], check=True)
    assert (tmp_path / "a.wav").read_bytes() == speech.audio({"input": "hi", "stream": True})
    (event,) = wait_for_events(running.folder, 1)
    assert event.type == SUCCEEDED


def test_a_page_in_a_browser_speaks_through_it(keyed: tuple[Proxied, str], tmp_path: Path) -> None:
    if lacking := lacking_for_chromium():
        missing(lacking)
    from playwright.sync_api import sync_playwright

    running, key = keyed
    script = """async ([url, key, asked]) => {
        const headers = {"Authorization": `Bearer ${key}`, "Content-Type": "application/json"};
        const answer = await fetch(url, {method: "POST", headers, body: JSON.stringify(asked)});
        return Array.from(new Uint8Array(await answer.arrayBuffer()));
    }"""
    with page_elsewhere(tmp_path) as address, sync_playwright() as playwright, chromium(playwright) as browser:
        page = browser.new_page()
        page.goto(address)
        for asked in (ASKED, {**ASKED, "stream": True}):
            got = bytes(page.evaluate(script, [running.url + SPEECH, key, asked]))
            assert got == speech.audio(asked)
    assert len(wait_for_events(running.folder, 2)) == 2


class page_elsewhere:
    """An empty page of another origin, so that the browser asks before it sends a key."""

    def __init__(self, folder: Path) -> None:
        (folder / "index.html").write_text("<title>elsewhere</title>")

        class Pages(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments, directory=str(folder))

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://localhost:{self._server.server_address[1]}/index.html"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
