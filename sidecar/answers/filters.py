"""Which records are meant: by text, time, person, emotion, outcome, model, voice, request and rating."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from sidecar.answers.words import like, words
from sidecar.errors import SettingsError
from sidecar.event.types import STATUSES
from sidecar.storage.database import Parameter

_AGO = re.compile(r"^(\d{1,6})\s*([smhdw])$")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_MAX_LENGTH = 2048

Where = tuple[list[str], list[Parameter]]
"""Conditions to be joined by AND, and their parameters."""


class FilterError(SettingsError):
    """A filter's value is wrong."""


@dataclass(frozen=True, kw_only=True)
class Filter:
    """None and "" mean: any."""

    text: str = ""
    """Words that must all occur, in any order; "words in quotes" occur as they stand."""
    since: datetime | None = None
    """Ended at or after it."""
    until: datetime | None = None
    """Ended before it."""
    user: str = ""
    emotion: str = ""
    status: str = ""
    """One of STATUSES, or problems for what failed, was interrupted, saturated or cut off."""
    model: str = ""
    voice: str = ""
    """Part of the voice's path, or the SHA-256 of its content."""
    request: str = ""
    """The request_hash: equal for equal requests."""
    rating: int | None = None
    """Rated at least so, 1 to 5."""
    language: str = ""

    def where(self) -> Where:
        """Conditions on tts_records."""
        conditions, parameters = self.facts()
        for word in words(self.text):
            conditions.append("text_input LIKE ? ESCAPE '!'")
            parameters.append(like(word))
        return conditions, parameters

    def facts(self) -> Where:
        """The conditions but for those on the text."""
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
            add("user_id = ?", self.user)
        if self.emotion:
            add("emotion = ?", self.emotion)
        if self.status == "problems":
            conditions.append("(status IN ('failed', 'interrupted') OR truncated <> 0 OR full_scale_share > 0.01)")
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
    """A filter from words, as in a URL or on a command line. Unknown names are left alone.

    Raises:
        FilterError: a value cannot be meant.
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
            raise FilterError(f"rating is {given['rating']!r}", hint="Write 1 to 5: rated at least so.")
        given["rating"] = int(given["rating"])
    return Filter(**given)


def moment(text: str, *, zone: tzinfo = timezone.utc, now: datetime | None = None) -> datetime:
    """A moment from "3d" (so long ago; s, m, h, d, w), "2026-11-22" or an ISO 8601 time; UTC.

    Args:
        zone: where days begin, and what a time without an offset means.

    Raises:
        FilterError: it is none of these.
    """
    ago = _AGO.match(text)
    try:
        if ago:
            return (now or datetime.now(timezone.utc)) - timedelta(seconds=int(ago[1]) * _UNITS[ago[2]])
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=zone)
        return found.astimezone(timezone.utc)
    except (ValueError, OverflowError) as error:
        hint = "Write 3d (s, m, h, d, w ago), 2026-11-22 or 2026-11-22T10:15."
        raise FilterError(f"{text!r} is no time", hint=hint) from error
