"""The event: its types, identities and times, the envelope, the size limit, and how one is read back.

The contract is schema/event/1.0.schema.json.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable

from .. import jsontext
from ..guard import Any

_ANY_VERSION = "urn:indextts:event:"
MAJOR_VERSION = f"{_ANY_VERSION}1."
DATASCHEMA = f"{MAJOR_VERSION}0"
SUCCEEDED = "indextts.synthesis.succeeded"
FAILED = "indextts.synthesis.failed"
INTERRUPTED = "indextts.synthesis.interrupted"
REUSED = "indextts.synthesis.reused"
STARTED = "indextts.process.started"
TESTED = "indextts.recorder.tested"
MAX_EVENT_BYTES = 1024 * 1024


def uuid7() -> str:
    """A new UUIDv7 in lower case: 48 bits of Unix milliseconds, then random bits (RFC 9562, 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def now() -> str:
    """The time now: RFC 3339, UTC, microseconds."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return f"{_second(seconds)}.{nanoseconds // 1000:06d}Z"


@functools.lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def encode(
    *, identity: str, subject: str, source: str, sequence: int, event_type: str, time: str, data: dict[str, Any]
) -> bytes:
    """The event as one line of UTF-8 JSON, below 1 MiB.

    A longer event loses, in this order and only as far as needed: most of the traceback, the warnings, the
    vectors of single chunks, the parameters, the emotion's description, and last the text, whose hash stays.

    Args:
        identity: UUIDv7 of the event.
        subject: UUIDv7 of the record that it speaks of.
        source: indextts://host/instance.
        sequence: 1, 2, 3 ... in that source.
        event_type: one of those above.
        time: when it happened, as from `now`.
        data: the facts, in values that JSON can hold.
    """
    event = {
        "specversion": "1.0", "id": identity, "source": source, "sequence": sequence, "type": event_type,
        "subject": subject, "time": time, "datacontenttype": "application/json", "dataschema": DATASCHEMA,
        "data": data,
    }  # fmt: skip
    encoded = _line(event)
    for loss in _LOSSES:
        if len(encoded) <= MAX_EVENT_BYTES:
            break
        event["data"] = data = {**data, **loss(data)}
        encoded = _line(event)
    return encoded


def _line(value: dict[str, Any]) -> bytes:
    """The value as one line of compact JSON."""
    return jsontext.compact(value).encode() + b"\n"


def _shortened(error: dict[str, Any]) -> dict[str, Any]:
    message, traceback = error.get("message") or "", error.get("traceback") or ""
    return {**error, "message": message[:4096], "traceback": traceback[-4096:]}


# What an event that is too large loses, step by step.
_LOSSES: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = (
    lambda data: {"error": data.get("error") and _shortened(data["error"])},
    lambda data: {"warnings": [], "emotion": data.get("emotion") and {**data["emotion"], "vectors": None}},
    lambda data: {"params": None},
    lambda data: {"emotion": data.get("emotion") and {**data["emotion"], "text": None}},
    lambda data: {"text": None, "warnings": ["the event would have been too large: of the text only the hash is kept"]},
)


def read(path: str) -> dict[str, Any] | None:
    """The event in a file, of any version of the contract; None where it cannot be read or is not one of ours."""
    try:
        with open(path, "rb") as file:
            event = jsontext.read(file.read(MAX_EVENT_BYTES + 1))
    except (OSError, ValueError, RecursionError):
        return None
    ours = isinstance(event, dict) and str(event.get("dataschema", "")).startswith(_ANY_VERSION)
    return event if ours else None
