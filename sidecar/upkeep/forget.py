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

from sidecar.answers.folders import Folders
from sidecar.event.event import Event
from sidecar.event.names import printable
from sidecar.event.opening import read_regular
from sidecar.event.publish import Publisher, publish_file, sweep
from sidecar.event.types import FORGOTTEN
from sidecar.storage.database import Database, Parameter, Row, in_chunks, marks
from sidecar.storage.said import hashed_person
from sidecar.storage.statements import EVENT_COLUMNS, MYSQL, SQLITE, insert_head, keep_existing
from sidecar.storage.tombstones import PROJECTIONS, erase, forgotten, rehearse, require_delete
from sidecar.upkeep.compacting import compact
from sidecar.upkeep.copies import Copies, Links, find_copies
from sidecar.upkeep.erasures import (
    Number,
    number_in_broken_file,
    publish_erased_audio,
    publish_erased_numbers,
    publish_erasure,
)
from sidecar.upkeep.mentions import Target
from sidecar.upkeep.pending import Place
from sidecar.upkeep.removal import Removal, State, remove_read
from sidecar.upkeep.survey import quarantined
from sidecar.upkeep.takes import is_recorded
from sidecar.upkeep.traces import Traces, look
from sidecar.upkeep.wav import sha256

_ROWS = 200  # of one transaction in which the shippers wait
_ROWS_A_STATEMENT = 50

_SAID_BY = {
    "rated_by": "rated_by = NULL, rating_note = NULL",
    "reviewed_by": "reviewed_by = NULL",
    "noted_by": "noted_by = NULL, take_note = NULL",
}
"""By whom something was said of a record, and what goes where that one is forgotten."""
_NOTES = ("rating_note", "take_note")


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
    shared: list[Path] = field(default_factory=list)
    """Audio that stays, because it belongs to a record that stays, too."""
    changed: list[Path] = field(default_factory=list)
    """Files that stay, because under the name of what was meant lies something that nobody recorded."""
    copies: Copies = field(default_factory=Copies)
    """What was found of audio that was forgotten, now or before, where nobody had recorded it."""
    elsewhere: dict[str, list[str]] = field(default_factory=dict)
    """Files that may lie where nobody looked, by host; under "" those of other programs' rows and shippers."""


def forget(
    place: Place, publisher: Publisher, target: Target, *, reason: str | None = None, copies: bool = False
) -> Forgotten:
    """
    Args:
        reason: is kept in the tombstones, so it should name nobody.
        copies: whether copies of the audio are removed as well; otherwise they are listed as left.

    Raises:
        PublishError: a tombstone cannot be written; nothing has been erased then.
        TemporarySinkError: the account may not delete, or a foreign key is in the way; nothing has been changed then.
    """
    database = place.database
    require_delete(database, *PROJECTIONS, "tts_events", "sidecar_quarantine")
    traces = look(place, target)
    ids = traces.ids
    chunks = list(in_chunks(sorted(ids), _ROWS))
    for chunk in chunks:
        rehearse(database, partial(erase, database, chunk))
    rehearse(database, partial(_delete_strangers, database, traces.strangers))
    result = Forgotten(records=traces.records, elsewhere=traces.elsewhere, shared=traces.shared)
    links = Links(path for path, _, _ in traces.audio)
    if ids:
        _bury(place, publisher, traces, _numbers(database, traces, target), reason)
    for folder in place.folders:
        sweep(folder)
    failed = _remove_files(traces, result)
    result.copies = copies_of(place, traces, failed)  # by now, that is: what is left of the content
    for line in links.elsewhere(result.copies):
        result.elsewhere.setdefault(place.host, []).append(line)
    _remove_copies(result, asked=copies)
    for chunk in chunks:
        result.events += database.alone(partial(erase, database, chunk))
        result.left += _kept_by_others(database, chunk)
    _erase_strangers(database, traces.strangers, result)
    _erase_said(database, target)
    _erase_quarantined(place, target, ids, result)
    result.changed = [path for path in result.changed if _is_unknown(database, path)]
    result.left += compact(database)
    if not result.left:
        done = ids - traces.owners[place.host]  # of those, something is listed as left here
        _record(place, publish_erasure(publisher, place.folders[0], "done", done), place.folders[0])
    return result


