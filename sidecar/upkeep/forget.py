"""Erases what was recorded of a person, a text, a voice or one record: rows, events, quarantine, files, search indexes.

What stays is a tombstone, an event of type indextts.record.forgotten that holds an id and no content, and lists of what
was erased (sidecar.upkeep.erasures). The tombstones are in the database before anything is erased, and from then on it
takes nothing of what they speak of (sidecar.storage.tombstones). So whatever interrupts the rest, running it again, or
`sidecar forget --pending`, finishes the work; on each further host that holds files of it, the latter does that part.

Out of reach are the server's own logs and backups, its freed pages until it reuses them, and copies that others made.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from sidecar.answers.textindex import text_index
from sidecar.event.event import Event
from sidecar.event.names import printable
from sidecar.event.publish import Publisher, flush_folder, publish_file
from sidecar.event.types import FORGOTTEN, SYNTHESIS
from sidecar.shipping.tree import not_shipped
from sidecar.storage.database import Database, Row, in_chunks, marks
from sidecar.storage.statements import EVENT_COLUMNS, MYSQL, SQLITE, insert_head, keep_existing
from sidecar.storage.tombstones import erase, forgotten, ids_in, rehearse, require_delete
from sidecar.upkeep.documents import Document, documents
from sidecar.upkeep.erasures import (
    Number,
    hosts,
    number_in_broken_file,
    publish_erased_numbers,
    publish_erasure,
)
from sidecar.upkeep.mentions import Target
from sidecar.upkeep.removal import Removal, identify, remove
from sidecar.upkeep.traces import Traces, look

_ROWS = 200  # of one transaction in which the shippers wait


@dataclass(kw_only=True)
class Forgotten:
    """What was erased."""

    records: int = 0
    events: int = 0
    quarantined: int = 0
    files: int = 0
    strangers: int = 0
    """Rows of tts_records that other programs had inserted."""
    left: list[str] = field(default_factory=list)
    """Files of this host that are still there, each with the reason."""
    shared: list[str] = field(default_factory=list)
    """Audio that stays, because it belongs to a record that stays, too."""
    elsewhere: dict[str, list[str]] = field(default_factory=dict)
    """Files that may lie where nobody looked, by host; under "" those of other programs' rows and shippers."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where it is forgotten."""

    database: Database
    folders: Sequence[Path]
    """The watched folders, in which files are removed."""
    host: str
    """This machine's name as events have it."""
    shipper: str
    """SIDECAR_NAME."""


def meant(place: Place, target: Target) -> set[str]:
    """Ids of the records that are meant, those included that are not shipped yet, and of events about other records."""
    ids = target.subjects(place.database)
    for folder in place.folders:
        for document in documents(folder):
            ids |= _ids(document, target)
    for _, _, raw in _quarantined(place.database, target):
        ids |= _ids_of_broken(raw)
    return ids


def forget(place: Place, publisher: Publisher, target: Target, *, reason: str | None = None) -> Forgotten:
    """
    Args:
        reason: is kept in the tombstones, so it should name nobody.

    Raises:
        PublishError: a tombstone cannot be written; nothing has been erased then.
        TemporarySinkError: the account may not delete, or a foreign key is in the way; nothing has been changed then.
    """
    database = place.database
    require_delete(database, "tts_records", "tts_events", "sidecar_quarantine")
    ids = meant(place, target)
    traces = look(database, place.folders, place.host, target, ids)
    strangers = target.strangers(database)
    chunks = list(in_chunks(sorted(ids), _ROWS))
    for chunk in chunks:
        rehearse(database, partial(erase, database, chunk))
    rehearse(database, partial(_delete_strangers, database, strangers))
    result = Forgotten(records=traces.records, elsewhere=traces.elsewhere, shared=traces.shared)
    if ids:
        _bury(place, publisher, traces, ids, _numbers(database, traces, ids, target), reason)
    _remove_files(traces, result)
    for chunk in chunks:
        result.events += database.alone(partial(erase, database, chunk))
    _erase_strangers(database, target, strangers, result)
    _erase_quarantined(place, target, ids, result)
    _compact(database)
    if not result.left:
        done = ids - traces.owners[place.host]  # of those, something is listed as left here
        _record(place, publish_erasure(publisher, place.folders[0], "done", done), place.folders[0])
    return result


