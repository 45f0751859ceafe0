"""What synthesis events and records say of their audio, and which files on this host that may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sidecar.answers.audio import may_hold
from sidecar.answers.folders import Folders
from sidecar.event.names import is_event_name
from sidecar.event.types import INTERRUPTED, SYNTHESIS
from sidecar.storage.database import Database, in_chunks, marks
from sidecar.upkeep.erasures import host_of

_HASHES_ASKED_FOR = 500
_NOWHERE = PurePosixPath()


@dataclass(frozen=True, kw_only=True, slots=True)
class Take:
    """What one synthesis event says of its audio."""

    subject: str
    host: str
    home: Path | None
    """The watched folder that its event file lies or lay in; None where that is not one of this host's."""
    path: str
    sha256: str
    bytes: int | None = None


def take_of(event: Mapping[str, Any], home: Path | None) -> Take:
    """
    Args:
        event: a synthesis; the audio of one whose process died is whatever lies where it was to be written.
        home: the watched folder that its file lies or lay in.
    """
    data = event.get("data")
    audio = data.get("audio") if isinstance(data, dict) else None
    path, sha256, size = map(audio.get, ("path", "sha256", "bytes")) if isinstance(audio, dict) else (None, None, None)
    if path is None and isinstance(audio, dict) and event.get("type") == INTERRUPTED:
        path = audio.get("requested_path")
    return Take(
        subject=str(event.get("subject")),
        host=host_of(str(event.get("source") or "")),
        home=home,
        path=path if isinstance(path, str) else "",
        sha256=sha256 if isinstance(sha256, str) else "",
        bytes=size if isinstance(size, int) else None,
    )


def places(take: Take, folders: Sequence[Path]) -> list[tuple[Path, str]]:
    """The watched folders, and the name there, that the audio of an event that lies here may be in."""
    path = PurePosixPath(take.path)
    if take.home is None or not path.name or path.name.startswith(".") or is_event_name(path.name):
        return []
    parent = path.parent
    if parent == _NOWHERE or may_hold(take.home, parent):
        return [(take.home, path.name)]
    return [(folder, path.name) for folder in folders if may_hold(folder, parent)]


def outside(take: Take, folders: Sequence[Path]) -> list[Path]:
    """The files outside the watched folders that a take may name. A relative path is relative to the folder that the
    TTS ran in, which is one of those above a watched folder."""
    path = Path(take.path)
    if path.is_absolute():
        return [path]
    homes = [take.home] if take.home is not None else folders
    above = dict.fromkeys(parent for home in homes for parent in home.parents)
    return [parent / path for parent in above if (parent / path).parent not in folders]


def staying(database: Database, hashes: Set[str], ids: Set[str], folders: Sequence[Path], host: str) -> Iterator[Take]:
    """What records that stay say of audio with these hashes, whether their event files are there or not. One whose
    event lies in no folder that is known here, or is not left, has each folder as its home."""
    known = Folders(folders)
    # One pass, however many they are: there is no index on the hash, which each insert would pay for.
    among = f" AND audio_sha256 IN ({marks(hashes)})" if len(hashes) <= _HASHES_ASKED_FOR else ""
    rows = database.stream(
        "SELECT id, event_id, audio_sha256 FROM tts_records WHERE audio_sha256 IS NOT NULL AND deleted_at IS NULL AND "
        f"replaced_by IS NULL{among}",
        sorted(hashes) if among else (),
    )
    those = [number for number, event_id, digest in rows if digest in hashes and event_id not in ids] if hashes else []
    for chunk in in_chunks(those):
        for event_id, source, audio, digest, path in database.query(
            "SELECT r.event_id, COALESCE(r.source, ''), r.audio_path, r.audio_sha256, e.path "
            f"FROM tts_records r LEFT JOIN tts_events e ON e.subject = r.event_id AND e.type LIKE '{SYNTHESIS}%' "
            f"WHERE r.id IN ({marks(chunk)})",
            chunk,
        ):
            there = host_of(str(source))
            home = known.of(path) if path is not None else None
            if home is None and there not in (host, ""):  # a container has a name of its own, and may fill our folder
                continue
            for folder in folders if home is None else [home]:
                yield Take(subject=str(event_id), host=there, home=folder, path=str(audio), sha256=str(digest))


def is_recorded(database: Database, digest: str) -> bool:
    """Whether some record's audio has this SHA-256."""
    return bool(database.query("SELECT 1 FROM tts_records WHERE audio_sha256 = ? LIMIT 1", [digest]))


def claimed_by(takes: Iterable[Take], folders: Sequence[Path]) -> set[tuple[Path, str]]:
    """The files, with their SHA-256, that may be these takes' audio."""
    return {(folder / name, take.sha256) for take in takes for folder, name in places(take, folders)}


def of_other_programs(database: Database) -> Iterator[tuple[int, str]]:
    """Number and audio path of the rows that other programs inserted."""
    rows = database.stream("SELECT id, audio_path FROM tts_records WHERE event_id IS NULL AND audio_path <> ''", ())
    return ((int(number), str(path)) for number, path in rows)


def hashes_of(database: Database, records: Sequence[str]) -> dict[str, str]:
    """Of the audio of these records, where it is known."""
    found: dict[str, str] = {}
    for chunk in in_chunks(records):
        sql = f"SELECT event_id, audio_sha256 FROM tts_records WHERE event_id IN ({marks(chunk)})"
        found.update((str(event_id), str(digest)) for event_id, digest in database.query(sql, chunk) if digest)
    return found
