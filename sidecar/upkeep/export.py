"""Writes tts_records for other programs, row by row: CSV, JSON Lines, Parquet. Memory stays flat."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from itertools import islice
from typing import Any, BinaryIO, TextIO

import orjson

from sidecar.errors import UsageError
from sidecar.storage.database import Row

_ROWS = 10_000  # of one Parquet row group
_JSON_COLUMNS = frozenset(["emotion_vector", "params"])
# Everything else is text; an embedded database tells no types, so they are said here.
_INTEGERS = frozenset(["id", "segments", "sample_rate", "audio_bytes", "rating"])
_NUMBERS = frozenset(
    [
        "duration",
        "emotion_alpha",
        "wall_time",
        "first_chunk_time",
        "gpt_time",
        "s2mel_time",
        "bigvgan_time",
        "queue_wait",
        "rtf",
        "peak",
        "full_scale_share",
    ]
)
_TIMES = frozenset(["created_at", "started_at", "deleted_at", "forgotten_at"])
_TRUTHS = frozenset(["truncated"])


def write_csv(columns: Sequence[str], rows: Iterable[Row], file: TextIO) -> int:
    """RFC 4180, UTF-8, times as RFC 3339 in UTC; empty for null. Returns the number of rows."""
    writer = csv.writer(file)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([_time(value) if isinstance(value, datetime) else value for value in row])
        count += 1
    return count


def write_json_lines(columns: Sequence[str], rows: Iterable[Row], file: BinaryIO) -> int:
    """One object a line; JSON columns as JSON, times as RFC 3339 in UTC. Returns the number of rows."""
    count = 0
    for row in rows:
        record: dict[str, Any] = {}
        for name, value in zip(columns, row, strict=True):
            if isinstance(value, datetime):
                record[name] = _time(value)
            elif name in _JSON_COLUMNS and isinstance(value, str):
                record[name] = orjson.Fragment(value)
            elif name in _TRUTHS and value is not None:
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
            "Parquet needs the package pyarrow", hint="Run: pip install 'indextts-sidecar[report]'"
        ) from error
    schema = pyarrow.schema([(name, _arrow_type(pyarrow, name)) for name in columns])
    count = 0
    rest = iter(rows)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while chunk := list(islice(rest, _ROWS)):
            arrays = [
                pyarrow.array([_arrow_value(name, row[index]) for row in chunk], schema.field(name).type)
                for index, name in enumerate(columns)
            ]
            writer.write_table(pyarrow.table(arrays, schema=schema))
            count += len(chunk)
    return count


def _arrow_type(pyarrow: Any, name: str) -> Any:
    if name in _INTEGERS:
        return pyarrow.int64()
    if name in _NUMBERS:
        return pyarrow.float64()
    if name in _TIMES:
        return pyarrow.timestamp("us", tz="UTC")
    if name in _TRUTHS:
        return pyarrow.bool_()
    return pyarrow.string()


def _arrow_value(name: str, value: Any) -> Any:
    if value is None or name in _INTEGERS or name in _NUMBERS or isinstance(value, datetime):
        return value
    return bool(value) if name in _TRUTHS else str(value)


def _time(value: datetime) -> str:
    return value.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