def pending(place: Place) -> frozenset[str]:
    """Ids of what was forgotten and is not gone, or not known to be gone, from this host and the database."""
    database = place.database
    left: set[str] = set()
    for host, (_, ids) in hosts(database).items():
        if host == place.host:
            left |= ids
    tombs = f"tts_events t ON t.type = '{FORGOTTEN}'"
    for sql in (
        f"SELECT e.subject FROM tts_events e JOIN {tombs} AND t.subject = e.subject AND e.type <> '{FORGOTTEN}'",
        f"SELECT e.id FROM tts_events e JOIN {tombs} AND t.subject = e.id AND e.type <> '{FORGOTTEN}'",
        f"SELECT r.event_id FROM tts_records r JOIN {tombs} AND t.subject = r.event_id",
    ):
        left.update(str(row[0]) for row in database.query(sql))
    here, told = set(), set()
    for folder in place.folders:
        for document in documents(folder):
            if not document.erases:
                here |= ids_in(document.raw)
            elif document.event is not None and document.event.get("type") == FORGOTTEN:
                told.add(str(document.event.get("subject")))
    known = forgotten(database, here | told)
    return frozenset(left | (here & (known | told)) | (told - known))


def unseen(place: Place) -> list[str]:
    """The folders that other shippers of the database watch, and those below ours that hold events and that nobody
    watches: what is not shipped from there is known there alone."""
    ours = {(place.shipper, printable(str(folder))) for folder in place.folders}
    rows = place.database.query("SELECT shipper, folder FROM sidecar_positions ORDER BY shipper, folder")
    below = [each for folder in place.folders for each in not_shipped(folder, place.folders)]
    others = [f"{shipper}: {folder}" for shipper, folder in rows if (shipper, folder) not in ours]
    return others + sorted(set(map(str, below)))


def _ids(document: Document, target: Target) -> set[str]:
    """What has to be forgotten because of a document: the record, or only the event where it is about another's."""
    if document.event is None:
        return _ids_of_broken(document.raw) if target.may_match(document.raw) else set()
    if document.erases or not target.matches(document.event):
        return set()
    name = "subject" if str(document.event.get("type")).startswith(SYNTHESIS) else "id"
    return {str(document.event.get(name))} - {"None"}


def _ids_of_broken(raw: bytes) -> set[str]:
    """The event's own id alone: what it is about may be another's record, which stays."""
    return ids_in(raw, subject=b'"type":"' + SYNTHESIS.encode() in raw.replace(b" ", b""))


def _bury(
    place: Place, publisher: Publisher, traces: Traces, ids: set[str], numbers: Iterable[Number], reason: str | None
) -> None:
    """Publish what stays and put it into the database."""
    first = place.folders[0]
    lists = publish_erased_numbers(publisher, first, numbers)
    lists += publish_erasure(publisher, first, "audio_sha256", traces.hashes)
    lists += publish_erasure(publisher, first, f"left/{place.host}", ids)
    for host, theirs in traces.owners.items():
        lists += publish_erasure(publisher, first, f"left/{host}", theirs)
    _record(place, lists, first)
    already = forgotten(place.database, ids)
    for folder, those in _by_folder(traces, sorted(ids - already), first).items():
        for chunk in in_chunks(those, _ROWS):
            data = {"reason": reason, "caller": None}
            tombstones = [publisher.publish(folder, FORGOTTEN, each, data, flush=False) for each in chunk]
            flush_folder(folder)
            _record(place, tombstones, folder)


def _by_folder(traces: Traces, ids: Iterable[str], first: Path) -> dict[Path, list[str]]:
    """A record's tombstone lies where its own event did."""
    grouped: dict[Path, list[str]] = defaultdict(list)
    for each in ids:
        grouped[traces.homes.get(each, first)].append(each)
    return grouped


def _record(place: Place, events: Sequence[Event], folder: Path) -> None:
    """Put events into the database at once, as the shipper would later."""
    database = place.database
    dialect = SQLITE if database.dialect == "sqlite" else MYSQL
    statement = f"{insert_head('tts_events', EVENT_COLUMNS)}({marks(EVENT_COLUMNS)}) {keep_existing(dialect, 'id')}"

    def insert() -> None:
        for event in events:
            path = f"{printable(str(folder))}/{event.id}.json"
            envelope = (event.id, event.type, event.source, event.sequence, event.subject, event.time)
            stored_as = (place.shipper, path, event.sha256, datetime.now(timezone.utc), event.raw.decode())
            database.execute(statement, [*envelope, *stored_as])

    if events:
        database.alone(insert)


