"""Audio of what was forgotten that lies where nobody recorded it: moved to another watched folder, linked, or copied
under another name. It is known by its content alone, so what a record that stays has too is never taken for a copy.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from sidecar.storage.database import Database, in_chunks, marks
from sidecar.upkeep.inventory import list_names
from sidecar.upkeep.takes import of_other_programs
from sidecar.upkeep.wav import sha256


@dataclass(kw_only=True)
class Copies:
    files: int = 0
    """How much audio of the watched folders was looked at, by size."""
    hashed: int = 0
    """How many of those have the size of something forgotten, and were read."""
    found: list[tuple[Path, str]] = field(default_factory=list)
    """Path and SHA-256."""
    kept: list[Path] = field(default_factory=list)
    """Those that a record that stays may have as its audio."""
    unread: list[str] = field(default_factory=list)
    """Those that could not be read, each with the reason."""


def find_copies(
    database: Database,
    folders: Sequence[Path],
    audio: Mapping[str, int | None],
    *,
    going: Set[str],
    staying: Set[str],
    known: Set[tuple[Path, str]],
) -> Copies:
    """
    Args:
        audio: what was or is being forgotten: by SHA-256 the size in bytes; None where it is not known, and all audio
            has to be read.
        going: ids of the records that are being forgotten.
        staying: SHA-256 of what event files that stay name.
        known: files with the SHA-256 by which they are dealt with otherwise.

    Raises:
        FolderUnavailable: a folder cannot be listed.
        TemporarySinkError: the database cannot serve.
    """
    copies = Copies()
    sizes = set(audio.values())
    for folder in folders if audio else ():
        for name, (size, _) in sorted(list_names(folder).audio.items()):
            path = folder / name
            copies.files += 1
            if not size or (size not in sizes and None not in sizes):  # all empty files are equal, and say nothing
                continue
            copies.hashed += 1
            try:
                digest = sha256(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                copies.unread.append(f"{path}: {error.strerror}")
                continue
            if digest in audio and (path, digest) not in known:
                copies.found.append((path, digest))
    claimed = _claimed(database, {digest for _, digest in copies.found}, going) | staying
    named = _named_by_others(database) if copies.found else set()
    copies.kept = [path for path, digest in copies.found if digest in claimed or path.name in named]
    copies.found = [each for each in copies.found if each[0] not in copies.kept]
    return copies


class Links:
    """Further names (hard links) of files that are about to go. Made before they go, while somebody knows.

    Args:
        files: what is about to go.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self._first: dict[tuple[int, int], Path] = {}
        self._left: dict[tuple[int, int], int] = {}
        for path in dict.fromkeys(files):
            with contextlib.suppress(OSError):
                state = os.lstat(path)
                if state.st_nlink > 1:
                    file = state.st_dev, state.st_ino
                    self._first.setdefault(file, path)
                    self._left[file] = self._left.get(file, state.st_nlink) - 1

    def elsewhere(self, copies: Copies) -> list[str]:
        """Those that were not found as copies, in lines for people."""
        left = dict(self._left)
        for path in (*(path for path, _ in copies.found), *copies.kept) if left else ():
            with contextlib.suppress(OSError):
                state = os.lstat(path)
                if (state.st_dev, state.st_ino) in left:
                    left[state.st_dev, state.st_ino] -= 1
        return [
            f"{self._first[file]}, under {number:,} more of its names (hard links): find / -xdev -inum {file[1]}"
            for file, number in left.items()
            if number > 0
        ]


def _named_by_others(database: Database) -> set[str]:
    """Names of the files in rows of other programs, which have no hash to tell a copy by."""
    return {PurePosixPath(path).name for _, path in of_other_programs(database)}


def _claimed(database: Database, hashes: Set[str], going: Set[str]) -> set[str]:
    """Which of these a record that stays has, on whichever host."""
    found: set[str] = set()
    for chunk in in_chunks(sorted(hashes)):
        rows = database.query(
            f"SELECT event_id, audio_sha256 FROM tts_records WHERE audio_sha256 IN ({marks(chunk)}) "
            "AND deleted_at IS NULL AND replaced_by IS NULL",
            chunk,
        )
        found.update(str(digest) for event_id, digest in rows if event_id not in going)
    return found
