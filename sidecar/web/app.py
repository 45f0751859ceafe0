"""Puts the library together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sidecar.errors import TemporarySinkError, UsageError
from sidecar.event.publish import Publisher
from sidecar.storage.database import Database
from sidecar.web import api, pages
from sidecar.web.pool import Pool
from sidecar.web.security import Guard, Sessions
from sidecar.web.state import State

_STATIC = Path(__file__).resolve().parent / "static"


def create_app(
    *,
    connect: Callable[[], Database],
    folders: Callable[[], Sequence[Path]],
    zone: tzinfo,
    token: str | None = None,
    about: Mapping[str, str | int] | None = None,
) -> Starlette:
    """The library as an ASGI application.

    Args:
        connect: connects to the database, for reading only.
        folders: finds the watched folders, absolute: audio is served from them, ratings are written into them.
        zone: in which days begin.
        token: what visitors must know; None lets in everyone who can reach the loopback address.
        about: told on /about, to whoever finds the address taken.
    """

    async def say_about(_: Request) -> JSONResponse:
        return JSONResponse(about or {})

    sessions = Sessions()
    app = Starlette(
        routes=[
            *api.routes(),
            *pages.routes(),
            Route("/about", say_about),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        middleware=[Middleware(Guard, token=token, sessions=sessions)],
        exception_handlers={404: pages.not_found, UsageError: pages.failed, TemporarySinkError: pages.failed},
    )
    app.state.shared = State(
        pool=Pool(connect),
        find_folders=folders,
        publisher=Publisher("web"),
        zone=zone,
        token=token,
        sessions=sessions,
    )
    return app
