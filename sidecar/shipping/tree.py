"""Folders below a watched folder: shipped where the settings say so, else somebody is told that they are not."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from sidecar.event.names import is_event_name
from sidecar.event.types import PREFIX

NAME_IT = "Name it in SIDECAR_WATCH_DIR, or write /** after the folder above it."
_LOOKED_AT = 1000  # entries of a folder
_HEAD_BYTES = 4096
_OURS = f'"{PREFIX}'.encode()  # the types of events, in the envelope's first lines
_DEEPEST = 32


def folders_below(folder: Path, depth: int = _DEEPEST) -> Iterator[Path]:
    """Every folder below, parents first and by name; none that is hidden, cannot be read, or is a link."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(each.name for each in entries if is_folder(each))
    except OSError:
        return
    for name in names if depth else ():
        yield folder / name
        yield from folders_below(folder / name, depth - 1)


def not_shipped(folder: Path, shipped: Collection[Path]) -> list[Path]:
    """The folders below that hold event files and are not among those that are shipped."""
    return [each for each in folders_below(folder) if each not in shipped and holds_events(each)]


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder of its own and not hidden. Costs no look at the file system."""
    return not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)


def holds_events(folder: Path) -> bool:
    """Whether event files lie directly in it, as far as its first thousand entries tell."""
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number >= _LOOKED_AT:
                    return False
                if is_event_name(entry.name) and entry.is_file(follow_symlinks=False) and _is_event(Path(entry.path)):
                    return True
    except OSError:
        return False
    return False


def _is_event(path: Path) -> bool:
    with path.open("rb") as file:
        return _OURS in file.read(_HEAD_BYTES)
