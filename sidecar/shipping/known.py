"""The files of one folder that are known: announced, listed, put off, or settled; and which one is next.

Files that were announced are shipped at once, before the backlog, so that a new event does not wait for an old million.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterable

from sidecar.shipping.deferred import Deferred
from sidecar.shipping.listing import PackedEntry, unpack
from sidecar.shipping.settled import Settled

_MAX_NOTICED = 100_000  # names kept; what else is announced is left to a scan

Signature = tuple[int, ...]
"""What a file looked like when it was read."""


def content_signature(status: os.stat_result) -> Signature:
    """Tells whether a file says the same as before."""
    return status.st_ino, status.st_size, status.st_mtime_ns


def full_signature(status: os.stat_result) -> Signature:
    """The same, and whether its rights changed."""
    return *content_signature(status), status.st_ctime_ns


class KnownFiles:
    def __init__(self) -> None:
        self.discovered = 0
        """Files that became known, ever; each is taken, pending or dropped."""
        self.dropped = 0
        """Files that were known and not taken when their folder or position was lost; a scan finds them again."""
        self.deferred = Deferred()
        self.settled = Settled()
        self.quarantined: set[str] = set()
        """Paths of files that are in quarantine."""
        self._backlog: list[PackedEntry] = []
        self._noticed: OrderedDict[str, int] = OrderedDict()  # of a dict, next(iter()) is linear in deleted keys

    def reopen(self, quarantined: set[str]) -> None:
        """The position was opened anew."""
        self.quarantined = quarantined
        self.dropped += len(self._noticed)
        self._noticed.clear()
        self.forget()

    def forget(self) -> None:
        """Forget what the last scan found: they may be other files by now, and a scan finds them again."""
        self.dropped += len(self._backlog) + len(self.deferred)
        self._backlog = []
        self.deferred.clear()
        self.settled.clear()

    def notice(self, names: Iterable[str], now_ns: int) -> bool:
        """Files of these names were announced.

        Returns:
            Whether all could be kept; where not, only a scan can tell.
        """
        for name in names:
            if name in self.deferred:
                self.deferred.retry_now(name)
            elif name not in self._noticed:
                if len(self._noticed) >= _MAX_NOTICED:
                    return False
                self._noticed[name] = now_ns
                self.discovered += 1
        return True

    def list(self, entries: list[PackedEntry]) -> None:
        """A scan found these, the newest first; they are the backlog now."""
        self._backlog = entries
        self.discovered += len(entries)

    def count_unannounced(self, before_ns: int) -> int:
        """How many files of the backlog came before that moment and were not announced."""
        files = map(unpack, self._backlog)
        return sum(1 for ctime_ns, name in files if ctime_ns < before_ns and name not in self._noticed)

    def is_known(self, name: str, status: os.stat_result) -> bool:
        """Whether a listed file needs no look: settled, or deferred and looked at again in its own time."""
        return name in self.deferred or self.is_settled(name, status)

    def is_settled(self, name: str, status: os.stat_result) -> bool:
        """Whether the file was shipped or refused, and still looks like that."""
        signature = self.settled.signature(name)
        return signature is not None and signature in (content_signature(status), full_signature(status))

    @property
    def has_backlog(self) -> bool:
        return bool(self._backlog)

    @property
    def pending(self) -> int:
        """Files known and not yet taken."""
        return len(self._backlog) + len(self._noticed) + len(self.deferred)

    @property
    def oldest_open_ns(self) -> int | None:
        """The smallest ctime among the backlog and the deferred; the position stays before it."""
        deferred_ns = self.deferred.oldest_ctime_ns
        if not self._backlog:
            return deferred_ns
        ctime_ns = unpack(self._backlog[-1])[0]
        return ctime_ns if deferred_ns is None else min(ctime_ns, deferred_ns)

    @property
    def oldest_pending_ns(self) -> int | None:
        """Since when the oldest pending file has waited, nanoseconds since 1970; None if none is pending."""
        open_ns = self.oldest_open_ns
        if not self._noticed:
            return open_ns
        noticed_ns = next(iter(self._noticed.values()))
        return noticed_ns if open_ns is None else min(noticed_ns, open_ns)

    def due_again(self, monotonic: Callable[[], float]) -> str | None:
        """A deferred file whose time has come, while nothing is announced."""
        return self.deferred.due(monotonic()) if self.deferred and not self._noticed else None

    def next(self) -> str | None:
        """The next announced or listed file, which is not pending any more; None where there is none."""
        if self._noticed:
            return self._noticed.popitem(last=False)[0]
        return unpack(self._backlog.pop())[1] if self._backlog else None

    def settle(self, name: str, ctime_ns: int, signature: Signature) -> None:
        """It is shipped or refused; the same file needs no second look."""
        self.deferred.remove(name)
        self.settled.add(name, ctime_ns, signature)
