"""Each kind of value, and what only columns of somebody's own hold."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from sidecar.upkeep.export import write_csv, write_json_lines

COLUMNS = ("event_id", "their_bytes", "their_price", "their_time")
ROWS = [("a", b"\xff\x00", Decimal("1.50"), timedelta(minutes=90))]


def test_json_lines_tell_them() -> None:
    file = io.BytesIO()
    assert write_json_lines(COLUMNS, ROWS, file) == 1
    assert json.loads(file.getvalue()) == dict(zip(COLUMNS, ("a", "ff00", "1.50", "1:30:00"), strict=True))


def test_each_kind_has_its_form_in_json_and_null_is_null() -> None:
    at = datetime(2026, 11, 28, 9, 30, tzinfo=timezone(timedelta(hours=8)))
    columns = ("created_at", "truncated", "favourite", "params", "tags", "text_input", "duration", "their_moment")
    rows = [(at, 1, 0, '{"a":[1]}', '["b"]', '{"no": "JSON"}', 1.5, at), (None,) * len(columns)]
    file = io.BytesIO()
    assert write_json_lines(columns, rows, file) == 2
    utc = "2026-11-28T01:30:00.000000Z"
    told = (utc, True, False, {"a": [1]}, ["b"], '{"no": "JSON"}', 1.5, utc)
    assert [*map(json.loads, file.getvalue().splitlines())] == [
        dict(zip(columns, row, strict=True)) for row in (told, rows[1])
    ]
    assert b'"truncated":true,"favourite":false' in file.getvalue()


def test_csv_tells_them() -> None:
    file = io.BytesIO()
    assert write_csv(COLUMNS, ROWS, file) == 1
    assert file.getvalue().decode().splitlines()[1] == "a,ff00,1.50,1:30:00"
