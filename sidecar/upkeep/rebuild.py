"""Folds the whole log again and puts tts_records and the tables beside it right, in place, while the shipper goes on.

Some records at a time are compared with what their events fold into (sidecar.storage.refold). Where they differ, they
are compared once more and written in one transaction that no shipper's commit falls into. So whatever ends it, each
record is as it was or as it should be; what others keep in the table, rows, columns, triggers and keys, is not touched.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sidecar.errors import SidecarError
from sidecar.event.types import FORGOTTEN
from sidecar.storage.beside import PREFERENCES, PROCESSES, SCORES, TAGS, put_right
from sidecar.storage.database import Database, in_chunks
from sidecar.storage.projection import Values
from sidecar.storage.refold import REPLACING, Compared, compare, latest, mend, replacements
from sidecar.upkeep.progress import Track

_SUBJECTS = 200  # compared at once: where they differ, the shipper waits some hundredths of a second


@dataclass
class Rebuilt:
    events: int = 0
    """Events folded."""
    unreadable: int = 0
    """Rows of tts_events that this version cannot read; their records stay as they are."""
    records_before: int = 0
    records: int = 0
    added: int = 0
    """Records that were missing."""
    changed: int = 0
    """Records that said something else than their events."""
    dropped: int = 0
    """Records without any event left."""
    kept: int = 0
    """Records without any event that the database does not let go, because other tables refer to them."""
    processes: int = 0
    """Rows of tts_processes that were added, changed or dropped."""
    scores: int = 0
    tags: int = 0
    preferences: int = 0
    """The same of tts_scores, tts_tags and tts_preferences."""


def rebuild(database: Database, track: Track) -> Rebuilt:
    """
    Args:
        track: shows the records that are compared.

    Raises:
        TemporarySinkError: the database cannot serve, or the account may not change the table.
        PermanentSinkError: the table takes a record no more, by a rule of somebody's own. What was put right before
            stays right.
    """
    result = Rebuilt(records_before=_count(database))
    replaced = latest(replacements(row[0] for row in database.stream(_REPLACING)))
    for subjects in in_chunks(track(_subjects(database, replaced), "folding", result.records_before), _SUBJECTS):
        found = compare(database, subjects, replaced)
        if found.differs:
            # Compared again, because a commit may have come in between.
            found = database.alone(lambda chosen=subjects: _mend(database, chosen, replaced))  # type: ignore[misc]
            _drop(database, found.strays, result)
        result.events += found.events
        result.unreadable += found.unreadable
        result.added += len(found.missing)
        result.changed += len(found.wrong)
    result.records = _count(database)
    result.processes, result.scores = put_right(database, PROCESSES), put_right(database, SCORES)
    result.tags, result.preferences = put_right(database, TAGS), put_right(database, PREFERENCES)
    return result


_REPLACING = f"SELECT event FROM tts_events WHERE {REPLACING}"

_DROP = (
    "DELETE FROM tts_records WHERE event_id = ? AND (NOT EXISTS (SELECT 1 FROM tts_events WHERE subject = event_id) "
    "OR EXISTS (SELECT 1 FROM tts_events WHERE subject = event_id AND type = ?))"
)


def _mend(database: Database, subjects: list[str], replaced: Mapping[str, Values]) -> Compared:
    found = compare(database, subjects, replaced)
    mend(database, found)
    return found


def _drop(database: Database, strays: list[str], result: Rebuilt) -> None:
    """Delete records without an event, one by one: another table may refer to one."""
    for stray in strays:
        try:
            result.dropped += database.execute(_DROP, [stray, FORGOTTEN])
        except SidecarError:  # noqa: PERF203 - few, and each by itself
            result.kept += 1


def _subjects(database: Database, replaced: Mapping[str, Values]) -> Iterator[str]:
    """Every subject that an event or a record has, or that was overwritten, in order."""
    overwritten = sorted(replaced)
    after = ""
    while True:
        page = set(overwritten[(start := bisect_right(overwritten, after)) : start + _SUBJECTS])
        for column, table in (("subject", "tts_events"), ("event_id", "tts_records")):
            page.update(
                str(row[0])
                for row in database.query(
                    f"SELECT DISTINCT {column} FROM {table} WHERE {column} > ? ORDER BY {column} LIMIT {_SUBJECTS}",
                    [after],
                )
            )
        subjects = sorted(page)[:_SUBJECTS]
        if not subjects:
            return
        yield from subjects
        after = subjects[-1]


def _count(database: Database) -> int:
    return int(database.query("SELECT COUNT(*) FROM tts_records")[0][0])
