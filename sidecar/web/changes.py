"""New takes, as they come: server-sent events for the library's page and for programs; and how many of them match."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from sidecar.errors import SidecarError, UsageError
from sidecar.web.api import answer, guarded, refusal
from sidecar.web.asking import wanted_of
from sidecar.web.state import state

MOST_COUNTED = 100
"""New takes that are told apart from many."""
_HINT = "Ask again in a minute, or ask /api/records now and then."


async def changes(request: Request) -> Response:
    """GET: an event `change` at once and with each new take; its data and its id are the greatest id of the records."""
    feed = state(request).feed
    if feed.full:
        return refusal(SidecarError("too many listen already", hint=_HINT), 503)

    async def told() -> AsyncIterator[str]:
        yield "retry: 2000\n\n"
        async with contextlib.aclosing(feed.listen()) as heard:
            async for identity in heard:
                yield ": still here\n\n" if identity is None else f"event: change\nid: {identity}\ndata: {identity}\n\n"

    return StreamingResponse(told(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@guarded
def arrived(request: Request) -> Response:
    """GET: how many takes that match came after the record with the id `after`; MOST_COUNTED at most."""
    after = request.query_params.get("after", "")
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise UsageError(f"after is {after[:40]!r}", hint="Write the id that the last change told.")
    wanted = wanted_of(request)
    conditions, parameters = wanted.where(wanted.tags)  # of few records it is asked
    inner = f"SELECT id FROM tts_records WHERE id > ? AND {' AND '.join(conditions)} LIMIT {MOST_COUNTED:d}"
    with state(request).pool.lend() as database:
        count = database.query(f"SELECT COUNT(*) FROM ({inner}) newer", [int(after), *parameters])[0][0]
    return answer({"new": int(count)})


def routes() -> list[BaseRoute]:
    return [Route("/api/changes", changes), Route("/api/arrived", arrived)]
