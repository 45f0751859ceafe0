"""Puts the library together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sidecar.errors import TemporarySinkError, UsageError
from sidecar.event.names import AUDIO_TYPES
from sidecar.event.publish import Publisher
from sidecar.storage.database import Database
from sidecar.web import api, assets, changes, comparing, listing, pages, reviewing, saying, selection
from sidecar.web.pool import Pool
from sidecar.web.security import Guard, Sessions
from sidecar.web.state import Standing, State

COMPRESSION = 6
"""Of gzip: a page of 135 kB takes a millisecond, and the highest level two for a fiftieth less."""

UNCOMPRESSED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, selection.TYPES["parquet"], AUDIO_TYPES[".bin"])
"""Audio, zips and the stream of changes among them; so are parts of files, and what is compressed already."""


def create_app(
    *,
    connect: Callable[[], Database],
    folders: Callable[[], Sequence[Path]],
    zone: tzinfo,
    token: str | None = None,
    about: Mapping[str, str | int] | None = None,
    standing: Callable[[], Standing] = Standing,
    selection_max: int = 5_000,
    export_max: int = 100_000,
) -> Starlette:
    """The library as an ASGI application.

    Args:
        connect: connects to the database, for reading only.
        folders: finds the watched folders, absolute: audio is served from them, ratings are written into them.
        zone: in which days begin.
        token: what visitors must know; None lets in everyone who can reach the loopback address.
        about: told on /about, to whoever finds the address taken.
        selection_max, export_max: see Settings.
        standing: asks how shipper and folders stand, for a library that is still empty.
    """

    async def say_about(_: Request) -> JSONResponse:
        return JSONResponse(about or {})

    sessions = Sessions()
    app = Starlette(
        routes=[
            *api.routes(),
            *changes.routes(),
            *listing.routes(),
            *saying.routes(),
            *selection.routes(),
            *reviewing.routes(),
            *comparing.routes(),
            *pages.routes(),
            Route("/about", say_about),
            *assets.routes(),
        ],
        middleware=[
            Middleware(Guard, token=token, sessions=sessions),
            Middleware(GZipMiddleware, compresslevel=COMPRESSION, exclude_content_types=UNCOMPRESSED),
        ],
        exception_handlers={404: pages.not_found, UsageError: pages.failed, TemporarySinkError: pages.failed},
    )
    app.state.shared = State(
        pool=Pool(connect),
        find_folders=folders,
        publisher=Publisher("web"),
        zone=zone,
        token=token,
        sessions=sessions,
        selection_max=selection_max,
        export_max=export_max,
        standing=standing,
    )
    return app
