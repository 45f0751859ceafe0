"""Flags that say which records are meant, the same for every command that asks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from sidecar.answers.filters import parse
from sidecar.event.types import STATUSES
from sidecar.service.settings import Settings

_HELP = {
    "since": ("TIME", "Ended at or after: 3d (s, m, h, d, w ago), 2026-11-22 or 2026-11-22T10:15."),
    "until": ("TIME", "Ended before; written like --since. A day is counted to its end."),
    "user": ("NAME", "Made by that user."),
    "emotion": ("EMOTION", "With that emotion, such as happy; neutral where none was asked for."),
    "status": ("STATUS", f"{', '.join(STATUSES)}; problems: failed, saturated or cut off."),
    "model": ("VERSION", "By that version of the model."),
    "voice": ("PATH|SHA256", "Part of the speaker prompt's path, or its SHA-256."),
    "request": ("HASH", "With that request_hash."),
    "rating": ("1-5", "Rated at least so."),
    "language": ("LANGUAGE", "In that language, as the caller named it."),
    "error": ("CLASS", "Ended by an exception of that class, such as OutOfMemoryError."),
    "tag": ("TAG", "With that tag; -TAG: without it. May be said several times."),
    "favourite": ("", "Favourites alone."),
}
"""What kind of value, and what it means."""


def filter_options(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a flag for each named filter, for all where none is named; the command is called with `wanted`, a Filter.

    To be used below settings_options. The words of the command's argument `text`, where it has one, go into the filter.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        chosen = names or tuple(_HELP)

        @functools.wraps(command)
        def wrapper(*, settings: Settings, **arguments: Any) -> None:
            values = {name: _as_text(arguments.pop(name)) for name in chosen}
            if "text" in arguments:
                values["text"] = " ".join(arguments.pop("text"))
            command(settings=settings, wanted=parse(values, zone=settings.zone), **arguments)

        decorated: Callable[..., None] = wrapper
        for name in reversed(chosen):
            metavar, meaning = _HELP[name]
            form = {"metavar": metavar, "multiple": name == "tag"} if metavar else {"is_flag": True}
            decorated = click.option(f"--{name}", help=meaning, **form)(decorated)
        return decorated

    return decorate


def _as_text(value: str | bool | tuple[str, ...] | None) -> str:
    """As it would be in a URL."""
    if isinstance(value, bool):
        return "yes" if value else ""
    return ",".join(value) if isinstance(value, tuple) else value or ""
