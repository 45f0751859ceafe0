"""Which records: by text, time, user, emotion, outcome, model, voice, request, rating and language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from sidecar.answers.words import forms, like, words
from sidecar.errors import UsageError
from sidecar.event.types import STATUSES
from sidecar.storage.database import Parameter

_AGO = re.compile(r"^(\d{1,6})\s*([smhdw])$")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_MAX_LENGTH = 2048  # characters
_LIKE = "text_input LIKE ? ESCAPE '!'"
SATURATED = "full_scale_share > 0.01"
"""The condition under which a take counts as saturated."""

Where = tuple[list[str], list[Parameter]]
"""Conditions to be joined by AND, and their parameters."""


class FilterError(UsageError):
    """A filter's value is wrong."""


@dataclass(frozen=True, kw_only=True)
class Filter:
    """None and "" mean any."""

    text: str = ""
    """Words that must all occur, in any order; "words in quotes" must occur as written."""
    since: datetime | None = None
    """Ended at or after it."""
    until: datetime | None = None
    """Ended before it."""
    user: str = ""
    emotion: str = ""
    status: str = ""
    """One of STATUSES, or "problems": failed, interrupted, saturated or cut off."""
    model: str = ""
    voice: str = ""
    """Part of the voice's path, or the SHA-256 of its content."""
    request: str = ""
    """A request_hash, which is equal for equal requests."""
    rating: int | None = None
    """Rated this or better, 1 to 5."""
    language: str = ""

    def where(self) -> Where:
        """Conditions on tts_records."""
        conditions, parameters = self.facts()
        for word in words(self.text):
            written = forms(word)
            conditions.append(f"({' OR '.join([_LIKE] * len(written))})")
            parameters += map(like, written)
        return conditions, parameters

    def facts(self) -> Where:
        """The conditions, except those on the text."""
        conditions = ["status <> 'pending'"]
        parameters: list[Parameter] = []

        def add(condition: str, value: Parameter) -> None:
            conditions.append(condition)
            parameters.append(value)

        if self.since is not None:
            add("created_at >= ?", self.since)
        if self.until is not None:
            add("created_at < ?", self.until)
        if self.user:
            # By bytes: names that a collation holds equal are other people's. The first condition is for an index.
            add("user_id = ?", self.user)
            add("HEX(user_id) = ?", self.user.encode().hex().upper())
        if self.emotion:
            add("emotion = ?", self.emotion)
        if self.status == "problems":
            conditions.append(f"(status IN ('failed', 'interrupted') OR truncated <> 0 OR {SATURATED})")
        elif self.status:
            add("status = ?", self.status)
        if self.model:
            add("model_version = ?", self.model)
        if self.voice:
            by_hash = _SHA256.match(self.voice)
            add(
                "voice_sha256 = ?" if by_hash else "voice LIKE ? ESCAPE '!'",
                self.voice if by_hash else like(self.voice),
            )
        if self.request:
            add("request_hash = ?", self.request)
        if self.rating is not None:
            add("rating >= ?", self.rating)
        if self.language:
            add("language = ?", self.language)
        return conditions, parameters


NAMES = tuple(field.name for field in fields(Filter))


def parse(values: Mapping[str, str], *, zone: tzinfo = timezone.utc, now: datetime | None = None) -> Filter:
    """A filter from strings, as in a URL or on a command line. Unknown names are ignored.

    Raises:
        FilterError: a value makes no sense.
    """
    given: dict[str, Any] = {}
    for name in NAMES:
        value = values.get(name, "").strip()
        if not value:
            continue
        if len(value) > _MAX_LENGTH:
            raise FilterError(f"{name} is longer than {_MAX_LENGTH} characters")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise FilterError(f"{name} is not valid Unicode") from error
        given[name] = value
    for name in ("since", "until"):
        if name in given:
            given[name] = moment(given[name], zone=zone, now=now)
    if "status" in given and given["status"] not in (*STATUSES, "problems"):
        raise FilterError(f"status is {given['status']!r}", hint=f"Known are {', '.join(STATUSES)} and problems.")
    if "rating" in given:
        if given["rating"] not in ("1", "2", "3", "4", "5"):
            raise FilterError(f"rating is {given['rating']!r}", hint="Write 1 to 5: rated this or better.")
        given["rating"] = int(given["rating"])
    return Filter(**given)


def moment(text: str, *, zone: tzinfo = timezone.utc, now: datetime | None = None) -> datetime:
    """A moment from "3d" (that long ago; s, m, h, d, w), "2026-11-22" or an ISO 8601 time; in UTC.

    Args:
        zone: in which days begin and times without an offset are read.

    Raises:
        FilterError: it is none of these.
    """
    ago = _AGO.match(text)
    try:
        if ago:
            return (now or datetime.now(timezone.utc)) - timedelta(seconds=int(ago[1]) * _UNITS[ago[2]])
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(timezone.utc)
    except (ValueError, OverflowError) as error:
        hint = "Write 3d (s, m, h, d, w ago), 2026-11-22 or 2026-11-22T10:15."
        raise FilterError(f"{text!r} is not a time", hint=hint) from error
