"""Who asked: what Gradio knows of the running request, and torch's seed. Neither is ever imported here."""

from __future__ import annotations

import sys
import time
from typing import Any

from ..guard import attempt
from ..writing.event import name, number

_MIN_SEED, _MAX_SEED = -(1 << 63), (1 << 64) - 1


def caller(*, client: bool) -> dict[str, Any] | None:
    """Members of the schema's `caller`, None outside of Gradio.

    Gradio sets its LocalContext in the very thread that runs the function (utils.get_function_with_locals);
    seen from 3.50 to 6.31. In 5.x and 6.x the variables have no default.

    Args:
        client: whether to record the network address.
    """
    context = getattr(sys.modules.get("gradio.context"), "LocalContext", None)
    if context is None:
        return None
    known: dict[str, Any] = {}
    request = _value(context, "request")
    if request is not None:
        known["user"] = name(attempt(getattr, request, "username", None))
        known["session"] = name(attempt(getattr, request, "session_hash", None))
        if client:
            known["client"] = name(getattr(attempt(getattr, request, "client", None), "host", None))
    event_id = _value(context, "event_id")
    if event_id is not None:
        known["request"] = name(event_id)
        known["queue_wait"] = attempt(_queue_wait, _value(context, "blocks"), event_id)
    return known or None


def _value(context: object, variable: str) -> Any:
    holder = getattr(context, variable, None)
    return None if holder is None else attempt(holder.get, None)


def _queue_wait(blocks: Any, event_id: str) -> float | None:
    # Private to Gradio: there in 4.44 and 5.45, not in 3.50.
    analytics = getattr(getattr(blocks, "_queue", None), "event_analytics", None)
    entry = analytics.get(event_id) if isinstance(analytics, dict) else None
    queued = number(entry.get("time")) if isinstance(entry, dict) else None
    return None if queued is None else round(max(time.time() - queued, 0.0), 6)


def seed() -> int | None:
    """torch.initial_seed() where the host has loaded torch."""
    initial_seed = getattr(sys.modules.get("torch"), "initial_seed", None)
    value = attempt(initial_seed) if callable(initial_seed) else None
    return value if isinstance(value, int) and _MIN_SEED <= value <= _MAX_SEED else None
