"""When a folder itself is looked at, and when it is scanned.

A scan is due when something changed, and as often as the limits allow; never before the backlog of the last one is
through, because its position would be lost.
"""

from __future__ import annotations

from sidecar.shipping.clock import Clock
from sidecar.shipping.limits import FolderLimits

_UNANNOUNCED_AFTER = 2
"""Scans in a row that found what should have been announced, while nothing was."""


class Schedule:
    def __init__(self, limits: FolderLimits, clock: Clock) -> None:
        self.limits = limits
        """May be replaced when the folder is watched anew: another file system may be mounted there by then."""
        self.scanned = False
        """Whether the folder was scanned since its position was opened."""
        self._clock = clock
        self._wanted = True
        self._next_scan = 0.0
        self._next_poll = 0.0
        self._last_scan: float | None = None
        self._racy_until: float | None = None
        self._mtime_ns: int | None = None
        self._unannounced_scans = 0

    def reopen(self) -> None:
        """The position was opened anew: scan and look at once, but no more often than every poll_seconds, so that a
        position that is lost again and again does not become a loop of scans."""
        self._wanted = True
        self.scanned = False
        self._next_poll = 0.0
        self._next_scan = 0.0 if self._last_scan is None else self._last_scan + self.limits.poll_seconds

    # -- looking at the folder

    def poll_due(self) -> bool:
        """Whether to look at the folder itself; the next look comes poll_seconds later."""
        now = self._clock.monotonic()
        if now < self._next_poll:
            return False
        self._next_poll = now + self.limits.poll_seconds
        return True

    def poll_now(self) -> None:
        """Something is wrong with the folder: the next look says what."""
        self._next_poll = 0.0

    def scan_now(self) -> None:
        """Another folder, or lost notices: only a scan can tell what is there."""
        self._wanted = True
        self._next_scan = 0.0

    def seen(self, mtime_ns: int) -> None:
        """The folder has that mtime. A scan is wanted where it changed, or the last scan came too soon to tell."""
        racy = self._racy_until is not None and self._clock.monotonic() >= self._racy_until
        if mtime_ns != self._mtime_ns or racy:
            self._wanted = True

    def announced(self) -> None:
        """The watcher says something, so it works."""
        self._unannounced_scans = 0

    # -- scanning

    def scan_due(self) -> bool:
        return self._wanted and self._clock.monotonic() >= self._next_scan

    def seconds_until_due(self, deferred_at: float | None, *, available: bool) -> float:
        """How long there is nothing to do unless something is announced.

        Args:
            deferred_at: when a deferred file is due, monotonic.
            available: whether the folder is there; else only looking at it is due.
        """
        moments = [self._next_poll]
        if available:
            if deferred_at is not None:
                moments.append(deferred_at)
            if self._wanted:
                moments.append(self._next_scan)
        return max(0.0, min(moments) - self._clock.monotonic())

    def scan_ended(self, *, seconds: float, started_ns: int, mtime_ns: int, recovered: int) -> bool:
        """Plan the next scan.

        Args:
            seconds: how long the scan took.
            started_ns: when it began, nanoseconds since 1970.
            mtime_ns: the folder's before the scan.
            recovered: files found that the watcher should have announced.

        Returns:
            Whether that happened twice in a row, the watch made anew in between, and nothing else was announced either.
        """
        limits = self.limits
        now = self._clock.monotonic()
        # A change within the overlap of the scan may carry the same mtime, and its files are not covered by the
        # position yet: look once more when it has passed.
        racy = started_ns - mtime_ns < limits.overlap_ns
        self._racy_until = now + limits.overlap_seconds if racy else None
        self._wanted = False
        self._mtime_ns = mtime_ns
        self.scanned = True
        self._last_scan = now
        pause = limits.poll_seconds if recovered else limits.scan_seconds
        self._next_scan = now + max(pause, seconds / limits.scan_share)
        self._unannounced_scans += bool(recovered)
        return self._unannounced_scans >= _UNANNOUNCED_AFTER
