"""Renders rows as bytes, once, the same for both ways into a table.

A row is what stands between the parentheses of a VALUES list, and a line that LOAD DATA reads. Strings are written as
JSON writes them, by its compiled serializer: in a session of utf8mb4 and without ANSI_QUOTES, MySQL reads every escape
of JSON as JSON means it but two, \\f and \\uXXXX, which JSON needs for some control characters. A row that has one
of them takes the driver's escaping, which is ten times slower, and right for whatever comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from pymysql.converters import escape_string

from sidecar.errors import PermanentSinkError
from sidecar.event import Event
from sidecar.projection import Value, project
from sidecar.sink import Batch, Delivery
from sidecar.statements import EVENT_COLUMNS

_STAMP_COLUMNS = ("shipper", "recorded_at")
EVENT_ROW_COLUMNS = (*(column for column in EVENT_COLUMNS if column not in _STAMP_COLUMNS), *_STAMP_COLUMNS)
"""The order of an event's row: what is the same for a whole batch comes last, so that the rest can be made ahead."""

_NULL = orjson.Fragment(b"NULL")
_differs = re.compile(rb"\\[fu]").search


@dataclass(frozen=True, slots=True)
class Rendered:
    """The rows of one delivery, made before the connection is free for them."""

    event: bytes
    """Of tts_events, without the stamp."""
    records: Sequence[tuple[str, str, bytes]]
    """Of tts_records: the kind's name, the subject, the row."""


def render(event: Event, path: str) -> Rendered:
    columns = (
        event.id,
        event.type,
        event.source,
        event.sequence,
        event.subject,
        event.time,
        path,
        event.sha256,
    )
    # Valid JSON has none of the characters that take the driver's escaping.
    raw = orjson.dumps(event.raw.decode())
    records = [(kind.name, str(row[0]), rendered(row)) for kind, row in project(event)]
    return Rendered(b"%b,%b" % (rendered(columns), raw), records)


def stamp(batch: Batch) -> bytes:
    """What every event's row of the batch ends with."""
    return b"," + rendered((batch.shipper, batch.recorded_at))


def rendered(values: Sequence[Value]) -> bytes:
    """The values, separated by commas."""
    # No call for a value: this is done forty times an event.
    row = orjson.dumps(
        [_NULL if value is None else value for value in values],
        default=_time,
        option=orjson.OPT_PASSTHROUGH_DATETIME,
    )
    if _differs(row):
        return ",".join(map(_escaped, values)).encode()
    return row[1:-1]


def _escaped(value: Value) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        return f'"{_time(value)}"'
    return f'"{escape_string(value)}"' if isinstance(value, str) else repr(value)


def _time(value: datetime) -> str:
    return value.isoformat(" ", "microseconds")[:26]  # without the offset: all are UTC


def statements(
    head: bytes,
    rows: Sequence[bytes],
    tail: bytes,
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
    most = maximum - len(head) - len(tail) - len("()")
    collected: list[bytes] = []
    size = 0
    for row, delivery in zip(rows, deliveries, strict=True):
        if len(row) > most:
            message = f"larger than the server's max_allowed_packet of {maximum} bytes"
            raise PermanentSinkError(message, rejected={delivery.path: message})
        if collected and size + len(row) > min(aim, most):
            yield b"%b(%b)%b" % (head, b"),(".join(collected), tail)
            collected, size = [], 0
        collected.append(row)
        size += len(row) + len("),(")
    if collected:
        yield b"%b(%b)%b" % (head, b"),(".join(collected), tail)
