"""The JSON API that the pages themselves use, described in openapi.py. Read-only except for ratings."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sidecar.answers import audio, questions, search, sums
from sidecar.answers.filters import Filter, parse
from sidecar.answers.timeline import timeline
from sidecar.answers.values import for_json
from sidecar.errors import EventError, SidecarError, TemporarySinkError, UsageError
from sidecar.event.publish import PublishError
from sidecar.storage.database import Database
from sidecar.upkeep.rating import rate
from sidecar.web.openapi import document
from sidecar.web.ranges import audio_response
from sidecar.web.state import State, state
from sidecar.web.waveform import peaks

P = ParamSpec("P")

_MAX_BODY = 256 * 1024
_MAX_NOTE, _MAX_NAME = 10_000, 255  # characters
_RATING_HINT = 'Send {"rating": 1 to 5 or null, "note": text or null, "by": name or null}.'
_JSON_COLUMNS = ("params", "emotion_vector")
_LIMITS = "Write a number from 1 to 500."


class NotFound(SidecarError):
    """There is no such record."""


class NotARating(SidecarError):
    """The body of a request is not a rating as openapi.py describes it."""


@dataclass(frozen=True, kw_only=True)
class RatingBody:
    """The body of a request that rates a record."""

    rating: int | None
    note: str | None
    by: str | None

    @classmethod
    def decode(cls, body: bytes) -> RatingBody:
        """
        Raises:
            NotARating: the body is something else.
        """
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise NotARating("the body is not JSON", hint=_RATING_HINT) from error
        if isinstance(given, dict) and {"rating"} <= given.keys() <= {"rating", "note", "by"}:
            rating, note, by = given["rating"], given.get("note"), given.get("by")
            if (
                (rating is None or (type(rating) is int and 1 <= rating <= 5))
                and (note is None or (isinstance(note, str) and len(note) <= _MAX_NOTE))
                and (by is None or (isinstance(by, str) and len(by) <= _MAX_NAME))
            ):
                return cls(rating=rating, note=note, by=by)
        raise NotARating("the body is not a rating", hint=_RATING_HINT)


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


def wanted_of(request: Request) -> Filter:
    return parse(request.query_params, zone=state(request).zone)


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
    with state(request).pool.lend() as database:
        page = search.find(
            database, wanted_of(request), limit=int(limit), cursor=request.query_params.get("cursor") or None
        )
    return answer({"records": page.records, "cursor": page.cursor})


@guarded
def record(request: Request) -> Response:
    with state(request).pool.lend() as database:
        chosen = record_of(request, database)
    return answer(unpacked(chosen))


def unpacked(record: search.Record) -> search.Record:
    """The record with its JSON columns decoded."""
    return {**record, **{name: json.loads(record[name]) if record[name] else None for name in _JSON_COLUMNS}}


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
    return audio_response(opened, headers.get("range"), etag=etag, if_range=headers.get("if-range"))


@guarded
def record_waveform(request: Request) -> Response:
    with state(request).pool.lend() as database:
        opened = audio.open_audio(database, state(request).folders, record_of(request, database))
    with opened.file as file:
        return answer({"peaks": peaks(file)})


async def record_rating(request: Request) -> Response:
    """POST: publishes a rating as an event file."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return refusal(SidecarError("the body is not application/json"), 415)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MAX_BODY:
            return refusal(SidecarError("the body is too large"), 413)
    try:
        given = RatingBody.decode(body)
    except NotARating as error:
        return refusal(error, 422)
    return await run_in_threadpool(_publish_rating, request, given)


@guarded
def _publish_rating(request: Request, given: RatingBody) -> Response:
    shared = state(request)
    with shared.pool.lend() as database:
        chosen = record_of(request, database)
        try:
            event = rate(
                database,
                shared.publisher,
                shared.folders,
                chosen["event_id"],
                rating=given.rating,
                note=given.note,
                user=given.by,
            )
        except EventError as error:
            return refusal(SidecarError(f"the rating does not fit the schema: {error}"), 422)
    return answer({"event_id": event.id}, 202)


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
        Route("/api/records/{event_id}/rating", record_rating, methods=["POST"]),
        *(Route(f"/api/stats/{name}", _counting(ask)) for name, ask in STATS.items()),
    ]
