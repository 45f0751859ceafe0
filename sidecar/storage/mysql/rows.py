"""Renders a batch's rows as bytes, once, whether they are inserted or folded in.

A row is what stands between the parentheses of a VALUES list. Strings are written as JSON writes them, by its compiled
serializer: in a session of utf8mb4 and without ANSI_QUOTES, MySQL reads every escape of JSON as JSON means it but two,
\\f and \\uXXXX, which JSON needs for some control characters. A row that has one of them takes the driver's escaping,
which is ten times slower, and right for whatever comes.

Columns that are null in all rows of a batch are left out: more than half of them are for a plain synthesis, and each
costs the server as much as a value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from pymysql.converters import escape_string

from sidecar.errors import PermanentSinkError
from sidecar.storage.projection import FOLDS, Fold, Values, project
from sidecar.storage.sink import Batch, Delivery
from sidecar.storage.statements import EVENT_COLUMNS

_STAMP_COLUMNS = ("shipper", "recorded_at")
EVENT_ROW_COLUMNS = (*(column for column in EVENT_COLUMNS if column not in _STAMP_COLUMNS), *_STAMP_COLUMNS)
"""The order of an event's row: what a whole batch has in common comes last, so that the rest can be rendered ahead."""

_NULL = orjson.Fragment(b"NULL")
_BETWEEN = b"],["


@dataclass(frozen=True, kw_only=True, slots=True)
class Records:
    """Rows of one fold, ordered by their key."""

    fold: Fold
    columns: tuple[str, ...]
    """Those of the fold's columns that some row has a value for."""
    rows: Sequence[bytes]
    deliveries: Sequence[Delivery]
    """The one that each row comes from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """The rows of one batch, made before the connection is free for them."""

    source: Sequence[Delivery]
    """What was rendered."""
    deliveries: Sequence[Delivery]
    """The same ordered by id, so that two shippers take their locks in the same order."""
    events: Sequence[bytes]
    """Rows of tts_events in that order, without the stamp."""
    records: Sequence[Records]


def rendered(batch: Batch) -> Rendered:
    """The batch's rows: those made ahead, or made now for a batch that was split."""
    ahead = batch.rendered
    return ahead if isinstance(ahead, Rendered) and ahead.source is batch.deliveries else render(batch.deliveries)


def render(deliveries: Sequence[Delivery], without: Collection[str] = ()) -> Rendered:
    """
    Args:
        without: event_ids of which no record is to be made.
    """
    folded: dict[str, list[tuple[Values, Delivery]]] = {fold.name: [] for fold in FOLDS}
    for delivery in deliveries:
        for fold, values in project(delivery.event):
            if not (without and values[0] in without):
                folded[fold.name].append((values, delivery))
    by_id = sorted(deliveries, key=_id)
    return Rendered(
        source=deliveries,
        deliveries=by_id,
        events=_events(by_id),
        records=[_records(fold, folded[fold.name]) for fold in FOLDS if folded[fold.name]],
    )


def stamp(batch: Batch) -> bytes:
    """What every event's row of the batch ends with."""
    return b"," + written([(batch.shipper, batch.recorded_at.replace(tzinfo=None))])[0]


def _events(deliveries: Sequence[Delivery]) -> list[bytes]:
    cells = [
        (
            event.id,
            event.type,
            event.source,
            event.sequence,
            event.subject,
            event.time.replace(tzinfo=None),
            delivery.path,
            event.sha256,
        )
        for delivery in deliveries
        for event in (delivery.event,)
    ]
    # Valid JSON has no control characters but white space, so that of all there is to escape two are left.
    return [
        b'%b,"%b"' % (row, delivery.event.raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"'))
        for row, delivery in zip(written(cells), deliveries, strict=True)
    ]


def _records(fold: Fold, projected: list[tuple[Values, Delivery]]) -> Records:
    projected.sort(key=lambda each: tuple(map(str, each[0][: fold.width])))
    names, columns = [], []
    nulls = (None,) * len(projected)
    for name, cells in zip(fold.columns, zip(*[values for values, _ in projected], strict=True), strict=True):
        if cells == nulls:
            continue
        names.append(name)
        if isinstance(next(cell for cell in cells if cell is not None), datetime):
            # All are UTC, and the servers want it without saying so.
            columns.append([_NULL if cell is None else cell.replace(tzinfo=None) for cell in cells])
        else:
            columns.append([_NULL if cell is None else cell for cell in cells])
    return Records(
        fold=fold,
        columns=tuple(names),
        rows=written(list(zip(*columns, strict=True))),
        deliveries=[delivery for _, delivery in projected],
    )


def written(rows: Sequence[tuple[Any, ...]]) -> list[bytes]:
    """The rows' values, separated by commas.

    Args:
        rows: of strings, numbers, naive datetimes and _NULL.
    """
    together = orjson.dumps(rows)
    if not _needs_escaping(together):
        lines = together[2:-2].split(_BETWEEN)
        if len(lines) == len(rows):  # else some string holds what stands between two rows
            return lines
    return [_written(row) for row in rows]


def _written(row: tuple[Any, ...]) -> bytes:
    line = orjson.dumps(row)
    return ",".join(map(_escaped, row)).encode() if _needs_escaping(line) else line[1:-1]


def _needs_escaping(json: bytes) -> bool:
    """Whether it has an escape that MySQL reads as something else than JSON does."""
    return b"\\u" in json or b"\\f" in json


def _escaped(value: Any) -> str:
    if value is _NULL:
        return "NULL"
    if isinstance(value, datetime):
        return f'"{value.isoformat()}"'
    return f'"{escape_string(value)}"' if isinstance(value, str) else repr(value)


def _id(delivery: Delivery) -> str:
    return delivery.event.id


def statements(
    head: bytes,
    rows: Sequence[bytes],
    tail: bytes,
    deliveries: Sequence[Delivery],
    *,
    stamp: bytes = b"",
    aim: int,
    maximum: int,
) -> Iterator[bytes]:
    """Multi-row statements.

    Args:
        rows: one for each of `deliveries`.
        stamp: what every row ends with.
        aim: bytes of a statement, about.
        maximum: bytes that the server takes.

    Raises:
        PermanentSinkError: one row alone is larger than the server takes.
    """
    between = stamp + b"),("
    most = maximum - len(head) - len(tail) - len(between)
    collected: list[bytes] = []
    size = 0
    for row, delivery in zip(rows, deliveries, strict=True):
        if len(row) > most:
            message = f"larger than the server's max_allowed_packet of {maximum} bytes"
            raise PermanentSinkError(message, rejected={delivery.path: message})
        if collected and size + len(row) > min(aim, most):
            yield b"%b(%b%b)%b" % (head, between.join(collected), stamp, tail)
            collected, size = [], 0
        collected.append(row)
        size += len(row) + len(between)
    if collected:
        yield b"%b(%b%b)%b" % (head, between.join(collected), stamp, tail)
