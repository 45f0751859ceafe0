"""Which records: by text, time, user, emotion, outcome, model, voice, request, rating, language, error and tags.

Several values of one name mean any of them; a name with a minus before it (-voice) means none of its values.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Any

from sidecar.answers.words import forms, like, words
from sidecar.errors import UsageError
from sidecar.event.types import STATUSES
from sidecar.storage.database import Parameter
from sidecar.storage.said import FAVOURITE

_AGO = re.compile(r"^(\d{1,6})\s*([smhdw])$")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_MAX_LENGTH = 2048  # characters
_AMONG_TAGGED = "event_id IN (SELECT event_id FROM tts_tags WHERE tag = ? AND present = 1)"
_IS_TAGGED = "EXISTS (SELECT 1 FROM tts_tags t WHERE t.event_id = tts_records.event_id AND t.tag = ? AND t.present = 1)"
_LIKE = "text_input LIKE ? ESCAPE '!'"
SATURATED = "full_scale_share > 0.01"
"""The condition under which a take counts as saturated."""
PROBLEMS = "problems"
"""Stands for failed, interrupted, saturated and cut off, where outcomes are asked for."""
SEVERAL = ("user", "emotion", "status", "model", "voice", "language")
"""The names that may have several values, and stand with a minus."""
_PROBLEM = f"(status IN ('failed', 'interrupted') OR COALESCE(truncated, 0) <> 0 OR COALESCE({SATURATED}, 0))"
MOST_VALUES = 50
"""Of one name."""

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
    """Ended before it. parse makes of a day the moment when it is over."""
    user: tuple[str, ...] = ()
    emotion: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    """Of STATUSES, or PROBLEMS."""
    model: tuple[str, ...] = ()
    voice: tuple[str, ...] = ()
    """Each part of the voice's path, or the SHA-256 of its content."""
    request: str = ""
    """A request_hash, which is equal for equal requests."""
    rating: int | None = None
    """Rated this or better, 1 to 5."""
    language: tuple[str, ...] = ()
    error: str = ""
    """The class of the exception that ended it."""
    tag: tuple[str, ...] = ()
    """Tags that it has; one after a minus it has not."""
    favourite: bool | None = None
    without: tuple[tuple[str, str], ...] = ()
    """Names of SEVERAL, and a value that each must not have."""

    def where(self, frequent: Collection[str] = ()) -> Where:
        """Conditions on tts_records.

        Args:
            frequent: tags that so many records have that the newest of these are found sooner by looking at records.
        """
        conditions, parameters = self.facts(frequent)
        for word in words(self.text):
            written = forms(word)
            conditions.append(f"({' OR '.join([_LIKE] * len(written))})")
            parameters += map(like, written)
        return conditions, parameters

    @property
    def tags(self) -> tuple[str, ...]:
        """Those that records must have, and after a minus those they must not."""
        if self.favourite is None:
            return self.tag
        return (*self.tag, FAVOURITE if self.favourite else f"-{FAVOURITE}")

    def facts(self, frequent: Collection[str] = ()) -> Where:
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
        for name in SEVERAL:
            values = getattr(self, name)
            if values:
                parts = [_is(name, value) for value in values]
                conditions.append(_any(part for part, _ in parts))
                parameters += [each for _, given in parts for each in given]
        for name, value in self.without:
            condition, given = _is(name, value)
            conditions.append(f"COALESCE(NOT ({condition}), 1)")
            parameters += given
        if self.request:
            add("request_hash = ?", self.request)
        if self.rating is not None:
            add("rating >= ?", self.rating)
        if self.error:
            add("error_type = ?", self.error)
        for tag in self.tags:
            if tag.startswith("-"):
                add(f"NOT {_IS_TAGGED}", tag.removeprefix("-"))
            else:
                add(_IS_TAGGED if tag in frequent else _AMONG_TAGGED, tag)
        return conditions, parameters


def is_hash(voice: str) -> bool:
    """Whether a voice is asked for by its content's SHA-256."""
    return bool(_SHA256.match(voice))


def _any(conditions: Iterable[str]) -> str:
    several = list(conditions)
    return several[0] if len(several) == 1 else f"({' OR '.join(several)})"


