"""Files that somebody has dismissed by `sidecar quarantine drop`: settled for as long as they stay unchanged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from sidecar.errors import EventError, SidecarError
from sidecar.event.event import Event
from sidecar.event.names import printable, printable_name
from sidecar.shipping.reading import Directory, read_file, stat_file
from sidecar.storage.database import Database


def still_dropped(folder: Path, names: Iterable[str], database: Database) -> set[str]:
    """Which of those event files were dropped from the quarantine and have not changed since.

    The rule is the shipper's own, which quarantines a file again when its size or its first bytes differ.

    Raises:
        FolderUnavailable: the folder cannot be opened.
        TemporarySinkError: the database cannot serve.
    """
    below = printable(str(folder)) + "/"
    kept: dict[str, list[tuple[int, bytes]]] = defaultdict(list)
    for path, size, content in database.query(
        "SELECT path, bytes, content FROM sidecar_quarantine WHERE status = 'dropped'"
    ):
        if path.startswith(below):
            kept[path[len(below) :]].append((int(size), bytes(content)))
    if not kept:
        return set()
    with closing(Directory(folder)) as directory:
        return {
            name
            for name in names
            if any(_is_unchanged(directory, name, *state) for state in kept.get(printable_name(name), ()))
        }


def _is_unchanged(directory: Directory, name: str, size: int, content: bytes) -> bool:
    try:
        state = stat_file(directory, name)
        if state.st_size != size:
            return False
        raw = read_file(directory, name, state, max_bytes=len(content), keep_bytes=len(content))
    except EventError as error:
        raw = error.raw  # longer than the part that was kept, or unreadable
    except (OSError, SidecarError):
        return False
    return raw == content and (bool(content) or not _is_event(directory, name, size))


def _is_event(directory: Directory, name: str, size: int) -> bool:
    """Nothing was kept of a file that could not be read; since then a chmod may have made it a good event."""
    try:
        Event.decode(read_file(directory, name, stat_file(directory, name), max_bytes=size, keep_bytes=0))
    except (OSError, SidecarError):
        return False
    return True
