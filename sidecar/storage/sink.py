"""What a sink is: the one thing the shipper knows about databases.

A sink takes a batch whole or not at all. Rows, quarantine entries and the position they cover share one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sidecar.errors import Reason
from sidecar.event.event import Event

_MAX_MESSAGE = 2000  # characters


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One event and the file it came from."""

    event: Event
    path: str
    """Absolute path of the event file, printable."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quarantined:
    """One file that cannot become a row, and why."""

    path: str
    """Absolute path of the file, printable."""
    reason: Reason
    message: str
    """For people: what is wrong, in one sentence; cut where an event's own words make it long."""
    size: int
    """Bytes on disk."""
    content: bytes
    """The first bytes, up to SIDECAR_QUARANTINE_MAX_BYTES."""

    def __post_init__(self) -> None:
        if len(self.message) > _MAX_MESSAGE:
            object.__setattr__(self, "message", f"{self.message[:_MAX_MESSAGE]}...")


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """How far a shipper has come in one folder."""

    identity: str
    """device:inode of the folder."""
    ctime_ns: int
    """Every event file with a ctime at or before it is committed or quarantined."""
    files: int
    """How many event files those are."""
    revision: int
    """Grows by one with each commit; one smaller than remembered means that a backup was restored."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """What is committed together. An empty batch still moves the position."""

    shipper: str
    folder: str
    deliveries: Sequence[Delivery]
    quarantined: Sequence[Quarantined]
    position: Position
    """To be stored. Until then the database must hold one of the same revision or a later one."""
    recorded_at: datetime
    """Stamped on the rows. The same for every attempt, so that rows of an attempt whose answer was lost are known."""
    mended: Sequence[str] = ()
    """Paths that were in quarantine and are shipped with this batch, or no longer belong there."""
    rendered: object = field(default=None, compare=False, repr=False)
    """What the sink made of the deliveries ahead of time; see Sink.render."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledgement:
    """The sink has committed the batch."""

    revision: int
    """Of the stored position now. It can be more than one ahead, by an attempt whose answer was lost or by another
    shipper's commit."""
    known: frozenset[str] = frozenset()
    """Ids of events that were there before."""
    refused: frozenset[str] = frozenset()
    """Ids of events that were not stored, because what they speak of was forgotten."""


class Sink(Protocol):
    """A database that takes events. Not thread-safe: one thread uses one sink; only `render` may be called by others.

    Every method raises TemporarySinkError when the database cannot serve now; the next call connects anew.
    """

    def check(self) -> None:
        """Make sure that the tables are there and of the version that this program writes.

        Raises:
            TablesNotReady: they are missing, older or newer.
        """

    def open_position(self, shipper: str, folder: str) -> Position:
        """The stored position of that folder; where there is none, one before everything is stored and returned."""

    def quarantined_paths(self, shipper: str, folder: str) -> set[str]:
        """Paths below that folder that are in quarantine now."""

    def render(self, deliveries: Sequence[Delivery]) -> object:
        """Whatever can be made of a batch's deliveries without the connection, while that is busy with another batch.

        `commit` takes it in Batch.rendered, with these deliveries; it takes a batch without it as well.
        """

    def commit(self, batch: Batch) -> Acknowledgement:
        """Store the batch in one transaction. Events that are there already stay as they are.

        Raises:
            PositionLost: the stored position is older than the batch's, or gone.
            PermanentSinkError: something in the batch is refused for good.
        """

    def close(self) -> None:
        """Close the connection. The sink can be used again."""
