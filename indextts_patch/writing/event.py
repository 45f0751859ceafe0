"""The event: identities, times, values made fit for JSON, the envelope, the size limit.

The contract is schema/event/1.0.schema.json; whatever the host passes, what leaves here satisfies it.
"""

from __future__ import annotations

import json
import math
import os
import time
from typing import Any

from .. import __version__

DATASCHEMA = "urn:indextts:event:1.0"
RECORDER = f"indextts_patch {__version__}"
MAX_EVENT_BYTES = 1024 * 1024
MAX_TEXT_CHARACTERS = 1024 * 1024
_MAX_DEPTH = 6
_MAX_ITEMS = 256
_MAX_STRING = 4096
# Made once: json.dumps with these arguments makes an encoder for each call.
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


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
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{nanoseconds // 1000:06d}Z"


def clean(text: str, limit: int = _MAX_STRING) -> str:
    """The text as valid Unicode of at most `limit` characters.

    Surrogate pairs become the character that they stand for, lone surrogates U+FFFD: neither has a UTF-8
    form.
    """
    text = text[:limit]
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def name(value: object, limit: int = 255) -> str | None:
    """The value as a short text, None where there is none."""
    return None if value is None else clean(str(value), limit)


def number(value: object) -> float | None:
    """The value as a finite number, None where it is none. Takes numpy's and torch's scalars."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        result = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None
    return result if math.isfinite(result) else None


def plain(value: object, depth: int = 0) -> Any:
    """The value as JSON can hold it: scalars as they are, containers to a depth, anything else as its repr.

    Non-finite numbers become None. Numpy's and torch's scalars become plain numbers; arrays are described,
    not copied.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        # A JSON number beyond 2^53 loses digits in most readers.
        return int(value) if abs(value) < 1 << 53 else str(value)[:_MAX_STRING]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, os.PathLike):
        return clean(os.fsdecode(value))
    if depth < _MAX_DEPTH:
        if isinstance(value, dict):
            items = list(value.items())[:_MAX_ITEMS]
            return {clean(str(key), 255): plain(item, depth + 1) for key, item in items}
        if isinstance(value, (list, tuple)):
            return [plain(item, depth + 1) for item in value[:_MAX_ITEMS]]
    return _foreign(value)


def _foreign(value: object) -> Any:
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        if not shape:
            return number(value)
        return clean(f"<{type(value).__name__} {getattr(value, 'dtype', '')} {tuple(shape)}>", 255)
    try:
        return clean(repr(value), 255)
    except Exception as error:  # noqa: BLE001 - a foreign __repr__ may raise anything
        return f"<{type(value).__name__}: repr failed with {type(error).__name__}>"


def canonical(value: object) -> bytes:
    """The value's canonical JSON: sorted keys, no blanks, UTF-8."""
    return _canonical(value).encode()


def encode(
    *, identity: str, subject: str, source: str, sequence: int, kind: str, time: str, data: dict[str, Any]
) -> bytes:
    """The event as one line of UTF-8 JSON, below 1 MiB.

    A longer event loses, in this order and only as far as needed: most of the traceback, the warnings, the
    vectors of single chunks, the parameters, the emotion's description, and at last the text, of which its
    hash stays.

    Args:
        identity: UUIDv7 of the event.
        subject: UUIDv7 of the record that it speaks of.
        source: indextts://host/instance.
        sequence: 1, 2, 3 ... in that source.
        kind: the event's type.
        time: when it happened, as from `now`.
        data: the facts, values as from `plain`.
    """
    event = {
        "specversion": "1.0", "id": identity, "source": source, "sequence": sequence, "type": kind,
        "subject": subject, "time": time, "datacontenttype": "application/json", "dataschema": DATASCHEMA,
        "data": data,
    }  # fmt: skip
    encoded = line(event)
    for shorten in (_shorten_error, _drop_lists, _drop_params, _drop_emotion_text, _drop_text):
        if len(encoded) <= MAX_EVENT_BYTES:
            break
        event["data"] = data = shorten(dict(data))
        encoded = line(event)
    return encoded


def line(value: dict[str, Any]) -> bytes:
    """The value as one line of compact JSON."""
    return _compact(value).encode() + b"\n"


def _shorten_error(data: dict[str, Any]) -> dict[str, Any]:
    error = data.get("error")
    if error:
        traceback = error.get("traceback") or ""
        data["error"] = {
            **error,
            "message": (error.get("message") or "")[:4096],
            "traceback": traceback[-4096:],
        }
    return data


def _drop_lists(data: dict[str, Any]) -> dict[str, Any]:
    data["warnings"] = []
    if data.get("emotion"):
        data["emotion"] = {**data["emotion"], "vectors": None}
    return data


def _drop_params(data: dict[str, Any]) -> dict[str, Any]:
    data["params"] = None
    return data


def _drop_emotion_text(data: dict[str, Any]) -> dict[str, Any]:
    if data.get("emotion"):
        data["emotion"] = {**data["emotion"], "text": None}
    return data


def _drop_text(data: dict[str, Any]) -> dict[str, Any]:
    data["text"] = None
    data["warnings"] = ["the event would have been too large: of the text only the hash is kept"]
    return data
