"""The pages of the library but those that list and count: a record, the reader's preferences, logging in."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sidecar.answers import review, search
from sidecar.answers.audio import missing
from sidecar.answers.best import best
from sidecar.answers.filters import Filter
from sidecar.answers.heard import heard, pieces
from sidecar.answers.machine import machine
from sidecar.answers.recorded import recorded
from sidecar.answers.said import Said, said
from sidecar.answers.timeline import timeline
from sidecar.errors import SidecarError
from sidecar.web import columns, show
from sidecar.web.again import again
from sidecar.web.api import NotFound, refusal, unpacked
from sidecar.web.counting import counts, repeats
from sidecar.web.listing import status_of
from sidecar.web.particulars import sections
from sidecar.web.rendering import THEMES, language_of, render
from sidecar.web.security import COOKIE, SESSION_SECONDS, same_secret
from sidecar.web.state import state
from sidecar.wording import languages, translator

_YEAR = 365 * 24 * 3600
_LOGIN_BYTES = 16 * 1024
"""Of the form that takes the token, and where to go with it."""


def record(request: Request) -> Response:
    event_id = request.path_params["event_id"]
    pasts = state(request).queue.get().pasts
    with state(request).pool.lend() as database:
        shown = search.get(database, event_id) if event_id.isascii() else None
        if shown is None:
            return not_found(request)
        events = timeline(database, event_id)
        document = recorded(database, event_id)
        process = machine(database, shown["source"])
        [gone] = missing(database, state(request).folders, [shown])
        told = review.reviews(database, lambda: pasts, [event_id])[event_id]
        spoken = said(database, [event_id]).get(event_id, Said())
        same: list[search.Record] = []
        transcript = heard(database, event_id)
        bests = best(database, [shown["request_hash"]])
        if shown["request_hash"]:
            same = search.find(database, Filter(request=shown["request_hash"]), limit=9).records
    whole = unpacked(shown)
    word = translator(language_of(request))
    return render(
        request,
        "record.html",
        record=whole,
        events=events,
        missing=gone,
        told=told,
        heard=transcript,
        pieces=list(pieces(shown["text_input"] or "", transcript.differences)) if transcript else [],
        best=bests.get(shown["request_hash"]),
        said=spoken,
        known_tags=list(state(request).choices.get().values["tag"]),
        error=((document or {}).get("data") or {}).get("error") or {},
        sections=sections(document, whole, process and unpacked(process), word, state(request).zone),
        others=[other for other in same if other["event_id"] != event_id][:8],
        again=again(document),
        stages=show.stages(shown),
        vector=show.vector(whole["emotion_vector"]),
    )


def preferences(request: Request) -> Response:
    """Sets language, theme and columns, which the browser keeps; works without scripts."""
    response = RedirectResponse(_own_path(request.query_params.get("back", "/")), status_code=303)
    for name, allowed in (("lang", languages()), ("theme", THEMES)):
        chosen = request.query_params.get(name, "")
        if chosen in allowed:
            response.set_cookie(name, chosen, max_age=_YEAR, samesite="lax")
    if columns.COOKIE in request.query_params:
        chosen = columns.kept(request.query_params.getlist(columns.COOKIE))
        response.set_cookie(columns.COOKIE, chosen, max_age=_YEAR, samesite="lax")
    return response


async def login(request: Request) -> Response:
    """The form that takes the token; from then on a cookie takes its place."""
    token = state(request).token
    if token is None:
        return RedirectResponse("/", status_code=303)
    if request.method != "POST":
        return render(request, "login.html", wrong=False, wanted=_own_path(request.query_params.get("next", "/")))
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LOGIN_BYTES:
            break
    fields = parse_qs(body[:_LOGIN_BYTES].decode("utf-8", "replace"))
    given, wanted = (fields.get(name, [""])[0].strip() for name in ("token", "next"))
    if not same_secret(given, token):
        await asyncio.sleep(0.5)  # slows guessing down
        return render(request, "login.html", 403, wrong=True, wanted=_own_path(wanted))
    response = RedirectResponse(_own_path(wanted), status_code=303)
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
    return render(request, "unavailable.html", status_of(error), message=str(error), hint=error.hint)


def _own_path(path: str) -> str:
    """A path of this site, whatever was given: //host and /\\host would lead elsewhere."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if safe else "/"


def routes() -> list[BaseRoute]:
    return [
        Route("/records/{event_id}", record),
        Route("/repeats", repeats),
        Route("/charts", counts),
        Route("/preferences", preferences),
        Route("/login", login, methods=["GET", "POST"]),
        Route("/logout", logout, methods=["POST"]),
    ]
