"""The published examples, and one as large as an event may be."""

from __future__ import annotations

import json
from pathlib import Path

SCHEMA = Path(__file__).parents[2] / "schema"
VALID = sorted((SCHEMA / "event" / "examples" / "valid").glob("*.json"))
INVALID = sorted((SCHEMA / "event" / "examples" / "invalid").glob("*.json"))
MAX_BYTES = 1024 * 1024


def event_of(size: int) -> bytes:
    """A valid event of exactly so many bytes, most of them Chinese text."""
    document = json.loads((SCHEMA / "event" / "examples" / "valid" / "least.json").read_bytes())

    def rendered(text: str) -> bytes:
        document["data"]["text"] = text
        return json.dumps(document, ensure_ascii=False).encode()

    room = size - len(rendered(""))
    return rendered("欢" * (room // 3) + "!" * (room % 3))
