"""What processes that synthesise say of themselves: how many began, and on which kinds of machine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge

from sidecar.event.event import Event
from sidecar.event.types import STARTED

_LABELS = ("gpu", "torch", "cuda", "engine")
_MOST_KINDS = 16
_PLAIN = re.compile(r"[\w .,+()/-]{1,64}", re.ASCII)


class Processes:
    """A kind of machine is a series; the latest few are shown, so that no event can grow their number."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._started = Counter("tts_processes", "Processes that began to synthesise.", registry=registry)
        self._info = Gauge(
            "tts_process_info",
            f"Kinds of machine that processes which began since this program's start run on, the latest {_MOST_KINDS}.",
            _LABELS,
            registry=registry,
        )
        self._kinds: dict[tuple[str, ...], None] = {}

    def committed(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.type == STARTED:
                self._started.inc()
                self._show(_kind(event.data))

    def _show(self, kind: tuple[str, ...]) -> None:
        self._kinds.pop(kind, None)
        self._kinds[kind] = None
        self._info.labels(*kind).set(1)
        if len(self._kinds) > _MOST_KINDS:
            oldest = next(iter(self._kinds))
            del self._kinds[oldest]
            self._info.remove(*oldest)


def _kind(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The values of _LABELS."""
    gpus = dict.fromkeys(gpu.get("name") or "" for gpu in data.get("gpus") or ())
    engines = [f"{name} {version}" for name, version in sorted((data.get("engines") or {}).items())]
    torch = (data.get("packages") or {}).get("torch")
    return tuple(map(_label, (", ".join(gpus), torch, data.get("cuda"), ", ".join(engines))))


def _label(value: object) -> str:
    """A model or version as it is; "other" where it is neither."""
    if not value:
        return ""
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else "other"
