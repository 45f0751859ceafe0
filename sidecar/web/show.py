"""Numbers and times as people read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from jinja2 import pass_context

from sidecar.event.types import without_prefix
from sidecar.wording import length

_EMOTIONS = ("happy", "angry", "sad", "afraid", "disgusted", "melancholic", "surprised", "calm")
_STAGES = ("gpt_time", "s2mel_time", "bigvgan_time")


@pass_context
def duration(context: Mapping[str, Any], value: float | None) -> str:
    """A length of time in the page's language."""
    return "–" if value is None else length(value, context["_"])


def number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def size(value: int | None) -> str:
    """Bytes as kB and MB."""
    if value is None:
        return "–"
    return f"{value / 1e6:.1f} MB" if value >= 1_000_000 else f"{value / 1e3:.0f} kB"


def moment(value: datetime | None, zone: tzinfo) -> str:
    return "–" if value is None else value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def base(path: str | None) -> str:
    """The last part of a path."""
    return (path or "").rpartition("/")[2]


def tupled(value: str, prefix: str = "", word: Callable[[str], str] | None = None) -> tuple[str, str]:
    """An option of a form: the value that is sent, and the text that people read."""
    return value, word(prefix + value) if word else value


def hue(emotion: str) -> str:
    """The end of the CSS class that colours an emotion."""
    return emotion if emotion in _EMOTIONS else "other"


def stages(record: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    """The stages of a synthesis: name, seconds, share of the whole; the remainder is "other"."""
    wall = record["wall_time"] or 0.0
    timed = [(name, float(record[name])) for name in _STAGES if record[name]]
    if not wall or not timed:
        return []
    rest = wall - sum(seconds for _, seconds in timed)
    if rest > 0:
        timed.append(("other", rest))
    whole = max(wall, sum(seconds for _, seconds in timed))
    return [(name, seconds, seconds / whole) for name, seconds in timed]


def vector(values: Sequence[float] | None) -> list[tuple[str, float]]:
    """The emotion vector's weights by name; empty where none was set."""
    if not values or not any(values):
        return []
    return [(name, float(value)) for name, value in zip(_EMOTIONS, values, strict=False)]


_FILTERS: tuple[Any, ...] = (duration, number, percent, size, moment, base, tupled, hue, without_prefix)
FILTERS: dict[str, Callable[..., Any]] = {each.__name__: each for each in _FILTERS}
