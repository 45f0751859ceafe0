"""Writes tts_records for other programs, row by row: CSV, JSON Lines, Parquet. Memory stays flat."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from itertools import islice
from typing import Any, BinaryIO

import orjson

from sidecar.errors import UsageError
from sidecar.installation import how_to_install
from sidecar.storage.columns import Kind, kind
from sidecar.storage.database import Row

_ROWS = 10_000  # of one Parquet row group
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What spreadsheets begin a formula with, in full width too; OWASP, CSV injection."""


def write_csv(columns: Sequence[str], rows: Iterable[Row], file: BinaryIO) -> int:
    """RFC 4180, UTF-8, times as RFC 3339 in UTC; empty for null. An apostrophe goes before text that a spreadsheet
    would take for a formula. Returns the number of rows.
    """
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow(map(_cell, row))
        count += 1
    text.detach()
    return count


def write_json_lines(columns: Sequence[str], rows: Iterable[Row], file: BinaryIO) -> int:
    """One object a line; JSON columns as JSON, times as RFC 3339 in UTC. Returns the number of rows."""
    count = 0
    kinds = [kind(name) for name in columns]
    for row in rows:
        record: dict[str, Any] = {}
        for name, of_kind, value in zip(columns, kinds, row, strict=True):
            if isinstance(value, datetime):
                record[name] = _time(value)
            elif of_kind is Kind.JSON and isinstance(value, str):
                record[name] = orjson.Fragment(value)
            elif of_kind is Kind.TRUTH and value is not None:
                record[name] = bool(value)
            else:
                record[name] = value
        file.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
        count += 1
    return count


def write_parquet(columns: Sequence[str], rows: Iterable[Row], file: BinaryIO) -> int:
    """Typed columns, times as timestamps in UTC, compressed with zstd. Returns the number of rows.

    Raises:
        UsageError: pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ModuleNotFoundError as error:
        raise UsageError(
            "Parquet needs pyarrow, which is not installed", hint=f"Run: {how_to_install('report')}"
        ) from error
    types = {
        Kind.INTEGER: pyarrow.int64(),
        Kind.NUMBER: pyarrow.float64(),
        Kind.TIME: pyarrow.timestamp("us", tz="UTC"),
        Kind.TRUTH: pyarrow.bool_(),
    }
    schema = pyarrow.schema([(name, types.get(kind(name), pyarrow.string())) for name in columns])
    count = 0
    rest = iter(rows)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while chunk := list(islice(rest, _ROWS)):
            arrays = [
                pyarrow.array([_arrow_value(kind(name), row[index]) for row in chunk], schema.field(name).type)
                for index, name in enumerate(columns)
            ]
            writer.write_table(pyarrow.table(arrays, schema=schema))
            count += len(chunk)
    return count


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _arrow_value(of_kind: Kind, value: Any) -> Any:
    if value is None or of_kind in (Kind.INTEGER, Kind.NUMBER) or isinstance(value, datetime):
        return value
    return bool(value) if of_kind is Kind.TRUTH else str(value)


def _time(value: datetime) -> str:
    return value.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
