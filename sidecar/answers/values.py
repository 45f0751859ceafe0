"""Values as both databases should have given them: numbers as numbers, times as times."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any


def plain(value: Any) -> Any:
    """A sum of integers comes as Decimal from MySQL; it becomes int, or float where it has a fraction."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace")
    return value


def as_time(value: Any) -> datetime | None:
    """A time that a computed column holds: SQLite's come as text."""
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(str(value)).replace(tzinfo=timezone.utc)


def for_json(value: Any) -> Any:
    """What JSON has no type for: times as ISO 8601 in UTC with microseconds."""
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
