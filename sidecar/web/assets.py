"""Styles and scripts. Their address changes with what they hold, so that a browser keeps them for good; under the plain
address, which scripts of other people may know, it asks each time whether they have changed. They are read and
compressed once: a first visit asks for twenty of them before it can be used.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sidecar import palette

_FOLDER = Path(__file__).resolve().parent / "static"
_YEAR = 365 * 24 * 3600
_FOR_GOOD = f"public, max-age={_YEAR}, immutable"
_ASK_FIRST = "no-cache"
_LOOKS = ("app.css", "player.css")
"""Sent together, after the palette: each style sheet is a round trip before a page's first picture."""
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, kw_only=True)
class _File:
    plain: bytes
    packed: bytes
    """By gzip."""
    media_type: str
    etag: str
    """Weak, for it names what the file says, in whichever form that is sent."""

    @classmethod
    def of(cls, name: str, content: bytes) -> _File:
        return cls(
            plain=content,
            packed=gzip.compress(content, mtime=0),
            media_type=_TYPES.get(Path(name).suffix, "text/plain"),
            etag=f'W/"{hashlib.sha256(content).hexdigest()[:32]}"',
        )


@cache
def _files() -> dict[str, _File]:
    """Everything below static/, and what every page looks like as one style sheet, by path."""
    contents = {path.relative_to(_FOLDER).as_posix(): path for path in sorted(_FOLDER.rglob("*")) if path.is_file()}
    found = {name: _File.of(name, path.read_bytes()) for name, path in contents.items()}
    looks = b"\n".join([palette.css().encode(), *(found[name].plain for name in _LOOKS)])
    return found | {"page.css": _File.of("page.css", looks)}


@cache
def prefix() -> str:
    """What the address of a style or a script begins with; scripts import each other relative to their own."""
    digest = hashlib.sha256()
    for name, file in _files().items():
        digest.update(name.encode() + b"\0" + file.plain)
    return f"/static/{digest.hexdigest()[:12]}"


async def _sent(request: Request, policy: str) -> Response:
    file = _files().get(request.path_params["path"])
    if file is None:
        raise HTTPException(404)
    headers = {"Cache-Control": policy, "ETag": file.etag, "Vary": "Accept-Encoding"}
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(file.plain, media_type=file.media_type, headers=headers)
    return Response(file.packed, media_type=file.media_type, headers=headers | {"Content-Encoding": "gzip"})


async def for_good(request: Request) -> Response:
    """A file under the address that changes with it."""
    return await _sent(request, _FOR_GOOD)


async def asked_first(request: Request) -> Response:
    """A file under its plain address."""
    return await _sent(request, _ASK_FIRST)


def routes() -> list[BaseRoute]:
    return [Route(f"{prefix()}/{{path:path}}", for_good), Route("/static/{path:path}", asked_first)]
