"""The watcher: turns the system's file notifications into notices, and does nothing else.

A notice is a hint (see sidecar.notices). Where notifications do not work, network and user-space file systems above
all, the folder is not watched and frequent scans take their place.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from sidecar.notices import Notices
from sidecar.scan import is_event_name

# File systems whose changes other machines or a user-space daemon make, unseen by this kernel.
_UNANNOUNCED = (
    "nfs",
    "cifs",
    "smb",
    "9p",
    "fuse",
    "afs",
    "ceph",
    "glusterfs",
    "lustre",
    "vboxsf",
    "virtiofs",
    "vmhgfs",
)
# watchdog 7 tells of a full inotify queue in its log only (watchdog/observers/inotify_c.py).
_OVERFLOW_LOGGER = "watchdog.observers.inotify_c"
_OVERFLOW_TEXT = "overflow"
_OCTAL = re.compile(rb"\\([0-7]{3})")  # how mountinfo writes blanks and backslashes


def file_system(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """Type of the file system that holds the path, such as ext4 or nfs4; "" where it cannot be told.

    Source: proc_pid_mountinfo(5); the last mount whose mount point is the longest prefix counts.
    """
    resolved = os.fsencode(os.path.realpath(path))
    best, kind = b"", ""
    try:
        with mounts.open("rb") as lines:
            for line in lines:
                before, _, after = line.partition(b" - ")
                mount_point = _OCTAL.sub(lambda match: bytes([int(match[1], 8)]), before.split()[4])
                inside = resolved == mount_point or resolved.startswith(mount_point.rstrip(b"/") + b"/")
                if inside and len(mount_point) >= len(best):
                    best, kind = mount_point, after.split()[0].decode()
    except OSError:
        return ""
    return kind


def is_announced(kind: str) -> bool:
    """Whether the kernel announces all changes on a file system of that type."""
    return not kind.startswith(_UNANNOUNCED)


class FolderWatcher:
    """Watches folders, not what lies below them.

    Args:
        notices: where to say what came.
    """

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self._observers: dict[str, BaseObserver] = {}
        self._overflow = _OverflowListener(self)
        logger = logging.getLogger(_OVERFLOW_LOGGER)
        logger.addHandler(self._overflow)
        logger.setLevel(logging.WARNING)  # also where SIDECAR_LOG_LEVEL is error: it is a notice, not only a line

    def start(self, path: Path, key: str) -> None:
        """Watch the folder under this path, instead of the one that was watched under it before.

        Args:
            key: the name that notices carry.

        Raises:
            OSError: the system does not watch it, such as for want of inotify instances.
        """
        self.stop(key)
        observer = Observer()
        try:
            observer.schedule(_Handler(self._notices, key), str(path), recursive=False, event_filter=_HEARD)
            observer.start()
        except OSError:
            observer.unschedule_all()
            raise
        self._observers[key] = observer

    def stop(self, key: str) -> None:
        observer = self._observers.pop(key, None)
        if observer is not None:
            observer.stop()
            observer.join(timeout=5)

    def close(self) -> None:
        logging.getLogger(_OVERFLOW_LOGGER).removeHandler(self._overflow)
        for key in list(self._observers):
            self.stop(key)

    def overflowed(self) -> None:
        """The kernel dropped notifications; it does not say of which folder."""
        for key in list(self._observers):  # another thread may start or stop one
            self._notices.missed(key)


_HEARD: list[type[FileSystemEvent]] = [FileCreatedEvent, FileMovedEvent, FileClosedEvent]


class _Handler(FileSystemEventHandler):
    def __init__(self, notices: Notices, key: str) -> None:
        self._notices = notices
        self._key = key

    def dispatch(self, event: FileSystemEvent) -> None:
        path = event.dest_path if isinstance(event, FileMovedEvent) else event.src_path
        name = os.path.basename(os.fsdecode(path))
        if is_event_name(name):  # a shipper that is woken for each hidden file and each WAV is late for the event
            self._notices.add(self._key, name)


class _OverflowListener(logging.Handler):
    def __init__(self, watcher: FolderWatcher) -> None:
        super().__init__(logging.WARNING)
        self._watcher = watcher

    def emit(self, record: logging.LogRecord) -> None:
        if _OVERFLOW_TEXT in record.getMessage().lower():
            self._watcher.overflowed()
