"""Tagging a take, making it a favourite, writing a note: an event file in the watched folder for any of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

from sidecar.answers.said import tags_of
from sidecar.errors import UsageError
from sidecar.event.event import Event
from sidecar.event.publish import Publisher
from sidecar.event.types import TAGGED
from sidecar.storage.database import Database, in_chunks
from sidecar.upkeep.saying import say_of

MAX_TAG = 64
"""Characters of a tag, as in the schema."""
MAX_NOTE = 10_000
"""Characters of a note, as in the schema."""
MAX_TAGS = 50
"""Tags of one take; that of the favourites counts."""
_SEPARATOR = re.compile("[,，]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Unsaid(Enum):
    """In place of a note: nothing is said of it."""

    NOTE = None


def tags_in(text: str) -> list[str]:
    """The tags that a person wrote, with commas between them.

    Raises:
        UsageError: one is too long, or begins with a sign.
    """
    return [as_tag(each) for each in _SEPARATOR.split(text) if each.strip()]


def as_tag(text: str) -> str:
    """A tag in the one form in which it is kept: composed characters, single blanks.

    Raises:
        UsageError: it is none.
    """
    tag = " ".join(unicodedata.normalize("NFC", text).split())
    if not tag or len(tag) > MAX_TAG:
        raise UsageError(f"{tag[:40]!r} is no tag", hint=f"A tag has 1 to {MAX_TAG} characters.")
    if tag[0] in "+-" or _SEPARATOR.search(tag) or _CONTROL.search(tag):
        raise UsageError(f"{tag!r} is no tag", hint="A tag has no comma, and does not begin with + or -.")
    return tag


def tag(
    database: Database,
    publisher: Publisher,
    folders: Sequence[Path],
    event_ids: Iterable[str],
    *,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    note: str | Unsaid | None = Unsaid.NOTE,
    user: str | None,
) -> list[Event]:
    """Publish that these records have tags, or no longer have them, or have a note. Of each tag, and of the note, the
    latest that was said counts.

    Args:
        folders: the watched folders; see say_of.
        add, remove: as as_tag makes them; one that is in both is given.
        note: in place of any earlier one; None or "" takes that away.

    Raises:
        UsageError: nothing is said, or one of the records would have too many tags.
        PublishError: the folder cannot be written.
        EventError: the note or the name is too long.
    """
    given, taken = list(dict.fromkeys(add)), list(dict.fromkeys(remove))
    data: dict[str, Any] = {"caller": {"user": user or None}}
    data |= {name: tags for name, tags in (("add", given), ("remove", taken)) if tags}
    data |= {} if isinstance(note, Unsaid) else {"note": note or None}
    if len(data) == 1:
        raise UsageError("nothing was said of the take", hint="Name a tag to give or take away, or write a note.")
    those = list(event_ids)
    if given:
        _require_room(database, those, {*given}, {*taken})
    return say_of(database, publisher, folders, those, TAGGED, data)


def _require_room(database: Database, event_ids: Sequence[str], given: set[str], taken: set[str]) -> None:
    for chunk in in_chunks(event_ids):
        has = tags_of(database, chunk)
        if any(len((tags - taken) | given) > MAX_TAGS for tags in (*has.values(), set())):
            raise UsageError(f"a take has at most {MAX_TAGS} tags", hint="Take one away first.")
