"""What people say of takes goes as an event file into the watched folder, from which the shipper carries it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sidecar.answers.audio import homes
from sidecar.event.event import Event
from sidecar.event.publish import Publisher
from sidecar.storage.database import Database, in_chunks


def say_of(
    database: Database,
    publisher: Publisher,
    folders: Sequence[Path],
    event_ids: Iterable[str],
    event_type: str,
    data: Mapping[str, Any],
) -> list[Event]:
    """Publish an event about each of these records, all with the same facts.

    Args:
        folders: the watched folders; an event goes to the one that holds the record's own, else to the first.

    Raises:
        PublishError: a folder cannot be written; some events may be there.
        EventError: the facts do not fit the schema.
    """
    events: list[Event] = []
    for chunk in in_chunks(event_ids):
        found = homes(database, folders, chunk)
        by_folder: dict[Path, list[str]] = defaultdict(list)
        for each in chunk:
            by_folder[found.get(each) or folders[0]].append(each)
        for folder, those in by_folder.items():
            if len(those) == 1:
                events.append(publisher.publish(folder, event_type, those[0], data))
            else:
                events += publisher.publish_many(folder, event_type, those, data)
    return events
