"""Every type of event, once. A new one is a line here, its data in schema/event/, and its fold in the projection."""

from __future__ import annotations

PREFIX = "indextts."
SYNTHESIS = f"{PREFIX}synthesis."
"""Begins the types of events that make a record; what follows becomes its status."""
AUDIO = f"{PREFIX}audio."
"""Begins the types of what is said of, or done to, a record's audio later."""

SUCCEEDED = f"{SYNTHESIS}succeeded"
FAILED = f"{SYNTHESIS}failed"
INTERRUPTED = f"{SYNTHESIS}interrupted"
"""The process died."""
DISCOVERED = f"{SYNTHESIS}discovered"
"""A WAV older than the recording."""
REUSED = f"{SYNTHESIS}reused"
"""An earlier audio was handed back."""
RATED = f"{AUDIO}rated"
DELETED = f"{AUDIO}deleted"
SCORED = f"{AUDIO}scored"
"""A program listened to it, and measured."""
REVIEWED = f"{AUDIO}reviewed"
"""A person listened to it, and keeps or rejects it."""
TAGGED = f"{AUDIO}tagged"
"""A person gave it tags, took some away, or wrote a note."""
PREFERRED = f"{AUDIO}preferred"
"""A person compared it with others, and prefers it."""
FORGOTTEN = f"{PREFIX}record.forgotten"
ERASED = f"{PREFIX}events.erased"
"""Events were erased on purpose; it names their numbers."""
STARTED = f"{PREFIX}process.started"
"""A process that synthesises, and its machine."""

KNOWN = (
    *(SUCCEEDED, FAILED, INTERRUPTED, DISCOVERED, REUSED),
    *(RATED, DELETED, SCORED, REVIEWED, TAGGED, PREFERRED, FORGOTTEN, ERASED, STARTED),
)
STATUSES = tuple(known.removeprefix(SYNTHESIS) for known in KNOWN if known.startswith(SYNTHESIS))
"""What can become of a synthesis."""


def without_prefix(type_: str) -> str:
    """The type without what all of them begin with, such as synthesis.succeeded."""
    return type_.removeprefix(PREFIX)


def last_word(type_: str) -> str:
    """What happened, in one word, such as succeeded or rated."""
    return type_.rpartition(".")[2]
