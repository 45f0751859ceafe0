"""How far the position may move: along the last listing, up to the oldest file that is still open.

It also stays an overlap behind the moment at which the scan began, because a file system may show a file a little later
than its ctime says. And it knows when a position cannot be trusted, so that everything is read again.
"""

from __future__ import annotations

from dataclasses import replace

from sidecar.shipping.listing import Listing
from sidecar.storage.sink import Position

_BEFORE_EVERYTHING = -1


class Progress:
    def __init__(self) -> None:
        self.committed: Position | None = None
        """The position to go on from: the sink's, or one before it where everything is read again. None: not opened."""
        self.identity = ""
        """Of the folder that was scanned; empty before the first scan."""
        self._stored: Position | None = None
        self._listing: Listing | None = None
        self._horizon_ns = 0
        self._clock_offset_ns: int | None = None

    @property
    def opened(self) -> Position:
        assert self.committed is not None, "open() comes first"
        return self.committed

    def open(self, position: Position) -> None:
        """Start over from the position that the sink holds."""
        self.committed = self._stored = position
        self._listing = None

    def next(self, oldest_open_ns: int | None) -> Position:
        """The position to commit together with everything that was taken so far.

        Args:
            oldest_open_ns: the smallest ctime of what was found and is not taken; None where all is taken.
        """
        committed = self.opened
        if self._listing is None:
            return committed
        ctime_ns = self._horizon_ns if oldest_open_ns is None else min(self._horizon_ns, oldest_open_ns - 1)
        if ctime_ns <= committed.ctime_ns:
            # The count follows deletions, so that later surplus files do not hide among what was deleted.
            return replace(committed, files=min(committed.files, self._listing.files_until(committed.ctime_ns)))
        return replace(committed, identity=self.identity, ctime_ns=ctime_ns, files=self._listing.files_until(ctime_ns))

    def moved(self, oldest_open_ns: int | None) -> bool:
        """Whether the sink holds another position than the one to be committed."""
        return self.next(oldest_open_ns) != self._stored

    def acknowledge(self, position: Position, oldest_open_ns: int | None) -> None:
        """The sink holds that position now."""
        self.committed = self._stored = position
        if oldest_open_ns is None and position.ctime_ns >= self._horizon_ns:
            self._listing = None  # nothing more to gain from it

    def follow_revision(self, revision: int) -> None:
        """The sink's position has that revision, because somebody else moved it: a repair, a second shipper."""
        self.committed = replace(self.opened, revision=revision)
        if self._stored is not None:
            self._stored = replace(self._stored, revision=revision)

    # -- scanning

    def since_ns(self, overlap_ns: int) -> int:
        """Files with a ctime after it are to be looked at."""
        return self.opened.ctime_ns - overlap_ns if self.opened.ctime_ns else _BEFORE_EVERYTHING

    def reason_to_rewind(self, identity: str, now: float, now_ns: int, overlap_ns: int) -> str | None:
        """Why what is at or before the position must be read again; "" at the very first time, None for no reason.

        Args:
            identity: of the folder that is there now.
            now: seconds, monotonic; the same moment as now_ns.
            now_ns: nanoseconds since 1970.
        """
        committed = self.opened
        if identity != committed.identity:
            return "another folder under the same path" if committed.ctime_ns else ""
        if committed.ctime_ns > now_ns + overlap_ns:
            return "the clock is behind the position"
        if self._clock_offset_ns is not None and _offset_ns(now, now_ns) < self._clock_offset_ns - overlap_ns:
            return "the clock was set back"
        return None

    def rewind(self, identity: str) -> None:
        """Read everything again. Events carry their identity, so what the sink already has stays as it is."""
        self.committed = replace(self.opened, identity=identity, ctime_ns=0, files=0)
        self._listing = None

    def listed(self, listing: Listing, identity: str, *, started: float, started_ns: int, overlap_ns: int) -> None:
        """A scan that began at that moment gave that listing; the position may move along it."""
        self.identity = identity
        self._listing = listing
        self._horizon_ns = min(listing.last_ctime_ns, started_ns - overlap_ns)
        self._clock_offset_ns = _offset_ns(started, started_ns)

    def forget_listing(self) -> None:
        self._listing = None


def _offset_ns(monotonic: float, wall_ns: int) -> int:
    """How far the wall clock is ahead of the monotonic one; less than before where it was set back."""
    return wall_ns - int(monotonic * 1e9)
