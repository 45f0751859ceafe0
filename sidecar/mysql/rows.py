"""Renders rows as multi-row statements, through the driver's own escaping."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymysql.converters import escape_string

from sidecar.errors import PermanentSinkError
from sidecar.projection import Row
from sidecar.sink import Delivery


def event_row(delivery: Delivery, shipper: str, recorded_at: str) -> str:
    event = delivery.event
    # id, subject and the hash need no escaping: the schema's patterns leave nothing to escape.
    return (
        f"('{event.id}',{literal(event.type)},{literal(event.source)},{int(event.sequence)},'{event.subject}',"
        f"{literal(event.time)},{shipper},{literal(delivery.path)},'{event.sha256}',{recorded_at},"
        f"{literal(event.raw.decode())})"
    )


def literal(value: object) -> str:
    return _LITERALS[type(value)](value)


_LITERALS: Mapping[type, Callable[[Any], str]] = {
    type(None): lambda _: "NULL",
    str: lambda value: f"'{escape_string(value)}'",
    bool: lambda value: "1" if value else "0",
    int: repr,
    float: repr,
    datetime: lambda value: value.strftime("'%Y-%m-%d %H:%M:%S.%f'"),
}


def record_row(row: Row) -> str:
    return f"({','.join(map(literal, row))})"


def statements(
    head: str,
    rows: Iterable[str],
    tail: str,
    deliveries: Sequence[Delivery],
    *,
    aim: int,
    maximum: int,
) -> Iterator[bytes]:
    """Multi-row statements.

    Args:
        rows: one for each of `deliveries`.
        aim: bytes of a statement, about.
        maximum: bytes that the server takes.

    Raises:
        PermanentSinkError: one row alone is larger than the server takes.
    """
    first, last = head.encode(), tail.encode()
    collected: list[bytes] = []
    size = 0
    for row, delivery in zip(rows, deliveries, strict=True):
        encoded = row.encode()
        if len(encoded) + len(first) + len(last) > maximum:
            message = f"larger than the server's max_allowed_packet of {maximum} bytes"
            raise PermanentSinkError(message, rejected={delivery.path: message})
        if collected and size + len(encoded) > min(aim, maximum - len(first) - len(last)):
            yield first + b",".join(collected) + last
            collected, size = [], 0
        collected.append(encoded)
        size += len(encoded) + 1
    if collected:
        yield first + b",".join(collected) + last
