"""Erases what was recorded of a person, a text, a voice or one record: rows, events, quarantine, files, search indexes.

What stays is a tombstone, an event of type indextts.record.forgotten that holds the record's id and nothing of its
content, and the numbers of the erased events (sidecar.upkeep.erased_numbers). Both are published first: whatever
interrupts the rest, running it again finishes the work.

Out of reach are the server's own logs and backups, its freed pages until it reuses them, and copies that others made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path, PurePosixPath

from sidecar.answers.audio import home
from sidecar.answers.textindex import text_index
from sidecar.answers.words import like
from sidecar.event.names import printable
from sidecar.event.publish import Publisher
from sidecar.event.types import AUDIO, ERASED, FORGOTTEN, RATED, SYNTHESIS
from sidecar.storage.database import Database, Parameter, Row, in_chunks, marks
from sidecar.upkeep.erased_numbers import Number, number_in_broken_file, publish_erased_numbers
from sidecar.upkeep.mentions import Target, read_content, read_event_documents


@dataclass(kw_only=True)
class Forgotten:
    """What was erased."""

    records: int = 0
    events: int = 0
    quarantined: int = 0
    files: int = 0
    unreached: list[str] = field(default_factory=list)
    """Files that could not be removed, each with the reason."""


def subjects(database: Database, folders: Sequence[Path], target: Target) -> list[str]:
    """The event_ids of the records that are meant, including those whose event files are not shipped yet."""
    condition, parameters = _condition(target)
    rows = database.query(f"SELECT event_id FROM tts_records WHERE event_id IS NOT NULL AND {condition}", parameters)
    if target.text:
        said, parameters = _in_events(target)
        rows += database.query(f"SELECT subject FROM tts_events WHERE type LIKE '{SYNTHESIS}%' AND {said}", parameters)
    ids = {str(row[0]) for row in rows}
    for _, event in read_event_documents(folders):
        if event is not None and target.matches(event) and str(event.get("type", "")).startswith(SYNTHESIS):
            ids.add(str(event.get("subject")))
    return sorted(ids)


def forget(
    database: Database, folders: Sequence[Path], publisher: Publisher, target: Target, *, reason: str | None = None
) -> Forgotten:
    """
    Args:
        folders: the watched folders, in which event files and audio are removed.
        reason: is kept in the tombstones, so it should name nobody.

    Raises:
        PublishError: a tombstone cannot be written; nothing has been erased then.
        TemporarySinkError: the account may not delete; nothing has been changed then.
    """
    for table in ("tts_records", "tts_events", "sidecar_quarantine"):
        database.execute(f"DELETE FROM {table} WHERE 1 = 0")  # tests the privilege, deletes no row
    meant = subjects(database, folders, target)
    result = Forgotten(records=len(meant))
    gone = set(meant)
    files = list(_event_files(folders, gone, target))
    publish_erased_numbers(publisher, folders[0], _numbers(database, files, meant, target))
    for event_id in meant:
        where = home(database, folders, event_id) or folders[0]
        publisher.publish(where, FORGOTTEN, event_id, {"reason": reason, "caller": None})
    for path in [*_audio_files(database, folders, meant), *files]:
        _remove(path, result)
    _erase_rows(database, meant, target, result)
    _erase_quarantined(database, folders, target, gone, result)
    _compact(database)
    return result


def _condition(target: Target) -> tuple[str, list[Parameter]]:
    if target.record:
        return "event_id = ?", [target.record]
    if target.user:
        return "user_id = ?", [target.user]
    if target.voice:
        return "(voice LIKE ? ESCAPE '!' OR voice_sha256 = ?)", [like(target.voice), target.voice]
    return "text_input LIKE ? ESCAPE '!'", [like(target.text)]


def _audio_files(database: Database, folders: Sequence[Path], meant: Sequence[str]) -> Iterator[Path]:
    """Audio files of the records, except those that a later record overwrote: they belong to that one."""
    paths: list[str] = []
    for chunk in in_chunks(meant):
        rows = database.query(
            "SELECT audio_path FROM tts_records "
            f"WHERE replaced_by IS NULL AND audio_path <> '' AND event_id IN ({marks(chunk)})",
            chunk,
        )
        paths += (str(path) for (path,) in rows)
    for _, event in read_event_documents(folders):
        if event is not None and event.get("subject") in meant:
            path = ((event.get("data") or {}).get("audio") or {}).get("path")
            replaced = database.query("SELECT replaced_by FROM tts_records WHERE event_id = ?", [str(event["subject"])])
            if not (replaced and replaced[0][0]):
                paths.append(str(path or ""))
    for name in dict.fromkeys(PurePosixPath(path).name for path in paths):
        yield from (folder / name for folder in folders if name and not (folder / name).is_dir())


def _event_files(folders: Sequence[Path], gone: set[str], target: Target) -> Iterator[Path]:
    """Event files: those of the records, of what the person said about others, and broken ones that hold the words."""
    for path, event in read_event_documents(folders):
        if event is None:
            if target.may_match(read_content(path)):
                yield path
        elif event.get("type") not in (FORGOTTEN, ERASED) and (event.get("subject") in gone or target.matches(event)):
            yield path


def _numbers(database: Database, files: Sequence[Path], meant: Sequence[str], target: Target) -> Iterator[Number]:
    """The numbers of all events that will be erased, wherever they are by now."""
    rows: list[Row] = []
    for chunk in in_chunks(meant):
        rows += database.query(
            f"SELECT source, sequence FROM tts_events WHERE subject IN ({marks(chunk)}) AND type <> '{FORGOTTEN}'",
            chunk,
        )
    rows += [(source, sequence) for _, _, source, sequence in _remarked(database, target)]
    yield from ((str(source), int(sequence)) for source, sequence in rows)
    quarantined = (raw for _, _, raw in _quarantined(database, target, set(meant)))
    yield from filter(None, map(number_in_broken_file, chain(map(read_content, files), quarantined)))


def _erase_rows(database: Database, meant: Sequence[str], target: Target, result: Forgotten) -> None:
    for chunk in in_chunks(meant):
        result.events += database.execute(
            f"DELETE FROM tts_events WHERE subject IN ({marks(chunk)}) AND type <> '{FORGOTTEN}'", chunk
        )
        database.execute(f"DELETE FROM tts_records WHERE event_id IN ({marks(chunk)})", chunk)
        database.execute(f"UPDATE tts_records SET reused_from = NULL WHERE reused_from IN ({marks(chunk)})", chunk)
    _erase_remarks(database, target, result)


def _in_events(target: Target) -> tuple[str, list[Parameter]]:
    """The condition for events that hold its words. An event is compared as it is stored, in each spelling."""
    spellings = sorted(target.spellings)
    condition = " OR ".join(["event LIKE ? ESCAPE '!'"] * len(spellings))
    return f"({condition})", [like(each) for each in spellings]


def _remarked(database: Database, target: Target) -> list[Row]:
    """Id, subject, source and sequence of whatever the person did, or of remarks on any record that hold the text."""
    names = "SELECT id, subject, source, sequence FROM"
    if target.user:
        return database.query(f"{names} tts_timeline WHERE actor = ?", [target.user])
    if target.text:
        said, parameters = _in_events(target)
        return database.query(f"{names} tts_events WHERE type LIKE '{AUDIO}%' AND {said}", parameters)
    return []


def _erase_remarks(database: Database, target: Target, result: Forgotten) -> None:
    """Erase the remarks on other records; an earlier rating counts again."""
    rows = _remarked(database, target)
    for chunk in in_chunks([str(row[0]) for row in rows]):
        result.events += database.execute(f"DELETE FROM tts_events WHERE id IN ({marks(chunk)})", chunk)
    for subject in sorted({str(row[1]) for row in rows}):
        left = database.query(
            "SELECT rating, note, actor, time, id FROM tts_timeline "
            f"WHERE subject = ? AND type = '{RATED}' ORDER BY time DESC, id DESC LIMIT 1",
            [subject],
        )
        rating, note, actor, key = (
            (*left[0][:3], f"{left[0][3]:%Y-%m-%dT%H:%M:%S.%f}:{left[0][4]}") if left else (None, None, None, None)
        )
        database.execute(
            "UPDATE tts_records SET rating = ?, rating_note = ?, rated_by = ?, rating_key = ? WHERE event_id = ?",
            [None if rating is None else int(rating), note, actor, key, subject],
        )
    if target.user:
        forget_rater = "UPDATE tts_records SET rated_by = NULL, rating_note = NULL WHERE rated_by = ?"
        database.execute(forget_rater, [target.user])


def _erase_quarantined(
    database: Database, folders: Sequence[Path], target: Target, gone: set[str], result: Forgotten
) -> None:
    known = {printable(str(folder)): folder for folder in folders}
    for number, path, _ in list(_quarantined(database, target, gone)):
        folder, _, name = path.rpartition("/")
        if folder in known:
            _remove(known[folder] / name, result)
        result.quarantined += database.execute("DELETE FROM sidecar_quarantine WHERE id = ?", [number])


def _quarantined(database: Database, target: Target, gone: set[str]) -> Iterator[tuple[int, str, bytes]]:
    """Id, path and first bytes of the quarantined files that mention it."""
    for number, path, first_bytes in database.query("SELECT id, path, content FROM sidecar_quarantine"):
        raw = first_bytes if isinstance(first_bytes, bytes) else str(first_bytes).encode()
        if target.may_match(raw) or any(identity.encode() in raw for identity in gone):
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


def _remove(path: Path, result: Forgotten) -> None:
    try:
        path.unlink()
        result.files += 1
    except FileNotFoundError:
        pass
    except OSError as error:
        result.unreached.append(f"{path}: {error.strerror}")