def _is(name: str, value: str) -> tuple[str, list[Parameter]]:
    """The condition that a record has this value of a name in SEVERAL."""
    if name == "user":
        # By bytes: names that a collation holds equal are other people's. The first condition is for an index.
        return "(user_id = ? AND HEX(user_id) = ?)", [value, value.encode().hex().upper()]
    if name == "status" and value == PROBLEMS:
        return _PROBLEM, []
    if name == "voice":
        if is_hash(value):
            return "voice_sha256 = ?", [value]
        return "voice LIKE ? ESCAPE '!'", [like(value)]
    return f"{'model_version' if name == 'model' else name} = ?", [value]


NAMES = tuple(field.name for field in fields(Filter) if field.name != "without")
"""What a filter can be made of."""
PARAMETERS = (*NAMES, *(f"-{name}" for name in SEVERAL))
"""The same as they stand in an address."""


def parse(
    values: Mapping[str, str | Sequence[str]], *, zone: tzinfo = timezone.utc, now: datetime | None = None
) -> Filter:
    """A filter from strings, as in a URL or on a command line. Unknown names are ignored.

    Args:
        values: by name of PARAMETERS; a sequence for those that may have several.

    Raises:
        FilterError: a value makes no sense.
    """
    given: dict[str, Any] = {}
    without: list[tuple[str, str]] = []
    for name in PARAMETERS:
        raw = values.get(name, ())
        clean = _clean(name, [raw] if isinstance(raw, str) else raw)
        if name.startswith("-"):
            without += [(name[1:], value) for value in clean]
        elif clean:
            given[name] = clean if name in (*SEVERAL, "tag") else clean[-1]
    for name in ("since", "until"):
        if name in given:
            given[name] = moment(given[name], zone=zone, now=now, over=name == "until")
    for status in (*given.get("status", ()), *(value for name, value in without if name == "status")):
        if status not in (*STATUSES, PROBLEMS):
            raise FilterError(f"status is {status!r}", hint=f"Known are {', '.join(STATUSES)} and {PROBLEMS}.")
    if "rating" in given:
        if given["rating"] not in ("1", "2", "3", "4", "5"):
            raise FilterError(f"rating is {given['rating']!r}", hint="Write 1 to 5: rated this or better.")
        given["rating"] = int(given["rating"])
    if "tag" in given:
        tags = (tag.strip() for each in given["tag"] for tag in re.split("[,，]", each))
        given["tag"] = tuple(dict.fromkeys(tag for tag in tags if tag.removeprefix("-")))
    if "favourite" in given:
        if given["favourite"] not in ("yes", "no"):
            raise FilterError(f"favourite is {given['favourite']!r}", hint="Write yes or no.")
        given["favourite"] = given["favourite"] == "yes"
    return Filter(**given, without=tuple(without))


def _clean(name: str, raw: Sequence[str]) -> tuple[str, ...]:
    """The values that say something, each once."""
    values = tuple(dict.fromkeys(value for each in raw if (value := each.strip())))
    if len(values) > MOST_VALUES:
        raise FilterError(f"{name} has more than {MOST_VALUES} values")
    for value in values:
        if len(value) > _MAX_LENGTH:
            raise FilterError(f"{name} is longer than {_MAX_LENGTH} characters")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise FilterError(f"{name} is not valid Unicode") from error
    return values


def _is_day(text: str) -> bool:
    """Whether it names no hour."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def moment(text: str, *, zone: tzinfo = timezone.utc, now: datetime | None = None, over: bool = False) -> datetime:
    """A moment from "3d" (that long ago; s, m, h, d, w), "2026-11-22" or an ISO 8601 time; in UTC.

    Args:
        zone: in which days begin and times without an offset are read.
        over: of a day the moment when it is over, not the one when it begins: for the end of a period.

    Raises:
        FilterError: it is none of these.
    """
    ago = _AGO.match(text)
    try:
        if ago:
            return (now or datetime.now(timezone.utc)) - timedelta(seconds=int(ago[1]) * _UNITS[ago[2]])
        at = datetime.fromisoformat(text)
        if over and _is_day(text) and at.date() < date.max:
            at += timedelta(days=1)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(timezone.utc)
    except (ValueError, OverflowError) as error:
        hint = "Write 3d (s, m, h, d, w ago), 2026-11-22 or 2026-11-22T10:15."
        raise FilterError(f"{text!r} is not a time", hint=hint) from error
