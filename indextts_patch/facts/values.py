"""Values made fit for an event: whatever the host passes, what leaves here is valid in JSON and in the schema."""

from __future__ import annotations

import math
import os

from ..guard import Any

MAX_TEXT_CHARACTERS = 1024 * 1024
_MAX_DEPTH = 6
_MAX_ITEMS = 256
_MAX_STRING = 4096


def clean(text: str, limit: int = _MAX_STRING) -> str:
    """The text as valid Unicode of at most `limit` characters.

    Surrogate pairs become the character that they stand for, lone surrogates U+FFFD: neither has a UTF-8 form.
    """
    text = text[:limit]
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def name(value: object, limit: int = 255) -> str | None:
    """The value as a short text, None for None."""
    return None if value is None else clean(str(value), limit)


def number(value: object) -> float | None:
    """The value as a finite number, None where it is not one. Takes numpy's and torch's scalars."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        result = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None
    return result if math.isfinite(result) else None


def plain(value: object, depth: int = 0) -> Any:
    """The value as JSON can hold it: scalars as they are, containers to a depth of 6, anything else as its repr.

    Non-finite numbers become None, numpy's and torch's scalars plain numbers; arrays are described, not copied.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        # A JSON number beyond 2^53 loses digits in most readers.
        return int(value) if abs(value) < 1 << 53 else str(value)[:_MAX_STRING]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, os.PathLike):
        return clean(os.fsdecode(value))
    if depth < _MAX_DEPTH:
        if isinstance(value, dict):
            items = list(value.items())[:_MAX_ITEMS]
            return {clean(str(key), 255): plain(item, depth + 1) for key, item in items}
        if isinstance(value, (list, tuple)):
            return [plain(item, depth + 1) for item in value[:_MAX_ITEMS]]
    return _foreign(value)


def _foreign(value: object) -> Any:
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        if not shape:
            return number(value)
        return clean(f"<{type(value).__name__} {getattr(value, 'dtype', '')} {tuple(shape)}>", 255)
    try:
        return clean(repr(value), 255)
    except Exception as error:  # noqa: BLE001 - a foreign __repr__ may raise anything
        return f"<{type(value).__name__}: repr failed with {type(error).__name__}>"
