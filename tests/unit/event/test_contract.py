"""The published schema itself."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs

from tests.schema.examples import SCHEMA


def test_the_schema_itself_is_valid() -> None:
    jsonschema_rs.meta.validate(json.loads((SCHEMA / "event" / "1.0.schema.json").read_bytes()))


def test_its_limits_are_whole_numbers() -> None:
    """The validator takes a microsecond to compare a number with 1e6, and a twentieth of it with 1000000."""

    def whole(node: dict[str, Any]) -> dict[str, Any]:
        assert not [name for name in ("minimum", "maximum") if isinstance(node.get(name), float)], node
        return node

    json.loads((SCHEMA / "event" / "1.0.schema.json").read_bytes(), object_hook=whole)
