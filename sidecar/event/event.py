"""The event: one immutable fact about one synthesis, as published in schema/event/."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, TypeGuard

import orjson

from sidecar.errors import EventError, NotAnEvent, Reason
from sidecar.event.contract import SCHEMA_MAJOR, SCHEMA_PREFIX, validator
from sidecar.event.types import PREFIX


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One decoded and valid event.

    `Event.decode` is the only way in; a hand-made instance is not validated.
    """

    id: str
    """UUIDv7 in lower case: the event's identity."""
    type: str
    """What happened; see sidecar.event.types."""
    source: str
    """indextts://<host>/<instance>: who recorded it."""
    sequence: int
    """1, 2, 3 ... within one source."""
    subject: str
    """Id of the record that the event speaks of."""
    time: datetime
    """When it happened; always UTC."""
    data: Mapping[str, Any]
    """The facts, as the schema describes them; members it does not name are kept."""
    raw: bytes
    """The bytes as read, exactly."""
    sha256: str
    """SHA-256 of raw, hexadecimal."""

    def __post_init__(self) -> None:
        if self.time.tzinfo is None:
            raise ValueError("Event.time is naive; it must be UTC")

    @classmethod
    def decode(cls, raw: bytes) -> Event:
        """Decode and validate the bytes of one file.

        Raises:
            NotAnEvent: valid JSON of another program.
            EventError: not JSON, not the schema, or a version this program cannot read; carries the reason code, the
                raw bytes and the cause.
        """
        try:
            document = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise EventError(Reason.INVALID_JSON, f"not valid UTF-8 JSON: {error}", raw) from error
        if not _is_valid(document):
            raise _refusal(document, raw)
        try:
            time = datetime.fromisoformat(document["time"]).astimezone(timezone.utc)
        except ValueError as error:  # the pattern lets 30 February pass
            raise EventError(Reason.SCHEMA_MISMATCH, f"/time: {error}", raw) from error
        return cls(
            id=document["id"],
            type=document["type"],
            source=document["source"],
            sequence=int(document["sequence"]),  # 3.0 is an integer to JSON Schema
            subject=document["subject"],
            time=time,
            data=document["data"],
            raw=raw,
            sha256=hashlib.sha256(raw).hexdigest(),
        )


def encode(
    *, id: str, source: str, sequence: int, type: str, subject: str, time: datetime, data: Mapping[str, Any]
) -> bytes:
    """The bytes of an event with these members, which Event describes; not validated."""
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": id,
            "source": source,
            "sequence": sequence,
            "type": type,
            "subject": subject,
            "time": rfc3339(time),
            "datacontenttype": "application/json",
            "dataschema": f"{SCHEMA_PREFIX}{SCHEMA_MAJOR}.0",
            "data": data,
        }
    )


def rfc3339(moment: datetime) -> str:
    """A time in UTC as events hold it, to the microsecond."""
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _refusal(document: object, raw: bytes) -> NotAnEvent | EventError:
    """Why a document that the schema does not allow is refused."""
    if not is_ours(document):
        return NotAnEvent("no event envelope: neither type nor dataschema is IndexTTS's")
    version = document.get("dataschema")
    if isinstance(version, str) and version.startswith(SCHEMA_PREFIX):
        major = version.removeprefix(SCHEMA_PREFIX).partition(".")[0]
        if major.isdecimal() and major != SCHEMA_MAJOR:
            return EventError(
                Reason.UNSUPPORTED_VERSION,
                f"written for schema version {major}; this program reads version {SCHEMA_MAJOR}",
                raw,
            )
    return EventError(Reason.SCHEMA_MISMATCH, _mismatches(document), raw)


def is_ours(document: object) -> TypeGuard[dict[str, Any]]:
    """Told by the envelope alone, so that other people's JSON beside the audio is left alone."""
    if not isinstance(document, dict):
        return False
    type_, dataschema = document.get("type"), document.get("dataschema")
    return (isinstance(type_, str) and type_.startswith(PREFIX)) or (
        isinstance(dataschema, str) and dataschema.startswith(SCHEMA_PREFIX)
    )


def _is_valid(document: object) -> bool:
    try:
        return bool(validator().is_valid(document))
    except ValueError:  # the validator's way to say that it is nested more than some 250 levels deep
        return False


def _mismatches(document: object) -> str:
    """The first few as "/json/pointer: message", each short enough to read."""
    mismatches = []
    try:
        for error in validator().iter_errors(document):
            pointer = "".join(f"/{part}" for part in error.instance_path)
            mismatches.append(f"{pointer[:200] or '/'}: {error.message[:300]}")
            if len(mismatches) == 3:
                break
    except ValueError as error:
        return f"cannot be validated: {error}"
    return "; ".join(mismatches)
