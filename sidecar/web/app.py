"""Puts the library together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from sidecar.errors import TemporarySinkError, UsageError
from sidecar.event.publish import Publisher
from sidecar.storage.database import Database
from sidecar.web import api, pages
from sidecar.web.pool import Pool
from sidecar.web.security import Guard
from sidecar.web.state import State

_STATIC = Path(__file__).resolve().parent / "static"


@dataclass(frozen=True, kw_only=True)
class WebConfig:
    connect: Callable[[], Database]
    """Connects to the database."""
    folders: Sequence[Path]
    """The watched folders, absolute: audio is served from them, ratings are written into them."""
    zone: tzinfo
    """Where days begin."""
    token: str | None = field(default=None, repr=False)
    """What visitors must know; None lets in everyone who can reach the loopback address."""


def create_app(config: WebConfig) -> Starlette:
    """The library as an ASGI application."""
    app = Starlette(
        routes=[*api.routes(), *pages.routes(), Mount("/static", StaticFiles(directory=_STATIC))],
        middleware=[Middleware(Guard, token=config.token)],
        exception_handlers={
            404: pages.not_found,
            UsageError: pages.refused,
            TemporarySinkError: pages.unavailable,
        },
    )
    app.state.shared = State(
        pool=Pool(config.connect),
        folders=config.folders,
        publisher=Publisher("web"),
        zone=config.zone,
        token=config.token,
    )
    return app
