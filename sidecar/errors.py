"""Everything that can go wrong, in two branches.

Temporary: keep the event and try again. Permanent: this event will never be a row.

An error's first words are its message; an operator-facing one also carries a hint that names what to do next.
A bug is neither branch: it is any other exception, and it crashes the process.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Reason(StrEnum):
    """Reason codes of the quarantine. A closed set: dashboards and queries count on it."""

    INVALID_JSON = "invalid_json"
    SCHEMA_MISMATCH = "schema_mismatch"
    UNSUPPORTED_VERSION = "unsupported_version"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    REJECTED_BY_SINK = "rejected_by_sink"


class SidecarError(Exception):
    """Base of all errors that this package raises on purpose.

    Attributes:
        hint: one sentence that tells an operator what to do next, or "".
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class SettingsError(SidecarError):
    """A setting is missing or wrong. Ends the command with exit code 2."""


class UsageError(SidecarError):
    """A command or request was given arguments that it cannot use. Ends the command with exit code 2."""


class TemporarySinkError(SidecarError):
    """The database cannot take the batch now, whatever is in it: connection lost, deadlock, lock timeout, read-only,
    server full, credentials rejected. The batch is kept and tried again without end."""


class TablesNotReady(TemporarySinkError):
    """The tables are missing, or older or newer than this program. Somebody must run `sidecar migrate` or upgrade."""


class Rehearsed(SidecarError):
    """A commit went through and was undone, as it was asked for."""


class PositionLost(TemporarySinkError):
    """The position in the database is older than the one this process committed: a backup was restored. The folder
    must be reconciled from the position that is there now."""


class PermanentSinkError(SidecarError):
    """The database refuses what is in the batch and would refuse it again.

    Attributes:
        rejected: message per event file path, where the sink knows which ones it refuses; empty where only a
            smaller batch can tell.
    """

    def __init__(self, message: str, *, rejected: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.rejected: Mapping[str, str] = rejected or {}


class EventError(SidecarError):
    """The bytes of one file are not an event that can be stored.

    Attributes:
        reason: the code it is quarantined under.
        raw: the bytes as read.
    """

    def __init__(self, reason: Reason, message: str, raw: bytes) -> None:
        super().__init__(message)
        self.reason = reason
        self.raw = raw


class NotAnEvent(SidecarError):
    """Valid JSON without our envelope: another program's file, left alone."""
