"""Values as both databases ought to give them: numbers as numbers, times as times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

from sidecar.event.event import rfc3339
from sidecar.storage.database import Row


def plain(value: Any) -> Any:
    """MySQL's sums of integers are Decimal; they become int, or float where there is a fraction. Bytes become text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace")
    return value


def as_dicts(columns: tuple[list[str], Iterable[Row]]) -> list[dict[str, Any]]:
    """What Database.columns gives, as one dict a row with plain values."""
    names, rows = columns
    return [dict(zip(names, map(plain, row), strict=True)) for row in rows]


def as_time(value: Any) -> datetime | None:
    """A time from a computed column: SQLite gives it as text."""
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(str(value)).replace(tzinfo=timezone.utc)


def for_json(value: Any) -> Any:
    """What JSON has no type for, for orjson's `default`: times as ISO 8601 in UTC with microseconds."""
    if isinstance(value, datetime):
        return rfc3339(value.astimezone(timezone.utc))
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
