"""An open file as an HTTP response: all of it, or the range that was asked for (RFC 9110, section 14)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from sidecar.answers.audio import Audio

_CHUNK = 64 * 1024
_RANGE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})$")


def audio_response(audio: Audio, asked: str | None, *, name: str, etag: str | None, if_range: str | None) -> Response:
    """Takes over the open file and closes it.

    Args:
        asked: the Range header; several ranges at once, or a malformed one, get the whole file.
        name: under which a browser saves it.
        etag: the content's validator, quoted.
        if_range: the If-Range header.
    """
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": disposition("inline", name),
    }
    if etag:
        headers["ETag"] = etag
    match = _RANGE.match(asked or "") if not if_range or if_range == etag else None
    if match is None or match.group(1, 2) == ("", ""):
        headers["Content-Length"] = str(audio.size)
        return StreamingResponse(_read(audio, 0, audio.size), headers=headers, media_type=audio.media_type)
    if match[1]:
        first = int(match[1])
        last = min(int(match[2]) if match[2] else audio.size - 1, audio.size - 1)
    else:
        first, last = max(audio.size - int(match[2]), 0), audio.size - 1
    if first > last or first >= audio.size:
        audio.file.close()
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{audio.size}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{audio.size}"
    headers["Content-Length"] = str(last - first + 1)
    return StreamingResponse(
        _read(audio, first, last - first + 1), status_code=206, headers=headers, media_type=audio.media_type
    )


def disposition(how: str, name: str) -> str:
    """The header of that name (RFC 6266): what a browser shows or saves, and under which name.

    Args:
        how: inline or attachment.
    """
    plain = name.encode("ascii", "replace").decode().replace('"', "_").replace("\\", "_").replace("?", "_")
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _read(audio: Audio, start: int, length: int) -> Iterator[bytes]:
    with audio.file as file:
        file.seek(start)
        while length > 0:
            part = file.read(min(_CHUNK, length))
            if not part:
                return
            length -= len(part)
            yield part
