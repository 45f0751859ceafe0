"""Acting on many takes: exactly those that are named, or exactly those that a filter finds."""

from __future__ import annotations

import codecs
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, BinaryIO, cast

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from sidecar.answers import search
from sidecar.answers.filters import Filter, parse
from sidecar.errors import EventError, UsageError
from sidecar.storage.database import Database, in_chunks, marks
from sidecar.upkeep.deleting import delete
from sidecar.upkeep.export import WRITERS, columns, rows
from sidecar.web.api import NotFound, answer, body_of, guarded, posted
from sidecar.web.asking import DOUBTFUL, values_of
from sidecar.web.bodies import Body, is_reason
from sidecar.web.packing import packed
from sidecar.web.ranges import disposition
from sidecar.web.saying import BY, FAVOURITES, RATING, TAGS, Given, Say, refused, say_favourite, say_rating, say_tags
from sidecar.web.state import State, state

_PART = 256 * 1024  # bytes sent at once
_IN_MEMORY = 4 * 1024 * 1024  # bytes of an export, before it goes to a temporary file
TYPES = {"csv": "text/csv", "jsonl": "application/jsonl", "parquet": "application/vnd.apache.parquet"}
_WHICH_HINT = 'Send "ids": [event_ids], or "query": what follows the ? in the library\'s address.'


