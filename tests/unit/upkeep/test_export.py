"""What only columns of somebody's own hold."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from decimal import Decimal

from sidecar.upkeep.export import write_csv, write_json_lines

COLUMNS = ("event_id", "their_bytes", "their_price", "their_time")
ROWS = [("a", b"\xff\x00", Decimal("1.50"), timedelta(minutes=90))]


def test_json_lines_tell_them() -> None:
    file = io.BytesIO()
    assert write_json_lines(COLUMNS, ROWS, file) == 1
    assert json.loads(file.getvalue()) == dict(zip(COLUMNS, ("a", "ff00", "1.50", "1:30:00"), strict=True))


def test_csv_tells_them() -> None:
    file = io.BytesIO()
    assert write_csv(COLUMNS, ROWS, file) == 1
    assert file.getvalue().decode().splitlines()[1] == "a,ff00,1.50,1:30:00"
