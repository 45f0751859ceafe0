"""Addresses of the library: what filters.parse reads out of one, written into one."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlencode

from sidecar.answers.filters import Filter


def takes(library: str, wanted: Filter) -> str:
    """The address of the library's page with these takes.

    Args:
        library: where it answers, such as https://tts.example.
    """
    pairs = [(field.name, value) for field in fields(Filter) for value in _written(getattr(wanted, field.name))]
    pairs = [pair for pair in pairs if pair[0] != "without"]
    pairs += [(f"-{name}", value) for name, value in wanted.without]
    return f"{library.rstrip('/')}/?{urlencode(pairs)}".rstrip("?")


def _written(value: Any) -> list[str]:
    if isinstance(value, tuple):
        return list(map(str, value))
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, datetime):
        return [value.astimezone(timezone.utc).isoformat()]
    return [str(value)] if value else []
