"""The published contract of events: compiled, and what it says of each member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sidecar.installation import bundled

SCHEMA_PREFIX = "urn:indextts:event:"
SCHEMA_MAJOR = "1"


@dataclass(frozen=True, kw_only=True)
class Member:
    """What the contract says of a member of a synthesis' data."""

    kind: str
    """The definition that it refers to, such as seconds, share or path; empty where it refers to none."""
    description: str


@cache
def validator() -> Any:
    import jsonschema_rs  # here: whoever only asks the database reads no event

    # Masked: what it says of an event goes into logs, and an event holds people's words and names.
    return jsonschema_rs.validator_for(_document(), mask="the value")


@cache
def _document() -> dict[str, Any]:
    import orjson  # here for the same reason

    document: dict[str, Any] = orjson.loads(bundled("schema/event/1.0.schema.json").read_bytes())
    return document


def member(path: Sequence[str]) -> Member:
    """
    Args:
        path: the names that lead to it from the data, such as ("timing", "wall").

    Returns:
        One that says nothing where the contract does not name it.
    """
    found: Mapping[str, Any] = _document()["$defs"]["synthesis"]
    kind, description = "", ""
    for name in path:
        found = _followed(found).get("properties", {}).get(name, {})
        reference = str(found.get("$ref", ""))
        kind, description = reference.rpartition("/")[2], str(found.get("description", ""))
        if "anyOf" in found:
            kind = str(found["anyOf"][0].get("$ref", "")).rpartition("/")[2]
    return Member(kind=kind, description=description)


def names() -> tuple[str, ...]:
    """The members of a synthesis' data, in the contract's order."""
    return tuple(_document()["$defs"]["synthesis"]["properties"])


def _followed(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    definition = str(schema.get("$ref", "")).rpartition("/")[2]
    return _document()["$defs"][definition] if definition else schema
