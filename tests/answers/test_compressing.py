"""What goes out compressed, what must not, and that neither is another answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sidecar.event.names import AUDIO_TYPES
from sidecar.web.app import UNCOMPRESSED
from sidecar.web.security import COOKIE
from tests.answers.scene import Scene
from tests.answers.served import library

PLAIN = {"Accept-Encoding": "identity"}
TOKEN = "a-token-of-this-test-alone"


def coding(answer: httpx.Response) -> str:
    return str(answer.headers.get("content-encoding", ""))


@pytest.mark.parametrize(
    "path",
    [
        "/", "/rows?emotion=sad", "/summary", "/charts", "/repeats", "/review", "/login-or-nothing", "/api/records",
        "/api/openapi.json", "/api/selection.csv", "/api/selection.jsonl", "/static/app.css", "/static/library.js",
        "/static/page.css", "/static/vendor/wavesurfer.esm.js",
    ],
)  # fmt: skip
def test_pages_fragments_figures_and_scripts_are_compressed_for_who_can_read_that(
    client: httpx.Client, path: str
) -> None:
    packed, plain = client.get(path), client.get(path, headers=PLAIN)
    assert (coding(packed), coding(plain)) == ("gzip", "")
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert "accept-encoding" in plain.headers["vary"].lower()
    assert packed.status_code == plain.status_code
    assert unstamped(packed.text) == unstamped(plain.text)
    with client.stream("GET", path) as sent:
        weight = sum(map(len, sent.iter_raw()))
    assert weight < 0.6 * len(plain.content)


def unstamped(text: str) -> str:
    """Without what a minute or another request changes: figures that are counted anew."""
    return re.sub(r'<span class="count">[^<]*</span>|<rect[^>]*>|\d+\.\d+ ms', "", text)


def test_sound_goes_out_as_it_is_whole_and_in_ranges(client: httpx.Client, scene: Scene) -> None:
    take = scene.audible[0]
    content = (scene.folder / take["data"]["audio"]["path"].rpartition("/")[2]).read_bytes()
    address = f"/api/records/{take['id']}/audio"
    for asked, expected in ((None, content), ("bytes=0-", content), ("bytes=1000-5999", content[1000:6000])):
        with client.stream("GET", address, headers={"Range": asked} if asked else {}) as answer:
            assert b"".join(answer.iter_raw()) == expected
        assert coding(answer) == ""
        assert answer.headers["content-length"] == str(len(expected))
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["etag"] == f'"{take["data"]["audio"]["sha256"]}"', "strong, so that a range may follow it"
    assert {each if each in UNCOMPRESSED else f"{each.partition('/')[0]}/*" for each in AUDIO_TYPES.values()} <= {
        *UNCOMPRESSED
    }


def test_what_is_packed_already_is_not_packed_again(client: httpx.Client, scene: Scene) -> None:
    ids = ",".join(take["id"] for take in scene.audible[:5])
    for ending, first in (("zip", b"PK"), ("parquet", b"PAR1")):
        with client.stream("GET", f"/api/selection.{ending}", params={"ids": ids}) as answer:
            assert b"".join(answer.iter_raw()).startswith(first), ending
        assert coding(answer) == ""


def test_an_event_reaches_who_listens_at_once_and_uncompressed(client: httpx.Client) -> None:
    with client.stream("GET", "/api/changes", timeout=60) as stream:
        assert coding(stream) == ""
        raw: Iterator[bytes] = stream.iter_raw()
        begun = b""
        while b"data: " not in begun:
            begun += next(raw)
    assert begun.startswith(b"retry: 2000\n\n")


def test_a_browser_that_has_a_file_is_told_so_in_either_form(client: httpx.Client) -> None:
    first = client.get("/static/app.css")
    assert first.headers["etag"] == client.get("/static/app.css", headers=PLAIN).headers["etag"]
    assert first.headers["etag"].startswith("W/"), "two forms of one file have no strong validator in common"
    for held in (first.headers["etag"], f'"other", {first.headers["etag"]}'):
        for accepted in ({}, PLAIN):
            known = client.get("/static/app.css", headers={"If-None-Match": held, **accepted})
            assert (known.status_code, known.content, coding(known)) == (304, b"", "")
            assert known.headers["etag"] == first.headers["etag"]
    assert client.get("/static/app.css", headers={"If-None-Match": 'W/"other"'}).status_code == 200
    part = client.get("/static/app.css", headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (200, first.content), "a text is sent whole"


def test_no_page_repeats_a_secret_beside_what_a_stranger_may_choose(scene: Scene, tmp_path: Path) -> None:
    """Compressed length tells what repeats. So pages hold neither token nor session, and the session's cookie does not
    come with a request that another site's page makes."""
    with (
        library(scene, tmp_path / "web.log", SIDECAR_WEB_TOKEN=TOKEN) as address,
        httpx.Client(base_url=address, trust_env=False, timeout=60) as client,
    ):
        wrong = client.post("/login", data={"token": "not-" + TOKEN})
        assert TOKEN not in wrong.text
        cookie = client.post("/login", data={"token": TOKEN}).headers["set-cookie"]
        assert "SameSite=strict" in cookie
        session = client.cookies[COOKIE]
        for path in (
            "/",
            f"/?text={TOKEN[:9]}",
            "/charts",
            "/api/records",
            "/about",
            f"/records/{scene.audible[0]['id']}",
        ):
            answer = client.get(path)
            assert answer.status_code == 200
            assert session not in answer.text
            assert TOKEN not in answer.text
