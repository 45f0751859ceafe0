"""Where the published contract (schema/) lies: inside an installed wheel, or at the root of a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

SCHEMA_PREFIX = "urn:indextts:event:"
SCHEMA_MAJOR = "1"
_PACKAGE = Path(__file__).resolve().parents[1]


def schema_folder() -> Path:
    """The folder that holds event/, mysql/ and sqlite/.

    The wheel carries schema/ as sidecar/_schema (see pyproject.toml); an editable install reads the checkout's own.
    """
    installed = _PACKAGE / "_schema"
    return installed if installed.is_dir() else _PACKAGE.parent / "schema"


@cache
def validator() -> Any:
    import jsonschema_rs  # both here: whoever only asks the database reads no event
    import orjson

    document = orjson.loads((schema_folder() / "event" / "1.0.schema.json").read_bytes())
    return jsonschema_rs.validator_for(document)
