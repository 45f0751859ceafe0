"""How much memory of its GPU a call took at most, as far as torch's own counters tell.

They are read, never reset: a host may rely on them. So the peak of a call is known where it is also the highest since
the counter began; below an earlier peak nobody can tell it. Nothing is imported, initialised or waited for.
"""

from __future__ import annotations

import sys

from ..guard import Any
from ..upstream.libraries import ACCELERATORS


def accelerator(kind: str) -> Any:
    """The module torch.<kind>, where the host has loaded torch and initialised that kind of device; else None."""
    module = sys.modules.get(f"torch.{kind}")
    initialized = getattr(module, "is_initialized", None)
    return module if callable(initialized) and initialized() else None


def peak(device: str | None) -> int | None:
    """Bytes allocated at most on a device such as cuda:0 since torch's counter began; None where that is not known."""
    return _allocated(device).get("peak")


def during(device: str | None, before: int | None) -> dict[str, Any] | None:
    """Members of the schema's `memory`, for a call that ends now.

    Args:
        device: such as cuda:0.
        before: `peak` as the call began.
    """
    now = _allocated(device)
    highest = now.get("peak")
    if highest is None:
        return None
    certain = before is not None and highest > before
    return {"peak": highest if certain else None, "process_peak": highest, "allocated": now.get("current")}


def _allocated(device: str | None) -> dict[str, int]:
    kind, _, index = (device or "").partition(":")
    module = accelerator(kind) if kind in ACCELERATORS and index.isdecimal() else None
    statistics = getattr(getattr(module, "memory", module), "memory_stats_as_nested_dict", None)
    if statistics is None:
        return {}
    found: dict[str, int] = statistics(int(index)).get("allocated_bytes", {}).get("all", {})
    return found
