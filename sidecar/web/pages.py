"""The pages of the library: search, a record, the reader's preferences. What they show is what the API answers."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sidecar.answers import search
from sidecar.answers.audio import AudioMissing, open_audio
from sidecar.answers.filters import NAMES, Filter
from sidecar.answers.timeline import timeline
from sidecar.errors import SidecarError, UsageError
from sidecar.event.types import STATUSES
from sidecar.storage.database import Database
from sidecar.web import show
from sidecar.web.api import NotFound, refusal, unpacked
from sidecar.web.counting import counts, repeats
from sidecar.web.rendering import THEMES, render
from sidecar.web.security import COOKIE, SESSION_SECONDS, same_secret
from sidecar.web.state import state
from sidecar.wording import languages

_YEAR = 365 * 24 * 3600


def library(request: Request) -> Response:
    choices = state(request).choices()
    given = {name: request.query_params.get(name, "") for name in NAMES}
    return render(request, "library.html", choices=choices, given=given, statuses=STATUSES)


def record(request: Request) -> Response:
    event_id = request.path_params["event_id"]
    with state(request).pool.lend() as database:
        shown = search.get(database, event_id) if event_id.isascii() else None
        if shown is None:
            return not_found(request)
        events = timeline(database, event_id)
        missing = _missing(request, database, shown)
        same: list[search.Record] = []
        if shown["request_hash"]:
            same = search.find(database, Filter(request=shown["request_hash"]), limit=9).records
    others = [other for other in same if other["event_id"] != event_id]
    return render(
        request,
        "record.html",
        record=unpacked(shown),
        events=events,
        missing=missing,
        others=others[:8],
        stages=show.stages(shown),
        vector=show.vector(unpacked(shown)["emotion_vector"]),
    )


def _missing(request: Request, database: Database, record: search.Record) -> str:
    """The AudioState of audio that cannot be played, with which the name of a word ends; empty where it can."""
    try:
        open_audio(database, state(request).folders, record).file.close()
    except AudioMissing as error:
        return error.state
    return ""


def preferences(request: Request) -> Response:
    """Sets language and theme, which the browser keeps; works without scripts."""
    response = RedirectResponse(_own_path(request.query_params.get("back", "/")), status_code=303)
    for name, allowed in (("lang", languages()), ("theme", THEMES)):
        chosen = request.query_params.get(name, "")
        if chosen in allowed:
            response.set_cookie(name, chosen, max_age=_YEAR, samesite="lax")
    return response


async def login(request: Request) -> Response:
    """The form that takes the token; from then on a cookie takes its place."""
    token = state(request).token
    if token is None:
        return RedirectResponse("/", status_code=303)
    if request.method != "POST":
        return render(request, "login.html", wrong=False)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > 4096:
            break
    given = parse_qs(body[:4096].decode("utf-8", "replace")).get("token", [""])[0].strip()
    if not same_secret(given, token):
        await asyncio.sleep(0.5)  # slows guessing down
        return render(request, "login.html", 403, wrong=True)
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        COOKIE,
        state(request).sessions.begin(),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


def logout(request: Request) -> Response:
    state(request).sessions.end(request.cookies.get(COOKIE, ""))
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(COOKIE)
    return response


def not_found(request: Request, error: Exception | None = None) -> Response:
    if request.url.path.startswith("/api/"):
        return refusal(NotFound("there is no such page"), 404)
    return render(request, "not_found.html", 404)


def failed(request: Request, error: Exception) -> Response:
    """Parameters that cannot be used, or a database that cannot serve. The API has its own answers for that."""
    assert isinstance(error, SidecarError), "no handler for others is registered"
    status = 400 if isinstance(error, UsageError) else 503
    return render(request, "unavailable.html", status, message=str(error), hint=error.hint)


def _own_path(path: str) -> str:
    """A path of this site, whatever was given: //host and /\\host would lead elsewhere."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if safe else "/"


def routes() -> list[BaseRoute]:
    return [
        Route("/", library),
        Route("/records/{event_id}", record),
        Route("/repeats", repeats),
        Route("/charts", counts),
        Route("/preferences", preferences),
        Route("/login", login, methods=["GET", "POST"]),
        Route("/logout", logout, methods=["POST"]),
    ]
