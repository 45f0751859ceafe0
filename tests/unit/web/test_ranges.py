"""Ranges of an open file, as RFC 9110 words them."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from starlette.responses import Response, StreamingResponse

from sidecar.answers.audio import Audio
from sidecar.web.ranges import audio_response

CONTENT = bytes(range(100)) * 2000


def answer(asked: str | None, content: bytes = CONTENT, if_range: str | None = None) -> tuple[Response, bytes, Audio]:
    audio = Audio(file=io.BytesIO(content), path=Path("a.wav"), size=len(content), media_type="audio/wav")
    response = audio_response(audio, asked, name="问候.wav", etag='"hash"', if_range=if_range)

    async def streamed(response: StreamingResponse) -> bytes:
        return b"".join([bytes(part) async for part in response.body_iterator if not isinstance(part, str)])

    body = asyncio.run(streamed(response)) if isinstance(response, StreamingResponse) else bytes(response.body)
    return response, body, audio


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=70000-", 70000, len(CONTENT) - 1),
        ("bytes=65535-131072", 65535, 131072),
        ("bytes=-5", len(CONTENT) - 5, len(CONTENT) - 1),
        ("bytes=-999999", 0, len(CONTENT) - 1),
        ("bytes=5-999999", 5, len(CONTENT) - 1),
    ],
)
def test_the_part_that_is_asked_for_is_given(asked: str, first: int, last: int) -> None:
    response, body, audio = answer(asked)
    assert response.status_code == 206
    assert response.headers["content-range"] == f"bytes {first}-{last}/{len(CONTENT)}"
    assert response.headers["content-length"] == str(len(body))
    assert body == CONTENT[first : last + 1]
    assert audio.file.closed


@pytest.mark.parametrize("asked", [None, "bytes=-", "bytes=0-1,5-6", "bytes=x-1", "lines=0-1", f"bytes={'9' * 19}-"])
def test_what_is_no_single_range_gets_the_whole_file(asked: str | None) -> None:
    response, body, audio = answer(asked)
    assert (response.status_code, body) == (200, CONTENT)
    assert response.headers["accept-ranges"] == "bytes"
    assert audio.file.closed


@pytest.mark.parametrize(("asked", "content"), [("bytes=200000-", CONTENT), ("bytes=9-5", CONTENT), ("bytes=-5", b"")])
def test_a_range_that_is_not_there_is_refused(asked: str, content: bytes) -> None:
    response, body, audio = answer(asked, content)
    assert (response.status_code, body) == (416, b"")
    assert response.headers["content-range"] == f"bytes */{len(content)}"
    assert audio.file.closed


@pytest.mark.parametrize(("if_range", "status"), [('"hash"', 206), ('"older"', 200)])
def test_a_part_of_another_content_is_not_mixed_in(if_range: str, status: int) -> None:
    assert answer("bytes=0-9", if_range=if_range)[0].status_code == status
