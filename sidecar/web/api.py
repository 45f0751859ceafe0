"""The JSON API, described in openapi.py: for programs, and for the pages' players. What is asked is here; what is said
of takes is in saying.py and reviewing.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sidecar.answers import audio, questions, review, said, search, sums
from sidecar.answers.filters import Filter
from sidecar.answers.machine import machine
from sidecar.answers.naming import download_name
from sidecar.answers.timeline import timeline
from sidecar.answers.values import for_json
from sidecar.errors import SidecarError, TemporarySinkError, UsageError
from sidecar.event.publish import PublishError
from sidecar.storage.columns import COLUMNS, PROCESS_COLUMNS, Kind
from sidecar.storage.database import Database
from sidecar.web.asking import wanted_of
from sidecar.web.bodies import WrongBody
from sidecar.web.openapi import document
from sidecar.web.ranges import audio_response
from sidecar.web.state import State, state
from sidecar.web.waveform import outline
from sidecar.wording import ENGLISH, translator

P = ParamSpec("P")
T = TypeVar("T")

_MAX_BODY = 5 * 1024 * 1024  # as many ids as may be chosen
_JSON_COLUMNS = tuple(column.name for column in (*COLUMNS, *PROCESS_COLUMNS) if column.kind is Kind.JSON)
_LIMITS = "Write a number from 1 to 500."


class NotFound(SidecarError):
    """There is no such record."""


def answer(content: object, status: int = 200) -> Response:
    body = orjson.dumps(content, default=for_json, option=orjson.OPT_PASSTHROUGH_DATETIME)
    return Response(body, status_code=status, media_type="application/json")


def refusal(error: SidecarError, status: int) -> Response:
    code = {"code": error.state} if isinstance(error, audio.AudioMissing) else {}
    return answer({"error": {"message": str(error), "hint": error.hint, **code}}, status)


def guarded(endpoint: Callable[P, Response]) -> Callable[P, Response]:
    """Turns errors of ours into answers; a bug stays a bug."""

    @wraps(endpoint)
    def wrapper(*arguments: P.args, **keywords: P.kwargs) -> Response:
        try:
            return endpoint(*arguments, **keywords)
        except UsageError as error:
            return refusal(error, 400)
        except (NotFound, audio.AudioMissing) as error:
            return refusal(error, 404)
        except (TemporarySinkError, PublishError) as error:
            return refusal(error, 503)

    return wrapper


def record_of(request: Request, database: Database) -> search.Record:
    """
    Raises:
        NotFound: the path names no record.
    """
    event_id = request.path_params["event_id"]
    record = search.get(database, event_id) if event_id.isascii() else None
    if record is None:
        raise NotFound("there is no such record")
    return record


@guarded
def records(request: Request) -> Response:
    limit = request.query_params.get("limit", "100")
    if not (limit.isascii() and limit.isdigit() and len(limit) < 10 and 1 <= int(limit) <= search.MAX_LIMIT):
        raise UsageError(f"limit is {limit[:40]!r}", hint=_LIMITS)
    queue = state(request).queue.get()
    with state(request).pool.lend() as database:
        page = search.find(
            database,
            wanted_of(request),
            limit=int(limit),
            cursor=request.query_params.get("cursor") or None,
            among=list(queue.doubtful) if request.query_params.get("doubtful") else None,
        )
        told = review.annotated(database, lambda: queue.pasts, page.records, translator(ENGLISH))
        told = said.annotated(database, told)
    return answer({"records": told, "cursor": page.cursor})


@guarded
def record(request: Request) -> Response:
    queue = state(request).queue.get()
    with state(request).pool.lend() as database:
        chosen = record_of(request, database)
        process = machine(database, chosen["source"])
        reviewed = review.annotated(database, lambda: queue.pasts, [chosen], translator(ENGLISH))
        [told] = said.annotated(database, reviewed)
    return answer({**unpacked(told), "process": process and unpacked(process)})


def unpacked(row: search.Record) -> search.Record:
    """The row with its JSON columns decoded."""
    texts = {name: row[name] for name in _JSON_COLUMNS if name in row}
    return {**row, **{name: json.loads(text) if text else None for name, text in texts.items()}}


@guarded
def record_timeline(request: Request) -> Response:
    with state(request).pool.lend() as database:
        chosen = record_of(request, database)
        events = timeline(database, chosen["event_id"])
    return answer({"events": [{name: row[name] for name in row if name != "path"} for row in events]})


@guarded
def record_audio(request: Request) -> Response:
    with state(request).pool.lend() as database:
        chosen = record_of(request, database)
        opened = audio.open_audio(database, state(request).folders, chosen)
    headers = request.headers
    etag = f'"{chosen["audio_sha256"]}"' if chosen["audio_sha256"] else None
    name = download_name(chosen, state(request).zone)
    return audio_response(opened, headers.get("range"), name=name, etag=etag, if_range=headers.get("if-range"))


@guarded
def record_waveform(request: Request) -> Response:
    with state(request).pool.lend() as database:
        chosen = record_of(request, database)
        opened = audio.open_audio(database, state(request).folders, chosen)
    asked = request.query_params.get("level") == "yes"
    with opened.file as file:
        found = outline(file, level=asked)
    level = {"level": found.level} if asked else {}
    name = download_name(chosen, state(request).zone)
    known = {"seconds": chosen["duration"], "name": name, "type": opened.media_type}
    return answer({"peaks": found.peaks, **known, **level})


async def body_of(request: Request, kind: str) -> bytes | Response:
    """What a program or a page sent; an answer that refuses it where it is of another kind, or too much.

    Args:
        kind: such as application/json.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != kind:
        return refusal(SidecarError(f"the body is not {kind}"), 415)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MAX_BODY:
            return refusal(SidecarError("the body is too large"), 413)
    return body


