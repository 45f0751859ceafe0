"""Who asked: what Gradio knows of the running request. It is never imported here."""

from __future__ import annotations

import sys
import time

from ..guard import Any, attempt
from ..upstream import hosts
from .values import name, number


def caller(*, client: bool) -> dict[str, Any] | None:
    """Members of the schema's `caller`, the network address only where `client` is set; None outside Gradio."""
    module, attribute = hosts.GRADIO_CONTEXT
    context = getattr(sys.modules.get(module), attribute, None)
    if context is None:
        return None
    known: dict[str, Any] = {}
    request, event_id, blocks = (_value(context, variable) for variable in hosts.GRADIO_VARIABLES)
    if request is not None:
        for member, attribute in hosts.GRADIO_REQUEST.items():
            known[member] = name(attempt(getattr, request, attribute, None))
        if client:
            peer, address = hosts.GRADIO_ADDRESS
            known["client"] = name(getattr(attempt(getattr, request, peer, None), address, None))
    if event_id is not None:
        known["request"] = name(event_id)
        known["queue_wait"] = attempt(_queue_wait, blocks, event_id)
    return known or None


def _value(context: object, variable: str) -> Any:
    holder = getattr(context, variable, None)
    return None if holder is None else attempt(holder.get, None)


def _queue_wait(blocks: Any, event_id: str) -> float | None:
    queue, analytics = hosts.GRADIO_QUEUE
    entries = getattr(getattr(blocks, queue, None), analytics, None)
    entry = entries.get(event_id) if isinstance(entries, dict) else None
    queued = number(entry.get(hosts.GRADIO_QUEUED_AT)) if isinstance(entry, dict) else None
    return None if queued is None else round(max(time.time() - queued, 0.0), 6)
