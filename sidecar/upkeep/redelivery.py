"""Ships chosen event files again, beside a running shipper or without one.

Ids make it harmless: existing events are left alone, and missing ones are added. The position is written back as it
was stored; at most it returns to where it was a moment ago, and the running shipper reads a few files twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from sidecar.errors import EventError, NotAnEvent
from sidecar.event.names import printable, printable_name
from sidecar.shipping.courier import Courier, Receipt
from sidecar.shipping.reading import Directory, FileBusy
from sidecar.storage.database import in_chunks
from sidecar.storage.sink import Batch, Delivery
from sidecar.upkeep.inventory import read_event


@dataclass
class Redelivered:
    """What became of the files."""

    new: int = 0
    """Events that the database did not have."""
    known: int = 0
    """Events that it had already; their records are folded again."""
    forgotten: int = 0
    """Events that the database does not take, because what they speak of was forgotten."""
    refused: dict[str, str] = field(default_factory=dict)
    """Files that are no events or that the database refuses: path and reason."""


@dataclass(frozen=True, kw_only=True)
class Redelivery:
    courier: Courier
    """Takes batches to the database, with retries."""
    shipper: str
    """SIDECAR_NAME."""
    folder: Path
    max_bytes: int
    """SIDECAR_EVENT_MAX_BYTES."""
    batch_events: int
    """Events in one transaction."""

    @property
    def _key(self) -> str:
        return printable(str(self.folder))

    def deliver(self, names: Iterable[str]) -> Redelivered:
        """
        Args:
            names: of event files in the folder.

        Raises:
            FolderUnavailable: the folder cannot be opened.
            TemporarySinkError: the database cannot serve, even after the retries.
        """
        result = Redelivered()
        in_quarantine = self.courier.call(lambda sink: sink.quarantined_paths(self.shipper, self._key)).result()
        for chunk in in_chunks(names, self.batch_events):
            with closing(Directory(self.folder)) as directory:
                deliveries = list(self._read(directory, chunk, result))
            if deliveries:
                receipt = self._commit(deliveries, in_quarantine)
                result.known += len(receipt.known)
                result.new += len(receipt.committed) - len(receipt.known)
                result.forgotten += receipt.forgotten
                result.refused.update((entry.path, entry.message) for entry in receipt.refused)
        return result

    def _read(self, directory: Directory, names: list[str], result: Redelivered) -> Iterator[Delivery]:
        for name in names:
            path = f"{self._key}/{printable_name(name)}"
            try:
                yield Delivery(event=read_event(directory, name, self.max_bytes), path=path)
            except NotAnEvent:
                continue
            except EventError as error:
                result.refused[path] = f"{error.reason}: {error}"
            except FileBusy as error:
                result.refused[path] = str(error)
            except OSError as error:
                result.refused[path] = error.strerror or type(error).__name__

    def _commit(self, deliveries: list[Delivery], in_quarantine: set[str]) -> Receipt:
        held = self.courier.call(lambda sink: sink.open_position(self.shipper, self._key)).result()
        batch = Batch(
            shipper=self.shipper,
            folder=self._key,
            deliveries=deliveries,
            quarantined=(),
            position=held,
            recorded_at=datetime.now(timezone.utc),
            mended=[delivery.path for delivery in deliveries if delivery.path in in_quarantine],
        )
        return self.courier.deliver(batch, held).result()