def _are_ids(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _of_many(body: Body) -> Body:
    """What is said of one take, said of those that are chosen."""
    which = {"ids": _are_ids, "query": lambda value: isinstance(value, str)}
    hint = f"{body.hint.removesuffix('.')}, and which takes. {_WHICH_HINT}"
    return replace(body, hint=hint, optional={**body.optional, **which}, least=body.least + 1)


DELETION = Body(
    what="a deletion",
    hint='Send {"reason": text or null, "by": name or null}.',
    required={},
    optional={"reason": is_reason, **BY},
)


def _ids_of(database: Database, shared: State, given: Given) -> list[str]:
    """
    Raises:
        UsageError: it is not said which, or they are too many.
        NotFound: there is no such record.
    """
    if (given["ids"] is None) == (given["query"] is None):
        raise UsageError("it is not said which takes are meant", hint=_WHICH_HINT)
    most = shared.selection_max
    if given["ids"] is not None:
        ids = list(dict.fromkeys(given["ids"]))
        _require_fewer(len(ids), most)
        for chunk in in_chunks(ids):
            those = [each for each in chunk if each.isascii()]
            there = database.query(
                f"SELECT event_id FROM tts_records WHERE event_id IN ({marks(those) or 'NULL'})", those
            )
            if lacking := set(chunk) - {str(event_id) for (event_id,) in there}:
                raise NotFound(f"there is no record {min(lacking)[:40]!r}")
        return ids
    return _found(database, shared, QueryParams(given["query"].removeprefix("?")), most)


def _found(database: Database, shared: State, query: QueryParams, most: int) -> list[str]:
    """Of every record that a query of the library finds, the newest first."""
    among = list(shared.queue.get().doubtful) if query.get(DOUBTFUL) else None
    wanted = parse(values_of(query), zone=shared.zone)
    ids: list[str] = []
    cursor = None
    while True:
        page = search.find(database, wanted, limit=search.MAX_LIMIT, cursor=cursor, among=among)
        ids += [str(each["event_id"]) for each in page.records if each["event_id"] is not None]
        _require_fewer(len(ids), most)
        cursor = page.cursor
        if cursor is None:
            return ids


def _require_fewer(count: int, most: int) -> None:
    if count > most:
        raise UsageError(
            f"more than {most:,} takes are meant",
            hint="Narrow the filters, or let whoever runs the library raise SIDECAR_WEB_SELECTION_MAX.",
        )


def _about_many(body: Body, act: Callable[[Database, Request, list[str], Given], Response]) -> Callable[[Request], Any]:
    @guarded
    def work(request: Request, given: Given) -> Response:
        shared = state(request)
        shared.queue.get()  # before a connection is lent, or all might wait for one more
        with shared.pool.lend() as database:
            ids = _ids_of(database, shared, given)
            try:
                return act(database, request, ids, given)
            except (EventError, UsageError) as error:
                return refused(error)

    async def endpoint(request: Request) -> Response:
        return await posted(request, body.read, work)

    return endpoint


def _saying(say: Say) -> Callable[[Database, Request, list[str], Given], Response]:
    def act(database: Database, request: Request, ids: list[str], given: Given) -> Response:
        return answer({"records": len(say(database, request, ids, given))}, 202)

    return act


def _delete(database: Database, request: Request, ids: list[str], given: Given) -> Response:
    shared = state(request)
    removed, kept = delete(database, shared.publisher, shared.folders, ids, reason=given["reason"], user=given["by"])
    return answer({"records": removed, "kept": kept}, 202)


async def _query_of(request: Request) -> QueryParams | Response:
    """Which takes a download is of: what the address says, or the form that was sent; an answer that refuses it."""
    if request.method != "POST":
        return request.query_params
    body = await body_of(request, "application/x-www-form-urlencoded")
    if isinstance(body, Response):
        return body
    sent = QueryParams(body)
    return QueryParams(sent["query"].removeprefix("?")) if "query" in sent else sent


def _download(send: Callable[[Request, QueryParams], Response]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        query = await _query_of(request)
        return query if isinstance(query, Response) else await run_in_threadpool(guarded(send), request, query)

    return endpoint


def _listed(query: QueryParams) -> list[str] | None:
    """The ids that a query names, with commas between or one by one."""
    return [each for part in query.getlist("ids") for each in part.split(",") if each] if "ids" in query else None


def zipped(request: Request, query: QueryParams) -> Response:
    """The audio of those takes, and records.csv."""
    shared = state(request)
    shared.queue.get()
    ids = _listed(query)
    given = {"ids": ids, "query": str(query) if ids is None else None}
    with shared.pool.lend() as database:
        chosen = _ids_of(database, shared, given)
    if not chosen:
        raise NotFound("there is no such record")
    return StreamingResponse(
        packed(shared.pool, shared.folders, chosen, shared.zone, begin=_marked(request)),
        media_type="application/zip",
        headers={"Content-Disposition": disposition("attachment", _name(shared, "zip"))},
    )


def _marked(request: Request) -> bytes:
    """What a CSV begins with: for the page's form the mark by which spreadsheets know UTF-8, for programs nothing."""
    return codecs.BOM_UTF8 if request.method == "POST" else b""


def _exported(form: str) -> Callable[[Request, QueryParams], Response]:
    def export(request: Request, query: QueryParams) -> Response:
        shared = state(request)
        shared.queue.get()
        # Written whole before any of it is sent: no connection waits for a slow reader.
        file = cast(BinaryIO, tempfile.SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115 - closed once it is sent
        try:
            file.write(_marked(request) if form == "csv" else b"")
            with shared.pool.lend() as database:
                names = columns(database)
                WRITERS[form](names, rows(database, names, _where(database, shared, query)), file)
        except BaseException:
            file.close()
            raise
        size = file.tell()
        file.seek(0)
        return StreamingResponse(
            _sent(file),
            media_type=TYPES[form],
            headers={
                "Content-Length": str(size),
                "Content-Disposition": disposition("attachment", _name(shared, form)),
            },
        )

    return export


def _where(database: Database, shared: State, query: QueryParams) -> Any:
    ids = _listed(query)
    if ids is None and query.get(DOUBTFUL):
        ids = _found(database, shared, query, shared.selection_max)
    if ids is not None:
        _require_fewer(len(ids), shared.selection_max)
        return [f"event_id IN ({marks(ids) or 'NULL'})"], ids
    wanted: Filter = parse(values_of(query), zone=shared.zone)
    conditions, parameters = wanted.where()
    ((count,),) = database.query(f"SELECT COUNT(*) FROM tts_records WHERE {' AND '.join(conditions)}", parameters)
    if count > shared.export_max:
        raise UsageError(
            f"{count:,} takes are meant, and at most {shared.export_max:,} are exported here",
            hint="Narrow the filters, or use `sidecar export`; the limit is SIDECAR_WEB_EXPORT_MAX.",
        )
    return conditions, parameters


def _sent(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while part := file.read(_PART):
            yield part


def _name(shared: State, ending: str) -> str:
    return f"takes-{datetime.now(shared.zone):%Y-%m-%d}.{ending}"


def routes() -> list[BaseRoute]:
    acts = {
        "rate": (RATING, _saying(say_rating)),
        "tag": (TAGS, _saying(say_tags)),
        "favourite": (FAVOURITES, _saying(say_favourite)),
        "delete": (DELETION, _delete),
    }
    downloads = {"zip": zipped, **{form: _exported(form) for form in WRITERS}}
    return [
        *(
            Route(f"/api/selection/{name}", _about_many(_of_many(body), act), methods=["POST"])
            for name, (body, act) in acts.items()
        ),
        *(
            Route(f"/api/selection.{ending}", _download(send), methods=["GET", "POST"])
            for ending, send in downloads.items()
        ),
    ]