def copies_before(place: Place, traces: Traces) -> Copies:
    """Those there are now, besides what forgetting it would remove."""
    return copies_of(place, traces, {(path, sha256) for path, sha256, _ in traces.audio})


def copies_of(place: Place, traces: Traces, known: set[tuple[Path, str]]) -> Copies:
    return find_copies(place.database, place.folders, traces.known, going=traces.ids, staying=traces.stays, known=known)


def _bury(place: Place, publisher: Publisher, traces: Traces, numbers: Iterable[Number], reason: str | None) -> None:
    """Publish what stays and put it into the database."""
    first, ids = place.folders[0], traces.ids
    lists = publish_erased_numbers(publisher, first, numbers)
    lists += publish_erased_audio(publisher, first, traces.hashes)
    lists += publish_erasure(publisher, first, f"left/{place.host}", ids)
    for host, theirs in traces.owners.items():
        lists += publish_erasure(publisher, first, f"left/{host}", theirs)
    _record(place, lists, first)
    already = forgotten(place.database, ids)
    for folder, those in _by_folder(traces, sorted(ids - already), first).items():
        for chunk in in_chunks(those, _ROWS):
            data = {"reason": reason, "caller": None}
            _record(place, publisher.publish_many(folder, FORGOTTEN, chunk, data), folder)


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
    place_of, now = printable(str(folder)), datetime.now(timezone.utc)

    def insert() -> None:
        for chunk in in_chunks(events, _ROWS_A_STATEMENT):
            rows = ", ".join([f"({marks(EVENT_COLUMNS)})"] * len(chunk))
            values: list[Parameter] = []
            for event in chunk:
                values += (event.id, event.type, event.source, event.sequence, event.subject, event.time)
                values += (place.shipper, f"{place_of}/{event.id}.json", event.sha256, now, event.raw.decode())
            database.execute(f"{insert_head('tts_events', EVENT_COLUMNS)}{rows} {keep_existing(dialect, 'id')}", values)

    if events:
        database.alone(insert)


def _numbers(database: Database, traces: Traces, target: Target) -> Iterator[Number]:
    """The numbers of all events that will be erased, wherever they are by now."""
    yield from traces.numbers
    for _, _, _, raw in quarantined(database, target, traces.ids):
        if number := number_in_broken_file(raw):
            yield number


def _remove_files(traces: Traces, result: Forgotten) -> set[tuple[Path, str]]:
    """Audio before the event files, which are what tells of it: where it stays, so does the one that names it,
    and one that only the database had is put back.

    Returns:
        The audio that could not be removed, with its SHA-256.
    """
    held = set(traces.held)
    failed = set()
    for path, digest, record in traces.audio:
        if not _remove(path, digest, None, result):
            held.add(record)
            failed.add((path, digest))
            result.left[-1] += "; its event file stays with it, to tell whose it is"
    for record in held & (traces.unfiled.keys() - {record for _, record in traces.files}):
        folder, raw = traces.unfiled[record]
        with contextlib.suppress(FileExistsError):
            publish_file(folder, f"{record}.json", raw)
    for file, record in traces.files:
        if record not in held:
            _remove(file.path, file.sha256, file.state, result)
    result.left += traces.left
    return failed


def _remove_copies(result: Forgotten, *, asked: bool) -> None:
    for path, digest in result.copies.found:
        if asked:
            _remove(path, digest, None, result)
        else:
            result.left.append(f"{path}: a copy of audio that was forgotten; --copies removes it")
    result.left += result.copies.unread