def _numbers(database: Database, traces: Traces, ids: set[str], target: Target) -> Iterator[Number]:
    """The numbers of all events that will be erased, wherever they are by now."""
    yield from traces.numbers
    for _, _, raw in _quarantined(database, target, ids):
        if number := number_in_broken_file(raw):
            yield number


def _remove_files(traces: Traces, result: Forgotten) -> None:
    """Audio before the event files, which are what tells of it: where it stays, so does the one that names it,
    and one that only the database had is put back."""
    held = set(traces.held)
    for path, sha256, record in traces.audio:
        if not _remove(path, sha256, result):
            held.add(record)
    for record in held & (traces.unfiled.keys() - {record for _, _, record in traces.files}):
        folder, raw = traces.unfiled[record]
        with contextlib.suppress(FileExistsError):
            publish_file(folder, f"{record}.json", raw)
    for path, sha256, record in traces.files:
        if record not in held:
            _remove(path, sha256, result)
    result.left += traces.left


def _remove(path: Path, sha256: str, result: Forgotten) -> bool:
    """Whether it is gone, or was not what was meant."""
    try:
        result.files += remove(path, identify(path, sha256)) is Removal.REMOVED
    except OSError as error:
        result.left.append(f"{path}: {error.strerror}")
        return False
    return True


def _erase_strangers(database: Database, target: Target, rows: Sequence[Row], result: Forgotten) -> None:
    """Rows of other programs that are meant, and what a forgotten person's name stands in besides."""
    result.strangers = _delete_strangers(database, rows)
    for _, path in rows:
        if path:
            result.elsewhere.setdefault("", []).append(str(path))
    if target.user:
        rated = database.query("SELECT rated_by, id FROM tts_records WHERE rated_by = ?", [target.user])
        for chunk in in_chunks([number for name, number in rated if name == target.user]):
            database.execute(
                f"UPDATE tts_records SET rated_by = NULL, rating_note = NULL WHERE id IN ({marks(chunk)})", chunk
            )


def _delete_strangers(database: Database, rows: Sequence[Row]) -> int:
    deleted = 0
    for chunk in in_chunks([row[0] for row in rows]):
        condition = f"event_id IS NULL AND id IN ({marks(chunk)})"
        deleted += database.execute(f"DELETE FROM tts_records WHERE {condition}", chunk)
    return deleted


def _erase_quarantined(place: Place, target: Target, ids: set[str], result: Forgotten) -> None:
    known = {printable(str(folder)): folder for folder in place.folders}
    for number, path, _ in list(_quarantined(place.database, target, ids)):
        folder, _, name = path.rpartition("/")
        if folder not in known:
            result.elsewhere.setdefault("", []).append(path)
        elif (known[folder] / name).exists():
            result.left.append(f"{path}: it was changed since it was put into quarantine; look at it")
        result.quarantined += place.database.execute("DELETE FROM sidecar_quarantine WHERE id = ?", [number])


def _quarantined(database: Database, target: Target, ids: Iterable[str] = ()) -> Iterator[tuple[int, str, bytes]]:
    """Id, path and first bytes of the quarantined files that mention it."""
    gone = set(ids)
    for number, path, first_bytes in database.query("SELECT id, path, content FROM sidecar_quarantine"):
        raw = first_bytes if isinstance(first_bytes, bytes) else str(first_bytes).encode()
        if target.may_match(raw) or not gone.isdisjoint(ids_in(raw)):
            yield int(number), str(path), raw


def _compact(database: Database) -> None:
    """Rewrite free pages and the segments of a text index, where the bytes of deleted rows remain."""
    indexed = text_index(database) is not None
    if database.dialect == "sqlite":
        if indexed:
            database.execute("INSERT INTO tts_text_search (tts_text_search) VALUES ('optimize')")
        database.execute("VACUUM")
        database.query("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    if indexed:
        # With a full-text index this rebuilds both the table and the index.
        database.query("OPTIMIZE TABLE tts_records")
