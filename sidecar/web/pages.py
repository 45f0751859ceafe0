"""The pages: library, record, repeats, charts. Words and numbers come from the same answers as the API's."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sidecar.answers import questions, search
from sidecar.answers.audio import AudioMissing, open_audio
from sidecar.answers.filters import NAMES, STATUSES, Filter, FilterError, parse
from sidecar.answers.timeline import timeline
from sidecar.database import Database
from sidecar.errors import TemporarySinkError
from sidecar.web import charts, show
from sidecar.web.api import NotFound, refusal, unpacked
from sidecar.web.security import COOKIE, same_secret, session
from sidecar.web.state import state
from sidecar.web.wording import LANGUAGES, browser_language, for_scripts, translator

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= show.FILTERS
_THEMES = ("light", "dark", "auto")
_YEAR = 365 * 24 * 3600
_PERIODS = ("7d", "30d", "90d", "365d", "")


def render(request: Request, name: str, status: int = 200, **values: Any) -> Response:
    language = language_of(request)
    theme = request.cookies.get("theme", "auto")
    query = request.url.query
    html = _TEMPLATES.get_template(name).render(
        _=translator(language),
        language=language,
        languages=LANGUAGES,
        theme=theme if theme in _THEMES else "auto",
        path=request.url.path,
        here=request.url.path + (f"?{query}" if query else ""),
        zone=state(request).zone,
        scripts=json.dumps(for_scripts(language), ensure_ascii=False),
        protected=state(request).token is not None,
        **values,
    )
    return HTMLResponse(html, status_code=status)


def language_of(request: Request) -> str:
    chosen = request.cookies.get("lang", "")
    return chosen if chosen in LANGUAGES else browser_language(request.headers.get("accept-language", ""))


def library(request: Request) -> Response:
    try:
        choices = state(request).remembered(_choices, Filter())
    except TemporarySinkError as error:
        return render(request, "unavailable.html", 503, message=str(error), hint=error.hint)
    given = {name: request.query_params.get(name, "") for name in NAMES}
    return render(request, "library.html", choices=choices, given=given, statuses=STATUSES)


def _choices(database: Database, wanted: Filter) -> dict[str, list[str]]:
    return questions.choices(database)


def record(request: Request) -> Response:
    event_id = request.path_params["event_id"]
    try:
        with state(request).pool.lend() as database:
            found = search.get(database, event_id) if event_id.isascii() else None
            if found is None:
                return not_found(request)
            events = timeline(database, event_id)
            missing = _missing(request, database, found)
            same: list[search.Record] = []
            if found["request_hash"]:
                same = search.find(database, Filter(request=found["request_hash"]), limit=9).records
    except TemporarySinkError as error:
        return render(request, "unavailable.html", 503, message=str(error), hint=error.hint)
    others = [other for other in same if other["event_id"] != event_id]
    return render(
        request,
        "record.html",
        record=unpacked(found),
        events=events,
        missing=missing,
        others=others[:8],
        stages=show.stages(found),
        vector=show.vector(unpacked(found)["emotion_vector"]),
    )


def _missing(request: Request, database: Database, record: search.Record) -> str:
    """Why the record's audio cannot be played, as the end of a word's name; empty where it can."""
    try:
        open_audio(database, state(request).folders, record).file.close()
    except AudioMissing as error:
        return str(error)
    return ""


def counts(request: Request) -> Response:
    """The charts."""
    shared = state(request)
    given = {name: request.query_params.get(name, "") for name in ("since", "user", "model")}
    if "since" not in request.query_params:
        given["since"] = "30d"
    try:
        # Whole minutes, so that a reload within the minute finds the answer ready.
        wanted = _coarse(parse(given, zone=shared.zone))
        hours = shared.remembered(questions.activity, wanted)
        values: dict[str, Any] = {
            "totals": shared.remembered(questions.totals, wanted),
            "repeats": shared.remembered(questions.repeats, wanted),
            "emotions": shared.remembered(questions.emotions, wanted),
            "users": shared.remembered(questions.users, wanted)[:12],
            "voices": shared.remembered(questions.voices, wanted)[:12],
            "errors": shared.remembered(questions.errors, wanted)[:8],
            "choices": shared.remembered(_choices, Filter()),
        }
    except FilterError as error:
        return render(request, "unavailable.html", 400, message=str(error), hint=error.hint)
    except TemporarySinkError as error:
        return render(request, "unavailable.html", 503, message=str(error), hint=error.hint)
    word = translator(language_of(request))
    days = questions.by_day(hours, shared.zone)
    by_model = questions.by_day(hours, shared.zone, models=True)
    weeks = charts.is_long(days)
    if weeks:
        days, by_model = charts.weekly(days), charts.weekly(by_model)
    return render(
        request,
        "charts.html",
        given=given,
        periods=_PERIODS,
        weeks=weeks,
        load_chart=charts.columns(days, "takes", word("takes"), step=7 if weeks else 1),
        week_chart=charts.week(
            questions.by_weekday(hours, shared.zone), [word(f"day{number}") for number in range(7)], word("week")
        ),
        rtf_chart=charts.lines(
            charts.rates(by_model, "compute_seconds", "audio_seconds"), word("rtf_by_model"), decimals=2
        ),
        failure_chart=charts.lines(
            {
                word("failed"): charts.share(days, "failed"),
                word("saturated"): charts.share(days, "saturated"),
                word("truncated"): charts.share(days, "truncated"),
            },
            word("quality"),
            percent=True,
        ),
        emotion_chart=charts.bars(
            [(word("emotion_" + row["emotion"]), row["takes"]) for row in values["emotions"][:10]], word("emotions")
        ),
        **values,
    )


def _coarse(wanted: Filter) -> Filter:
    if wanted.since is None:
        return wanted
    return parse(
        {
            "since": (
                wanted.since - timedelta(seconds=wanted.since.second, microseconds=wanted.since.microsecond)
            ).isoformat(),
            "user": wanted.user,
            "model": wanted.model,
        }
    )


def repeats(request: Request) -> Response:
    shared = state(request)
    given = {"since": request.query_params.get("since", "")}
    try:
        wanted = _coarse(parse(given, zone=shared.zone))
        rows = shared.remembered(questions.duplicates, wanted)
        total = shared.remembered(questions.repeats, wanted)
    except FilterError as error:
        return render(request, "unavailable.html", 400, message=str(error), hint=error.hint)
    except TemporarySinkError as error:
        return render(request, "unavailable.html", 503, message=str(error), hint=error.hint)
    return render(request, "repeats.html", rows=rows, total=total, given=given, periods=_PERIODS)


def preferences(request: Request) -> Response:
    """Language and theme, kept in the browser; works without scripts."""
    response = RedirectResponse(_own_path(request.query_params.get("back", "/")), status_code=303)
    for name, allowed in (("lang", LANGUAGES), ("theme", _THEMES)):
        chosen = request.query_params.get(name, "")
        if chosen in allowed:
            response.set_cookie(name, chosen, max_age=_YEAR, samesite="lax")
    return response


async def login(request: Request) -> Response:
    """The token as a form; a cookie stands in for it from then on."""
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
        await asyncio.sleep(0.5)  # guessing takes its time
        return render(request, "login.html", 403, wrong=True)
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        COOKIE, session(token), max_age=_YEAR, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return response


def logout(request: Request) -> Response:
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(COOKIE)
    return response


def not_found(request: Request, error: Exception | None = None) -> Response:
    if request.url.path.startswith("/api/"):
        return refusal(NotFound("there is no such page"), 404)
    return render(request, "not_found.html", 404)


def _own_path(path: str) -> str:
    """A path of this site, whatever was given: //host and /\\host would lead elsewhere."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if safe else "/"


def link(**filters: str) -> str:
    """The library with these filters."""
    return "/?" + urlencode({name: value for name, value in filters.items() if value})


_TEMPLATES.globals["link"] = link


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