def _remove(path: Path, digest: str, state: State | None, result: Forgotten) -> bool:
    """Whether it is gone, or was not what was meant."""
    try:
        done = remove_read(path, state, digest)
    except OSError as error:
        result.left.append(f"{path}: {error.strerror}")
        return False
    if done is Removal.OTHER and path.is_symlink():
        result.left.append(f"{path}: a link, which is not followed; remove it and what it leads to by hand")
        return False
    if done is Removal.OTHER:
        result.changed.append(path)
    result.files += done is Removal.REMOVED
    return True


def _erase_strangers(database: Database, rows: Sequence[Row], result: Forgotten) -> None:
    """Rows of other programs that are meant."""
    result.strangers = _delete_strangers(database, rows)
    for _, path in rows:
        if path:
            result.elsewhere.setdefault("", []).append(str(path))


def _erase_said(database: Database, target: Target) -> None:
    """What the tables still say of it, in records that stay, by events that are in the log no more."""
    if target.user:
        for column, changes in _SAID_BY.items():
            said = database.query(f"SELECT {column}, id FROM tts_records WHERE {column} = ?", [target.user])
            for chunk in in_chunks([number for name, number in said if name == target.user]):
                database.execute(f"UPDATE tts_records SET {changes} WHERE id IN ({marks(chunk)})", chunk)
        database.execute("DELETE FROM tts_preferences WHERE person = ?", [hashed_person(target.user)])
    if target.text:
        for column in _NOTES:
            said = database.query(f"SELECT {column}, id FROM tts_records WHERE INSTR({column}, ?) > 0", [target.text])
            for chunk in in_chunks([number for note, number in said if target.text in str(note)]):
                database.execute(f"UPDATE tts_records SET {column} = NULL WHERE id IN ({marks(chunk)})", chunk)
        for tag, event_id in database.query(
            "SELECT tag, event_id FROM tts_tags WHERE INSTR(tag, ?) > 0", [target.text]
        ):
            if target.text in str(tag):
                database.execute("DELETE FROM tts_tags WHERE event_id = ? AND tag = ?", [event_id, tag])


def _kept_by_others(database: Database, ids: Sequence[str]) -> list[str]:
    """Events that are still there, in lines for people."""
    sql = f"SELECT COUNT(*) FROM tts_events WHERE subject IN ({marks(ids)}) AND type <> '{FORGOTTEN}'"
    ((number,),) = database.query(sql, ids)
    return [f"events of it in tts_events: a trigger of that table keeps {number:,}"] if number else []


def _delete_strangers(database: Database, rows: Sequence[Row]) -> int:
    deleted = 0
    for chunk in in_chunks([row[0] for row in rows]):
        condition = f"event_id IS NULL AND id IN ({marks(chunk)})"
        deleted += database.execute(f"DELETE FROM tts_records WHERE {condition}", chunk)
    return deleted


def _is_unknown(database: Database, path: Path) -> bool:
    """Whether a file is there that no record has as its audio, by its content."""
    try:
        return path.is_file() and not is_recorded(database, sha256(path))
    except OSError:
        return True


def _erase_quarantined(place: Place, target: Target, ids: set[str], result: Forgotten) -> None:
    known = Folders(place.folders)
    for number, path, shipper, raw in list(quarantined(place.database, target, ids)):
        folder = known.of(path)
        # Another host's shipper may watch a folder of the same name.
        theirs = folder is not None and shipper != place.shipper and not _begins(folder / path.rpartition("/")[2], raw)
        if folder is None or theirs:
            result.elsewhere.setdefault("", []).append(path)
        elif (folder / path.rpartition("/")[2]).exists():
            result.left.append(f"{path}: it was changed since it was put into quarantine; look at it")
        result.quarantined += place.database.execute("DELETE FROM sidecar_quarantine WHERE id = ?", [number])


def _begins(path: Path, raw: bytes) -> bool:
    found = read_regular(path, len(raw)) if raw else None
    return found is not None and found[0] == raw
