"""The library's first page, and the rows in it: drawn here alone, whether a page is opened, a filter changed, or more
of them asked for. Without scripts the same rows come with links in place of buttons.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sidecar.answers import review, search
from sidecar.answers.audio import Audio, AudioState, missing, opened
from sidecar.answers.filters import Filter
from sidecar.answers.said import Said, said
from sidecar.answers.window import NEWEST, ORDERS
from sidecar.answers.words import words
from sidecar.errors import SidecarError, TemporarySinkError, UsageError
from sidecar.storage.database import Database
from sidecar.web.asking import DOUBTFUL, Question, wanted_of
from sidecar.web.columns import COLUMNS, shown
from sidecar.web.feed import newest
from sidecar.web.rendering import render
from sidecar.web.state import PATIENCE_SECONDS, State, state
from sidecar.web.tallying import facets, tallied

PAGE = 40
"""Rows that come at once."""
MOST_WAVEFORMS = 200
"""Rows whose waveforms are asked for at once."""
_SCORED = ("mos_overall", "loudness")
_CURSOR = "cursor"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A take in the list."""

    record: search.Record
    gone: AudioState | None
    told: review.Review
    said: Said
    day: date | None
    """The day that begins with it, where the list is in the order of time."""


def library(request: Request) -> Response:
    """The page with its first rows."""
    question = Question.of(request)
    listing = _listing(request, question)
    return render(
        request,
        "library.html",
        listing["status"],
        question=question,
        facets=facets(request, question, None),
        listing=listing,
        oldest=_oldest(request),
        all_columns=list(COLUMNS),
    )


def rows(request: Request) -> Response:
    """The rows alone, for the page's script."""
    listing = _listing(request, Question.of(request))
    return render(request, "rows.html", listing["status"], listing=listing)


def summary(request: Request) -> Response:
    """How many takes match, how long they are, of which kinds: for the page's script, which asks beside the rows."""
    question = Question.of(request)
    try:
        found = tallied(request, question)
    except (UsageError, TemporarySinkError) as error:
        return render(request, "summary.html", status_of(error), question=question, facets=(), tallied=None)
    return render(request, "summary.html", question=question, facets=facets(request, question, found), tallied=found)


def waveforms(request: Request) -> Response:
    """The small waveforms of the rows with these ids, for the page's script; of those that can be heard and drawn."""
    asked = request.query_params.getlist("id")
    if not 0 < len(asked) <= MOST_WAVEFORMS or not all(_is_number(each, 18) for each in asked):
        raise UsageError(f"id has to be given, as a number, at least once and at most {MOST_WAVEFORMS} times")
    shared = state(request)
    with shared.pool.lend() as database:
        takes = opened(database, shared.folders, search.these(database, [int(each) for each in asked]))
    drawn = {}
    for record, audio in takes:
        if isinstance(audio, Audio):
            with audio.file as file:
                drawn[str(record["id"])] = list(shared.thumbnails.of(file))
    return JSONResponse(drawn)


def _is_number(text: str, digits: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= digits


def _oldest(request: Request) -> datetime | None:
    """When the first take of all was made."""
    with contextlib.suppress(TemporarySinkError), state(request).pool.lend() as database:
        rows = database.query("SELECT created_at FROM tts_records ORDER BY created_at LIMIT 1")
        return rows[0][0] if rows else None
    return None


def status_of(error: SidecarError) -> int:
    """The HTTP status of an error that is no bug."""
    return 400 if isinstance(error, UsageError) else 503


def _listing(request: Request, question: Question) -> dict[str, Any]:
    """What listing.html shows: rows, or why there are none."""
    shared = state(request)
    cursor = request.query_params.get(_CURSOR, "")
    listing: dict[str, Any] = {
        "status": 200, "rows": [], "hits": [], "more": "", "error": None, "standing": None, "newest": 0,
        "question": question, "columns": shown(request), "again": question.address, "reached": None,
        "further": bool(cursor), "year": f"{datetime.now(shared.zone).year}",
    }  # fmt: skip
    queue = shared.queue.get()
    try:
        wanted = wanted_of(request)
        with shared.pool.lend() as database:
            listing["newest"] = newest(database)
        page = _page(shared, question, wanted, cursor)
        with shared.pool.lend() as database:
            listing["rows"] = _drawn(database, shared, page.records, queue, by_day=question.order == NEWEST)
        if not page.records and not question.given and not cursor and not question.at:
            listing["standing"] = shared.standing()
    except (UsageError, TemporarySinkError) as error:
        return listing | {"status": status_of(error), "error": error}
    more = f"/?{urlencode({_CURSOR: page.cursor})}&{question.query}".rstrip("&") if page.cursor else ""
    return listing | {"hits": words(wanted.text), "more": more, "reached": page.reached}


def _page(shared: State, question: Question, wanted: Filter, cursor: str) -> search.Page:
    """The next takes in the order that was asked for."""
    if question.order == NEWEST:
        among = list(shared.queue.get().doubtful) if question.first(DOUBTFUL) else None
        with shared.pool.lend() as database:
            return search.find(
                database,
                wanted,
                limit=PAGE,
                cursor=cursor or question.cursor(shared.zone),
                among=among,
                patience=PATIENCE_SECONDS,
            )
    scored = ORDERS[question.order.removeprefix("-")] in _SCORED
    ids = shared.window(wanted, doubtful=bool(question.first(DOUBTFUL)), scored=scored).ordered(question.order)
    begin = int(cursor) if _is_number(cursor, 8) else 0
    following = begin + PAGE
    with shared.pool.lend() as database:
        records = search.these(database, ids[begin:following])
    return search.Page(records=records, cursor=str(following) if following < len(ids) else None)


def _drawn(
    database: Database, shared: State, records: Sequence[search.Record], queue: review.Queue, *, by_day: bool
) -> list[Row]:
    gone = missing(database, shared.folders, records)
    told = review.reviews(database, lambda: queue.pasts, (each["event_id"] for each in records))
    heard = said(database, (each["event_id"] for each in records))
    days = [each["created_at"].astimezone(shared.zone).date() for each in records]
    return [
        Row(
            record=record,
            gone=gone[number],
            told=told.get(str(record["event_id"]), review.Review()),
            said=heard.get(str(record["event_id"]), Said()),
            day=days[number] if by_day and (number == 0 or days[number] != days[number - 1]) else None,
        )
        for number, record in enumerate(records)
    ]


def routes() -> list[BaseRoute]:
    return [Route("/", library), Route("/rows", rows), Route("/summary", summary), Route("/waveforms", waveforms)]
