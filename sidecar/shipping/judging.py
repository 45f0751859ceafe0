"""What one event file is: an event to deliver, a file for the quarantine, none of ours, or not to be judged yet."""

from __future__ import annotations

import os
from dataclasses import dataclass

from sidecar.errors import EventError, NotAnEvent, Reason
from sidecar.event.event import Event
from sidecar.event.names import printable_name
from sidecar.shipping.clock import Clock
from sidecar.shipping.known import KnownFiles, Signature, content_signature, full_signature
from sidecar.shipping.limits import FolderLimits
from sidecar.shipping.reading import Directory, FileBusy, read_file, stat_file
from sidecar.storage.sink import Delivery, Quarantined

_UNSETTLED_REASONS = (Reason.INVALID_JSON, Reason.UNREADABLE)
_LONGEST_PAUSE_SECONDS = 1.0  # before a file that could not be judged is looked at again


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """A file that needs no row: gone, another program's, or settled already."""

    why: str
    """vanished, foreign or repeated."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waits:
    """A file that cannot be judged yet and is looked at again later."""


Outcome = Delivery | Quarantined | Skipped | Waits


class Judge:
    """
    Args:
        folder_key: the folder's path, printable.
        known: where every outcome is noted.
    """

    def __init__(self, folder_key: str, known: KnownFiles, clock: Clock) -> None:
        self._folder_key = folder_key
        self._known = known
        self._clock = clock

    def judge(self, directory: Directory, name: str, limits: FolderLimits) -> Outcome:
        """Read one file. Its state is looked at first, so that one that changes meanwhile counts as unseen.

        Raises:
            PermissionError: the folder may not be searched any more.
        """
        known = self._known
        status = None
        try:
            status = stat_file(directory, name)
            if known.is_settled(name, status):
                known.deferred.remove(name)
                return Skipped(why="repeated")
            raw = read_file(
                directory, name, status, max_bytes=limits.event_max_bytes, keep_bytes=limits.quarantine_max_bytes
            )
            event = Event.decode(raw)
        except FileNotFoundError:
            known.deferred.remove(name)
            return Skipped(why="vanished")
        except FileBusy:
            return self.defer(name, limits, status.st_ctime_ns if status is not None else 0)
        except NotAnEvent:
            assert status is not None, "it was read"
            known.settle(name, status.st_ctime_ns, content_signature(status))
            return Skipped(why="foreign")
        except EventError as error:
            return self._refuse(name, status, error, limits)
        known.settle(name, status.st_ctime_ns, content_signature(status))
        return Delivery(event=event, path=self._path_of(name))

    def defer(self, name: str, limits: FolderLimits, ctime_ns: int = 0, signature: Signature = ()) -> Waits:
        """Look again later. Until then the position stays before it."""
        pause = min(_LONGEST_PAUSE_SECONDS, limits.settle_seconds)
        self._known.deferred.add(name, ctime_ns, signature, now=self._clock.monotonic(), pause=pause)
        return Waits()

    def _refuse(
        self, name: str, status: os.stat_result | None, error: EventError, limits: FolderLimits
    ) -> Quarantined | Waits:
        # With the ctime: a file that could not be read may be readable after a chmod.
        signature = full_signature(status) if status is not None else ()
        ctime_ns = status.st_ctime_ns if status is not None else 0
        if error.reason in _UNSETTLED_REASONS and self._may_be_unfinished(name, ctime_ns, signature, limits):
            return self.defer(name, limits, ctime_ns, signature)
        self._known.settle(name, ctime_ns, signature)
        return Quarantined(
            path=self._path_of(name),
            reason=error.reason,
            message=str(error),
            size=status.st_size if status is not None else 0,
            content=error.raw[: limits.quarantine_max_bytes],
        )

    def _may_be_unfinished(self, name: str, ctime_ns: int, signature: Signature, limits: FolderLimits) -> bool:
        """By its ctime, which every write sets: an mtime may be copied from elsewhere."""
        if (self._clock.wall_ns() - ctime_ns) / 1e9 >= limits.settle_seconds:
            return False
        since = self._known.deferred.since(name, signature)
        return since is None or self._clock.monotonic() - since < limits.settle_seconds

    def _path_of(self, name: str) -> str:
        return f"{self._folder_key}/{printable_name(name)}"
