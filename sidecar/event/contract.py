"""The published contract of events, compiled."""

from __future__ import annotations

from functools import cache
from typing import Any

from sidecar.installation import bundled

SCHEMA_PREFIX = "urn:indextts:event:"
SCHEMA_MAJOR = "1"


@cache
def validator() -> Any:
    import jsonschema_rs  # both here: whoever only asks the database reads no event
    import orjson

    document = orjson.loads(bundled("schema/event/1.0.schema.json").read_bytes())
    return jsonschema_rs.validator_for(document)
