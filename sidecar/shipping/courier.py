"""Brings one batch at a time to the sink, in a thread of its own: retries what is temporary, isolates what is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from sidecar.errors import PermanentSinkError, Reason
from sidecar.storage.sink import Batch, Delivery, Position, Quarantined, Sink

T = TypeVar("T")


class Retry(Protocol):
    """Calls until it succeeds; see sidecar.service.retry."""

    def __call__(self, function: Callable[[], T]) -> T: ...


@dataclass(slots=True, kw_only=True)
class Receipt:
    """What became of a batch."""

    position: Position
    """As the sink holds it now."""
    committed: list[Delivery] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    """Ids of committed events that the sink had before."""
    refused: list[Quarantined] = field(default_factory=list)
    """Events that the sink refuses for good; they are in its quarantine."""
    forgotten: int = 0
    """Events that the sink did not store, because what they speak of was forgotten."""


class Courier:
    """
    Args:
        sink: used by this thread alone.
        retry: how temporary errors are tried again.
        quarantine_max_bytes: how much of a refused event the quarantine keeps.
    """

    def __init__(self, sink: Sink, retry: Retry, *, quarantine_max_bytes: int) -> None:
        self._sink = sink
        self._retry = retry
        self._quarantine_max_bytes = quarantine_max_bytes
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="courier")

    def call(self, function: Callable[[Sink], T]) -> Future[T]:
        """Run another operation on the sink in turn, with the same retries."""
        return self._thread.submit(lambda: self._retry(lambda: function(self._sink)))

    def render(self, deliveries: Sequence[Delivery]) -> object:
        """Prepare, in the caller's thread, what needs no connection; it goes into Batch.rendered."""
        return self._sink.render(deliveries)

    def deliver(self, batch: Batch, held: Position) -> Future[Receipt]:
        """Commit the batch.

        Args:
            batch: its position covers it as a whole.
            held: the position that the sink holds before it; stays while only a part of the batch is committed.

        Returns:
            A receipt; or fails with PositionLost, or with TemporarySinkError when the retries were stopped.
        """
        return self._thread.submit(self._deliver, batch, held)

    def close(self) -> None:
        self._thread.shutdown(wait=True)
        self._sink.close()

    def _deliver(self, batch: Batch, held: Position) -> Receipt:
        receipt = Receipt(position=held)
        self._commit(batch, receipt)
        return receipt

    def _commit(self, batch: Batch, receipt: Receipt) -> None:
        batch = replace(batch, position=replace(batch.position, revision=receipt.position.revision))
        try:
            acknowledgement = self._retry(lambda: self._sink.commit(batch))
        except PermanentSinkError as error:
            self._isolate(batch, receipt, error)
            return
        receipt.position = replace(batch.position, revision=acknowledgement.revision)
        forgotten = acknowledgement.refused
        receipt.forgotten += len(forgotten)
        receipt.committed.extend(each for each in batch.deliveries if each.event.id not in forgotten)
        receipt.known.update(acknowledgement.known)

    def _isolate(self, batch: Batch, receipt: Receipt, error: PermanentSinkError) -> None:
        """Quarantine what the sink names; where it names nothing, halve until one event is left."""
        deliveries = batch.deliveries
        rejected = dict(error.rejected)
        if not rejected and len(deliveries) == 1:
            rejected = {deliveries[0].path: str(error)}
        if rejected:
            refused = [self._refuse(each, rejected[each.path]) for each in deliveries if each.path in rejected]
            receipt.refused.extend(refused)
            rest = [each for each in deliveries if each.path not in rejected]
            mended = [path for path in batch.mended if path not in rejected]
            quarantined = [*batch.quarantined, *refused]
            self._commit(replace(batch, deliveries=rest, quarantined=quarantined, mended=mended), receipt)
            return
        if not deliveries:
            raise error  # our own bookkeeping was refused: a bug
        middle = len(deliveries) // 2
        # The first half must not move the position: it covers the second half too.
        self._commit(self._half(batch, deliveries[:middle], receipt.position), receipt)
        self._commit(replace(batch, deliveries=deliveries[middle:]), receipt)

    @staticmethod
    def _half(batch: Batch, deliveries: Sequence[Delivery], position: Position) -> Batch:
        return replace(batch, deliveries=deliveries, quarantined=(), mended=(), position=position)

    def _refuse(self, delivery: Delivery, message: str) -> Quarantined:
        raw = delivery.event.raw
        return Quarantined(
            path=delivery.path,
            reason=Reason.REJECTED_BY_SINK,
            message=message,
            size=len(raw),
            content=raw[: self._quarantine_max_bytes],
        )
