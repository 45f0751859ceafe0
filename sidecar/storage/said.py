"""Every column of tts_tags and tts_preferences, described as those of the other tables are (sidecar.storage.columns),
and the rows that events make of them. An event makes several: one for each tag that it gives or takes away; two for
each record that another one was preferred to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from sidecar.event.event import Event
from sidecar.storage.columns import Audience, Column, Facet, Kind, moment_key

TEXT, INTEGER, TIME, TRUTH = Kind.TEXT, Kind.INTEGER, Kind.TIME, Kind.TRUTH
TAG, PREFERENCE = Facet.TAG, Facet.PREFERENCE
TRUSTED, NOBODY = Audience.TRUSTED, Audience.NOBODY
_GIVEN = ("data.add", "data.remove")

FAVOURITE = "favourite"
"""The tag of the favourites, which people see as a star."""

# fmt: off
TAG_COLUMNS = (
    Column("event_id", TEXT, "UUID", "subject", "The record that has or had the tag, as in tts_records.",
           facet=TAG, nullable=False),
    Column("tag", TEXT, "", _GIVEN, "The tag; favourite is that of the favourites.",
           facet=TAG, audience=TRUSTED, nullable=False),
    Column("present", TRUTH, "", _GIVEN, "1 where the record has it, 0 where it was taken away.",
           facet=TAG, nullable=False),
    Column("tagged_at", TIME, "", "time", "When it was given or taken away, the latest, UTC.",
           facet=TAG, nullable=False),
    Column("tag_key", TEXT, "", "id", "Time and id of the event that counts.",
           facet=TAG, audience=NOBODY, nullable=False),
)
PREFERENCE_COLUMNS = (
    Column("event_id", TEXT, "UUID", ("subject", "data.over"), "The record, as in tts_records.",
           facet=PREFERENCE, nullable=False),
    Column("other", TEXT, "UUID", ("subject", "data.over"), "The record that it was compared with.",
           facet=PREFERENCE, nullable=False),
    Column("person", TEXT, "SHA-256", "data.caller.user",
           "Of the name of who compared them; of no name where nobody said theirs.",
           facet=PREFERENCE, audience=TRUSTED, nullable=False),
    Column("won", TRUTH, "", ("subject", "data.over"), "1 where it was preferred, 0 where the other was.",
           facet=PREFERENCE, nullable=False),
    Column("preferred_at", TIME, "", "time", "When, the latest, UTC.", facet=PREFERENCE, nullable=False),
    Column("preference_key", TEXT, "", "id", "Time and id of the preference that counts.",
           facet=PREFERENCE, audience=NOBODY, nullable=False),
)
"""In the order of the tables. The keys, by which rows are sorted, come first: record and tag; record, other, person."""
# fmt: on


def tag_rows(event: Event) -> Iterator[tuple[str, str, int, datetime, str]]:
    """Of an event that tags. A tag that it both gives and takes away is given."""
    key = moment_key(event, event.id)
    data = event.data
    told = {**dict.fromkeys(data.get("remove") or (), 0), **dict.fromkeys(data.get("add") or (), 1)}
    for tag, present in told.items():
        yield event.subject, tag, present, event.time, key


def hashed_person(user: str) -> str:
    """What the table of preferences has in the place of a name."""
    return hashlib.sha256(user.encode()).hexdigest()


def preference_rows(event: Event) -> Iterator[tuple[str, str, str, int, datetime, str]]:
    """Of an event that prefers. People are told apart by the bytes of their names, on any server: hence a hash."""
    key = moment_key(event, event.id)
    user = (event.data.get("caller") or {}).get("user") or ""
    person = hashed_person(user)
    for other in dict.fromkeys(event.data["over"]):
        if other != event.subject:
            yield event.subject, other, person, 1, event.time, key
            yield other, event.subject, person, 0, event.time, key
