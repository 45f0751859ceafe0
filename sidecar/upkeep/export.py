"""Writes records for other programs, row by row: CSV, JSON Lines, Parquet. Memory stays flat."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO, Protocol

import orjson

from sidecar.answers.filters import Where
from sidecar.errors import UsageError
from sidecar.event.event import rfc3339
from sidecar.installation import how_to_install
from sidecar.storage.columns import BY_NAME, INTERNAL, Kind
from sidecar.storage.columns import kind as kind_of_column
from sidecar.storage.database import Database, Row
from sidecar.storage.said import FAVOURITE

_ROWS = 10_000  # of one Parquet row group
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What spreadsheets begin a formula with, in full width too; OWASP, CSV injection."""

_SAID: Mapping[str, tuple[Kind, str]] = {
    "tags": (Kind.JSON, "SELECT JSON_ARRAYAGG(tag) FROM tts_tags t WHERE t.event_id = r.event_id AND t.present = 1"),
    "favourite": (
        Kind.TRUTH,
        f"SELECT COUNT(*) FROM tts_tags t WHERE t.event_id = r.event_id AND t.tag = '{FAVOURITE}' AND t.present = 1",
    ),
    "wins": (Kind.INTEGER, "SELECT COALESCE(SUM(won), 0) FROM tts_preferences p WHERE p.event_id = r.event_id"),
    "losses": (Kind.INTEGER, "SELECT COALESCE(SUM(1 - won), 0) FROM tts_preferences p WHERE p.event_id = r.event_id"),
}
"""What other tables say of a record, as columns after its own."""


class Writer(Protocol):
    """Writes rows of these columns into a file. Returns the number of rows."""

    def __call__(self, columns: Sequence[str], rows: Iterable[Row], file: BinaryIO) -> int: ...


def columns(database: Database) -> list[str]:
    """Every column that is exported, those of somebody's own among them."""
    own = [name for name in database.columns("SELECT * FROM tts_records LIMIT 0")[0] if name not in INTERNAL]
    return [*own, *(name for name in _SAID if name not in own)]


def rows(database: Database, names: Sequence[str], where: Where) -> Iterator[Row]:
    """The records that meet the conditions, oldest first.

    Args:
        names: as `columns` gives them.

    Raises:
        TemporarySinkError: the database cannot serve.
    """
    own = database.columns("SELECT * FROM tts_records LIMIT 0")[0]
    chosen = [_quoted(database, name) if name in own else f"({_said(database, name)})" for name in names]
    records = f"(SELECT * FROM tts_records WHERE {' AND '.join(where[0]) or '1 = 1'}) r"
    found = database.stream(f"SELECT {', '.join(chosen)} FROM {records} ORDER BY created_at, id", where[1])
    tags = [place for place, name in enumerate(names) if name == "tags" and name not in own]
    return (_sorted(row, tags[0]) for row in found) if tags else found


def _said(database: Database, name: str) -> str:
    sql = _SAID[name][1]
    return sql.replace("JSON_ARRAYAGG", "json_group_array") if database.dialect == "sqlite" else sql


def _sorted(row: Row, place: int) -> Row:
    """With the tags in order, and without that of the favourites."""
    tags = row[place] or "[]"
    if tags != "[]":
        tags = orjson.dumps(sorted(set(orjson.loads(tags)) - {FAVOURITE})).decode()
    return (*row[:place], tags, *map(_whole, row[place + 1 :]))


def _whole(value: Any) -> Any:
    """MySQL's sums are Decimal."""
    return int(value) if isinstance(value, Decimal) else value


def _quoted(database: Database, name: str) -> str:
    """A column of somebody's own may have any name."""
    mark = "`" if database.dialect == "mysql" else '"'
    return f"{mark}{name.replace(mark, 2 * mark)}{mark}"


def kind(name: str) -> Kind:
    return _SAID[name][0] if name in _SAID else kind_of_column(name)


def write_csv(columns: Sequence[str] | None, rows: Iterable[Row], file: BinaryIO) -> int:
    """RFC 4180, UTF-8, times as RFC 3339 in UTC; empty for null. An apostrophe goes before text that a spreadsheet
    would take for a formula. Returns the number of rows.

    Args:
        columns: None where the file has its first line already.
    """
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    if columns is not None:
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
    told = [(name, tell) for name in columns if (tell := _in_json(name))]  # of the others no value is looked at
    for row in rows:
        record = dict(zip(columns, row, strict=True))
        for name, tell in told:
            value = record[name]
            if value is not None:
                record[name] = tell(value)
        file.write(orjson.dumps(record, default=_as_text, option=orjson.OPT_APPEND_NEWLINE))
        count += 1
    return count


def _in_json(column: str) -> Callable[[Any], Any] | None:
    """What makes JSON of a column's values; None where they are it. Of somebody's own column nothing is known."""
    if column not in BY_NAME and column not in _SAID:
        return _moment
    by_kind: dict[Kind, Callable[[Any], Any]] = {Kind.TIME: _moment, Kind.JSON: _fragment, Kind.TRUTH: bool}
    return by_kind.get(kind(column))


def _moment(value: Any) -> Any:
    return _time(value) if isinstance(value, datetime) else value


def _fragment(value: Any) -> Any:
    return orjson.Fragment(value) if isinstance(value, str) else value


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
    return _as_text(value) if isinstance(value, bytes) else value


def _as_text(value: Any) -> str:
    """What only a column of somebody's own may hold: bytes as hexadecimal digits, the rest as it is told."""
    return value.hex() if isinstance(value, bytes) else str(value)


def _arrow_value(of_kind: Kind, value: Any) -> Any:
    if value is None or of_kind in (Kind.INTEGER, Kind.NUMBER) or isinstance(value, datetime):
        return value
    return bool(value) if of_kind is Kind.TRUTH else str(value)


def _time(value: datetime) -> str:
    return rfc3339(value.astimezone(timezone.utc))


WRITERS: Mapping[str, Writer] = {"csv": write_csv, "jsonl": write_json_lines, "parquet": write_parquet}
"""By the end of a file's name."""
