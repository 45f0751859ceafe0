"""What people say of takes through the library: a rating, tags, a favourite, a note, a preference. Each is published as
an event file; answered is its id, and the tables have it once the shipper has delivered it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sidecar.answers import search
from sidecar.errors import EventError, SidecarError, UsageError
from sidecar.event.event import Event
from sidecar.storage.database import Database
from sidecar.storage.said import FAVOURITE
from sidecar.upkeep.preferring import prefer
from sidecar.upkeep.rating import rate
from sidecar.upkeep.tagging import Unsaid, as_tag, tag
from sidecar.web.api import NotFound, answer, guarded, posted, record_of, refusal
from sidecar.web.bodies import Body, is_list_of_texts, is_name, is_rating, is_remark, is_truth
from sidecar.web.state import state

Given = dict[str, Any]
Say = Callable[[Database, Request, list[str], Given], list[Event]]
"""Publishes what a body says of these records."""

BY = {"by": is_name}
RATING = Body(
    what="a rating",
    hint='Send {"rating": 1 to 5 or null, "note": text or null, "by": name or null}.',
    required={"rating": is_rating},
    optional={"note": is_remark, **BY},
)
TAGS = Body(
    what="a list of tags",
    hint='Send {"add": [tags], "remove": [tags], "by": name or null}; one of the lists may be absent.',
    required={},
    optional={"add": is_list_of_texts, "remove": is_list_of_texts, **BY},
    least=1,
)
FAVOURITES = Body(
    what="what makes a favourite",
    hint='Send {"favourite": true or false, "by": name or null}.',
    required={"favourite": is_truth},
    optional=BY,
)
NOTE = Body(
    what="a note",
    hint='Send {"note": text or null, "by": name or null}.',
    required={"note": is_remark},
    optional=BY,
)
PREFERENCE = Body(
    what="a preference",
    hint='Send {"preferred": event_id, "over": [event_ids], "by": name or null}.',
    required={"preferred": lambda value: isinstance(value, str), "over": is_list_of_texts},
    optional=BY,
)


def say_rating(database: Database, request: Request, event_ids: list[str], given: Given) -> list[Event]:
    shared = state(request)
    said = {"rating": given["rating"], "note": given["note"], "user": given["by"]}
    return rate(database, shared.publisher, shared.folders, event_ids, **said)


def say_tags(database: Database, request: Request, event_ids: list[str], given: Given) -> list[Event]:
    add, remove = ([as_tag(each) for each in given[name] or ()] for name in ("add", "remove"))
    return _tag(database, request, event_ids, add=add, remove=remove, user=given["by"])


def say_favourite(database: Database, request: Request, event_ids: list[str], given: Given) -> list[Event]:
    name = "add" if given["favourite"] else "remove"
    return _tag(database, request, event_ids, **{name: [FAVOURITE]}, user=given["by"])


def say_note(database: Database, request: Request, event_ids: list[str], given: Given) -> list[Event]:
    return _tag(database, request, event_ids, note=given["note"], user=given["by"])


def _tag(database: Database, request: Request, event_ids: list[str], **said: Any) -> list[Event]:
    shared = state(request)
    return tag(database, shared.publisher, shared.folders, event_ids, **({"note": Unsaid.NOTE} | said))


def refused(error: SidecarError) -> Response:
    """The answer to a body that says what cannot be."""
    if isinstance(error, EventError):
        return refusal(SidecarError(f"it does not fit the schema: {error}"), 422)
    return refusal(error, 422)


def _about_one(body: Body, say: Say) -> Callable[[Request], Any]:
    @guarded
    def publish(request: Request, given: Given) -> Response:
        with state(request).pool.lend() as database:
            event_id = record_of(request, database)["event_id"]
            try:
                [event] = say(database, request, [event_id], given)
            except (EventError, UsageError) as error:
                return refused(error)
        return answer({"event_id": event.id}, 202)

    async def endpoint(request: Request) -> Response:
        return await posted(request, body.read, publish)

    return endpoint


async def preference(request: Request) -> Response:
    """POST: publishes which of some takes somebody prefers."""
    return await posted(request, PREFERENCE.read, _publish_preference)


@guarded
def _publish_preference(request: Request, given: Given) -> Response:
    shared = state(request)
    with shared.pool.lend() as database:
        for each in (given["preferred"], *given["over"]):
            if not each.isascii() or search.get(database, each) is None:
                raise NotFound(f"there is no record {each[:40]!r}")
        try:
            event = prefer(
                database,
                shared.publisher,
                shared.folders,
                given["preferred"],
                over=given["over"],
                user=given["by"],
            )
        except (EventError, UsageError) as error:
            return refused(error)
    return answer({"event_id": event.id}, 202)


def routes() -> list[BaseRoute]:
    one = "/api/records/{event_id}"
    return [
        Route(f"{one}/rating", _about_one(RATING, say_rating), methods=["POST"]),
        Route(f"{one}/tags", _about_one(TAGS, say_tags), methods=["POST"]),
        Route(f"{one}/favourite", _about_one(FAVOURITES, say_favourite), methods=["POST"]),
        Route(f"{one}/note", _about_one(NOTE, say_note), methods=["POST"]),
        Route("/api/preferences", preference, methods=["POST"]),
    ]
