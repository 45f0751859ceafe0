"""Whether an engine speaks just now, told by the markers that the recording keeps of its calls.

indextts_patch/writing/inflight.py says what lies there: a file for each call that runs at the same time, which holds
its JSON while it does, "-" and blanks in between; and a file that its process holds locked for as long as it lives.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

MARKERS = ".inflight"
CALL = ".call"
_RUNNING = b"{"
_PAUSE_SECONDS = 1.0  # between two sentences of one text the engine is not silent
_LOOK_SECONDS = 0.1


def markers(folder: Path) -> Iterator[Path]:
    """Of the calls that run, or ran, beside a watched folder."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for name in sorted(os.listdir(folder / MARKERS)):
            if name.endswith(CALL):
                yield folder / MARKERS / name


def lives(marker: Path) -> bool:
    """Whether the process of a marker lives: it holds a lock for as long as it does."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        descriptor = os.open(marker.with_name(f"{marker.name.partition('.')[0]}.alive"), os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def wait_for_a_pause(folders: Iterable[Path], at_most: float) -> None:
    """Wait until no engine has spoken into these folders for a second.

    Args:
        at_most: seconds after which that is enough.
    """
    given_up = time.monotonic() + at_most
    watched = list(folders)
    while time.monotonic() < given_up and any(_speaks(marker) for folder in watched for marker in markers(folder)):
        time.sleep(_LOOK_SECONDS)


def _speaks(marker: Path) -> bool:
    """Whether its call runs, or another one of it began or ended within the last second."""
    with contextlib.suppress(OSError):  # it has ended meanwhile, or may not be read
        if time.time() - marker.stat().st_mtime < _PAUSE_SECONDS:
            return True
        with marker.open("rb") as file:
            return file.read(1) == _RUNNING and lives(marker)
    return False
