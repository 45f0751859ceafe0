"""Numbers, times and texts as people read them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from jinja2 import pass_context
from markupsafe import Markup, escape

from sidecar import palette
from sidecar.answers.naming import download_name
from sidecar.answers.review import sentence
from sidecar.event.types import without_prefix
from sidecar.wording import length
from sidecar.wording.moments import minute, moment, whole_moment

_STAGES = ("gpt_time", "s2mel_time", "bigvgan_time")


@pass_context
def duration(context: Mapping[str, Any], value: float | None) -> str:
    """A length of time in the page's language."""
    return "–" if value is None else length(value, context["_"])


def clock(value: float | None) -> str:
    """The length of a take as its player's clock shows it; rounded as lengths are everywhere."""
    tenths = math.floor((value or 0.0) * 10 + 0.5)
    if tenths < 600:
        return f"0:{tenths // 10:02}.{tenths % 10}"
    minutes, seconds = divmod(math.floor((value or 0.0) + 0.5), 60)
    return f"{minutes}:{seconds:02}"


def number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def weekday(day: date, word: Callable[[str], str]) -> str:
    """A day as a heading says it: Sun 2026-11-22."""
    return f"{word(f'day{day.weekday()}')} {day.isoformat()}"


def percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def size(value: int | None) -> str:
    """Bytes as kB, MB and GB."""
    if value is None:
        return "–"
    if value >= 1_000_000_000:
        return f"{value / 1e9:.1f} GB"
    return f"{value / 1e6:.1f} MB" if value >= 1_000_000 else f"{value / 1e3:.0f} kB"


def memory(value: int) -> str:
    """Bytes as the GiB that GPUs and machines are sold by."""
    return f"{value / 2**30:.0f} GiB"


def marked(text: str, hits: Sequence[str]) -> Markup:
    """The text with the words that were searched for marked, whatever their case."""
    found = re.compile("|".join(re.escape(hit) for hit in sorted(hits, key=len, reverse=True) if hit), re.IGNORECASE)
    if not found.pattern:
        return escape(text)
    parts, at = [], 0
    for hit in found.finditer(text):
        parts += [escape(text[at : hit.start()]), Markup("<mark>"), escape(hit.group()), Markup("</mark>")]
        at = hit.end()
    return Markup("").join([*parts, escape(text[at:])])


def base(path: str | None) -> str:
    """The last part of a path."""
    return (path or "").rpartition("/")[2]


def release(version: str | None) -> str:
    """A model's version: v2.5; a name that a speech server gave as it is."""
    return f"v{version}" if version and version[0].isdigit() else version or ""


def named(value: str, name: str, word: Callable[..., str]) -> str:
    """What a filter asks for, as people read it.

    Args:
        name: of the filter.
        word: says a word in the page's language.
    """
    match name:
        case "emotion" | "status":
            return word(f"{name}_{value}")
        case "voice":
            return base(value)
        case "model":
            return release(value)
        case "request":
            return word("same_request")
        case "doubtful":
            return word("doubtful_only")
        case "favourite":
            return word("favourites") if value == "yes" else word("without", word("favourites"))
        case "rating" if value in ("1", "2", "3", "4", "5"):
            return "★" * int(value) + "+"
    return value


def tupled(value: str, prefix: str = "", word: Callable[[str], str] | None = None) -> tuple[str, str]:
    """An option of a form: the value that is sent, and the text that people read."""
    return value, word(prefix + value) if word else value


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
    return [(name, float(value)) for name, value in zip(palette.EMOTIONS, values, strict=False)]


_FILTERS: tuple[Any, ...] = (
    duration, clock, number, percent, size, moment, minute, whole_moment, marked, base, release, named, tupled,
    without_prefix, sentence, weekday,
)  # fmt: skip
FILTERS: dict[str, Callable[..., Any]] = {each.__name__: each for each in _FILTERS} | {
    "download_name": download_name,
    "emotion_colour": lambda name: "c-" + palette.css_name(palette.emotion(name)),
    "stage_colour": lambda name: "c-" + palette.css_name(palette.stage(name)),
}
