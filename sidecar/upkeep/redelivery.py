"""Ships chosen event files again, beside a running shipper or without one.

Ids make it harmless: what is there stays as it is, what is missing comes. The position stays where it is stored;
at most it goes back to where it was a moment ago, and the running shipper reads a few files twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sidecar.errors import EventError, NotAnEvent
from sidecar.event.names import printable, printable_name
from sidecar.shipping.courier import Courier, Receipt
from sidecar.shipping.reading import Directory, FileBusy
from sidecar.storage.sink import Batch, Delivery, Position, Sink
from sidecar.upkeep.inventory import load

T = TypeVar("T")


@dataclass
class Redelivered:
    """What became of the files."""

    new: int = 0
    """Events that the database did not have."""
    known: int = 0
    """Events that it had; their records are folded again."""
    refused: dict[str, str] = field(default_factory=dict)
    """Files that are no event, or that the database refuses: path and reason."""


class Redelivery:
    """
    Args:
        courier: brings batches to the database, with retries.
        shipper: SIDECAR_NAME.
        folder: where the files are.
        max_bytes: SIDECAR_EVENT_MAX_BYTES.
        batch_events: events in one transaction.
    """

    def __init__(self, courier: Courier, *, shipper: str, folder: Path, max_bytes: int, batch_events: int) -> None:
        self._courier = courier
        self._shipper = shipper
        self._folder = folder
        self._key = printable(str(folder))
        self._max_bytes = max_bytes
        self._batch_events = batch_events

    def deliver(self, names: Iterable[str]) -> Redelivered:
        """
        Args:
            names: of event files in the folder.

        Raises:
            FolderUnavailable: the folder cannot be opened.
            TemporarySinkError: the database cannot serve, also after the retries.
        """
        done = Redelivered()
        in_quarantine = self._ask(lambda sink: sink.quarantined_paths(self._shipper, self._key))
        for chunk in _chunks(names, self._batch_events):
            with closing(Directory(self._folder)) as directory:
                deliveries = list(self._read(directory, chunk, done))
            if deliveries:
                receipt = self._commit(deliveries, in_quarantine)
                done.known += len(receipt.known)
                done.new += len(receipt.committed) - len(receipt.known)
                done.refused.update((entry.path, entry.message) for entry in receipt.refused)
        return done

    def _read(self, directory: Directory, names: list[str], done: Redelivered) -> Iterator[Delivery]:
        for name in names:
            path = f"{self._key}/{printable_name(name)}"
            try:
                yield Delivery(event=load(directory, name, self._max_bytes), path=path)
            except NotAnEvent:
                continue
            except EventError as error:
                done.refused[path] = f"{error.reason}: {error}"
            except FileBusy as error:
                done.refused[path] = str(error)
            except OSError as error:
                done.refused[path] = error.strerror or type(error).__name__

    def _commit(self, deliveries: list[Delivery], in_quarantine: set[str]) -> Receipt:
        held: Position = self._ask(lambda sink: sink.open_position(self._shipper, self._key))
        batch = Batch(
            shipper=self._shipper,
            folder=self._key,
            deliveries=deliveries,
            quarantined=(),
            position=held,
            recorded_at=datetime.now(timezone.utc),
            mended=[delivery.path for delivery in deliveries if delivery.path in in_quarantine],
        )
        return self._courier.deliver(batch, held).result()

    def _ask(self, question: Callable[[Sink], T]) -> T:
        return self._courier.call(question).result()


def _chunks(names: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = iter(names)
    while chunk := list(islice(rest, size)):
        yield chunk
