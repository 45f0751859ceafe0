"""The queue of takes to hear: its page, its list for programs, and what is decided there."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sidecar.answers import review, search
from sidecar.answers.audio import missing
from sidecar.answers.verdicts import as_members
from sidecar.errors import EventError, SidecarError
from sidecar.upkeep.reviewing import VERDICTS, decide
from sidecar.web.agreement import agreement
from sidecar.web.api import answer, guarded, posted, record_of, refusal
from sidecar.web.bodies import Body, is_name, one_of
from sidecar.web.rendering import language_of, render
from sidecar.web.state import state
from sidecar.wording import ENGLISH, translator

PAGE = 20
"""Takes that come at once; the next ones come when these are decided."""
VERDICT = Body(
    what="a verdict",
    hint='Send {"verdict": "keep", "reject" or null, "by": name or null}.',
    required={"verdict": one_of(*VERDICTS, None)},
    optional={"by": is_name},
)


def page(request: Request) -> Response:
    """The most doubtful takes, to be played and decided on one after the other."""
    shared = state(request)
    queue, waiting = shared.queue.get(), shared.waiting()
    with shared.pool.lend() as database:
        records = search.those(database, waiting[:PAGE])
        gone = missing(database, shared.folders, records)
    takes = [(record, lost, queue.doubtful[record["event_id"]]) for record, lost in zip(records, gone, strict=True)]
    told = agreement(queue, translator(language_of(request)))
    return render(request, "review.html", takes=takes, left=len(waiting), scored=queue.takes, agreement=told)


@guarded
def waiting(request: Request) -> Response:
    """GET: the same for programs."""
    shared = state(request)
    queue, left = shared.queue.get(), shared.waiting()
    with shared.pool.lend() as database:
        records = search.those(database, left[:PAGE])
        told = review.annotated(database, lambda: queue.pasts, records, translator(ENGLISH))
    return answer(
        {
            "records": told,
            "waiting": len(left),
            "scored": queue.takes,
            "doubts": queue.counts(),
            "verdicts": as_members(queue.verdicts, queue.recall_of_all),
        }
    )


async def verdict(request: Request) -> Response:
    """POST: publishes a verdict as an event file."""
    return await posted(request, VERDICT.read, _publish)


@guarded
def _publish(request: Request, given: dict[str, Any]) -> Response:
    shared = state(request)
    pasts = shared.queue.get().pasts
    with shared.pool.lend() as database:
        event_id = record_of(request, database)["event_id"]
        told = review.reviews(database, lambda: pasts, [event_id])[event_id]
        try:
            event = decide(
                database,
                shared.publisher,
                shared.folders,
                event_id,
                verdict=given["verdict"],
                doubts=told.doubts,
                user=given["by"],
            )
        except EventError as error:
            return refusal(SidecarError(f"the verdict does not fit the schema: {error}"), 422)
    shared.settled(event_id, given["verdict"])
    return answer({"event_id": event.id}, 202)


def routes() -> list[BaseRoute]:
    return [
        Route("/review", page),
        Route("/api/review", waiting),
        Route("/api/records/{event_id}/verdict", verdict, methods=["POST"]),
    ]