async def posted(request: Request, decode: Callable[[bytes], T], publish: Callable[[Request, T], Response]) -> Response:
    """Answer a POST: what its body says is published on a thread of its own, or refused.

    Args:
        decode: raises WrongBody.
    """
    body = await body_of(request, "application/json")
    if isinstance(body, Response):
        return body
    try:
        given = decode(body)
    except WrongBody as error:
        return refusal(error, 422)
    return await run_in_threadpool(publish, request, given)


STATS: dict[str, Callable[[State, Filter], Any]] = {
    "totals": lambda shared, wanted: sums.totals(shared.remembered(questions.usage, wanted)),
    "emotions": lambda shared, wanted: sums.emotions(shared.remembered(questions.usage, wanted)),
    "users": lambda shared, wanted: sums.users(shared.remembered(questions.usage, wanted)),
    "duplicates": lambda shared, wanted: shared.remembered(questions.repeats, wanted).costliest,
    "repeats": lambda shared, wanted: _overall(shared.remembered(questions.repeats, wanted)),
    "activity": lambda shared, wanted: shared.remembered(questions.activity, wanted),
    "voices": lambda shared, wanted: shared.remembered(questions.voices, wanted),
    "errors": lambda shared, wanted: shared.remembered(questions.errors, wanted),
}


def _overall(made_again: questions.Repeats) -> dict[str, float]:
    return {name: getattr(made_again, name) for name in ("requests", "repeats", "wasted_seconds")}


def _counting(ask: Callable[[State, Filter], Any]) -> Callable[[Request], Response]:
    @guarded
    def endpoint(request: Request) -> Response:
        return answer(ask(state(request), wanted_of(request)))

    return endpoint


def openapi(request: Request) -> Response:
    return answer(document())


def routes() -> list[BaseRoute]:
    return [
        Route("/api/openapi.json", openapi),
        Route("/api/records", records),
        Route("/api/records/{event_id}", record),
        Route("/api/records/{event_id}/timeline", record_timeline),
        Route("/api/records/{event_id}/audio", record_audio),
        Route("/api/records/{event_id}/waveform", record_waveform),
        *(Route(f"/api/stats/{name}", _counting(ask)) for name, ask in STATS.items()),
    ]
