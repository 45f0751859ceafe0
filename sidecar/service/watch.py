"""The watcher: turns the system's file notifications into notices, and does nothing else.

A notice is a hint (see sidecar.shipping.notices). Where notifications do not work, above all on network and user-space
file systems, the folder is not watched and frequent scans take their place.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from sidecar.event.names import is_event_name
from sidecar.shipping.notices import Notices

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
_JOIN_SECONDS = 5.0
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
        notices: where to say what came; of a new folder in a watched one, that a scan is needed.
    """

    def __init__(self, notices: Notices) -> None:
        self._system = _System(notices)
        self._ends: dict[str, Callable[[], None]] = {}

    def start(self, path: Path, key: str) -> None:
        """Watch the folder at this path, in place of the one that was watched there before.

        Args:
            key: the name that notices carry.

        Raises:
            OSError: the system does not watch it, such as for want of inotify watches.
        """
        self.stop(key)
        self._ends[key] = self._system.watch(path, key)

    def stop(self, key: str) -> None:
        end = self._ends.pop(key, None)
        if end is not None:
            end()

    def close(self) -> None:
        for key in list(self._ends):
            self.stop(key)
        self._system.close()


if sys.platform == "linux":
    from watchdog.observers.inotify_c import (
        CallbackId,
        InotifyConstants,
        InotifyEvent,
        InotifyFD,
        Mask,
        WatchDescriptor,
    )

    _REFUSED = WatchDescriptor(-1)
    # By name alone: the shipper is not to be woken for each WAV that is written to.
    _HEARD = Mask(InotifyConstants.IN_CREATE | InotifyConstants.IN_MOVED_TO | InotifyConstants.IN_CLOSE_WRITE)

    class _System:
        """One inotify instance and one thread for all folders: a service may have few of either.

        The reading thread itself gives notice. An observer would hand each event through two more threads, which is
        half of the time from a file's publication to its notice, and tell of a full queue in its log only.
        """

        def __init__(self, notices: Notices) -> None:
            self._notices = notices
            self._reader: InotifyFD | None = None
            self._ids = itertools.count()

        def watch(self, path: Path, key: str) -> Callable[[], None]:
            if self._reader is None:
                self._reader = InotifyFD()
                self._reader.start()
            reader, identity = self._reader, CallbackId(next(self._ids))
            descriptor = reader.add_callback(os.fsencode(path), _HEARD, _Callback(self._notices, key), identity)
            if descriptor == _REFUSED:  # watchdog raises for every error but this
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
            return lambda: reader.remove_callbacks([(descriptor, identity)])

        def close(self) -> None:
            if self._reader is not None:
                self._reader.stop()
                self._reader.join(_JOIN_SECONDS)

    class _Callback:
        def __init__(self, notices: Notices, key: str) -> None:
            self._notices = notices
            self._key = key

        def on_event(self, event: InotifyEvent) -> None:
            name = os.fsdecode(event.name)
            if is_event_name(name):  # a shipper that is woken for each hidden file and each WAV is late for the event
                self._notices.add(self._key, name)
            elif event.is_directory and name and not name.startswith("."):  # a TTS that starts makes .inflight
                self._notices.missed(self._key)

        def on_queue_overflow(self) -> None:
            self._notices.missed(self._key)

        def on_watch_deleted(self, wd: int) -> None:
            """The folder is gone; polling it tells."""

else:
    from watchdog.events import (
        FileClosedEvent,
        FileCreatedEvent,
        FileMovedEvent,
        FileSystemEvent,
        FileSystemEventHandler,
    )
    from watchdog.observers import Observer

    class _System:
        """An observer for each folder."""

        def __init__(self, notices: Notices) -> None:
            self._notices = notices

        def watch(self, path: Path, key: str) -> Callable[[], None]:
            observer = Observer()
            try:
                observer.schedule(_Handler(self._notices, key), str(path), recursive=False, event_filter=_HEARD)
                observer.start()
            except OSError:
                observer.unschedule_all()
                raise

            def end() -> None:
                observer.stop()
                observer.join(_JOIN_SECONDS)

            return end

        def close(self) -> None:
            """Nothing is left once each folder's watch has ended."""

    _HEARD: list[type[FileSystemEvent]] = [FileCreatedEvent, FileMovedEvent, FileClosedEvent]

    class _Handler(FileSystemEventHandler):
        def __init__(self, notices: Notices, key: str) -> None:
            self._notices = notices
            self._key = key

        def dispatch(self, event: FileSystemEvent) -> None:
            path = event.dest_path if isinstance(event, FileMovedEvent) else event.src_path
            name = os.path.basename(os.fsdecode(path))
            if is_event_name(name):
                self._notices.add(self._key, name)
