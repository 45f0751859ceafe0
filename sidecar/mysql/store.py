"""Writes a batch's rows inside the transaction that the sink holds open, in the way that costs the server least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sidecar.mysql import bulk
from sidecar.mysql.pipeline import Answer, Pipeline
from sidecar.mysql.rows import EVENT_ROW_COLUMNS, Rendered, render, stamp, statements
from sidecar.projection import KINDS
from sidecar.sink import Batch, Delivery
from sidecar.statements import MYSQL, fold, insert_head, keep_existing


@dataclass(frozen=True)
class _Target:
    """The two ways into one table: INSERT ... VALUES between head and tail, and LOAD DATA."""

    head: bytes
    tail: bytes
    load: bytes
    fields: int


def _target(table: str, columns: tuple[str, ...], tail: str) -> _Target:
    head = insert_head(table, columns).encode()
    return _Target(head, b" " + tail.encode(), bulk.load_statement(table, columns), len(columns))


_EVENTS = _target("tts_events", EVENT_ROW_COLUMNS, keep_existing(MYSQL, "id"))
_RECORDS = {kind.name: _target("tts_records", kind.columns, fold(MYSQL, kind)) for kind in KINDS}


@dataclass(frozen=True, kw_only=True)
class Store:
    """How rows go over one connection."""

    connection: Any
    """The driver's."""
    pipeline: Pipeline
    """Its statements; what was sent before comes before these."""
    load: bool
    """Whether LOAD DATA may be used. It raises LoadRefused where a row is not new."""
    aim: int
    """Bytes of a multi-row statement, about."""
    maximum: int
    """Bytes that the server takes in one statement."""

    def insert_events(self, batch: Batch) -> list[Answer]:
        """Append to tts_events.

        Returns:
            Answers that are still to be received, one a statement; none where every row is known to be new.
        """
        # By key, so that two shippers take their locks in the same order.
        ordered = sorted(batch.deliveries, key=_by_id)
        stamped = stamp(batch)
        rows = [_rendered(delivery).event + stamped for delivery in ordered]
        return self._send(_EVENTS, rows, ordered)

    def fold_records(self, deliveries: Sequence[Delivery]) -> None:
        """Fold what the events say into tts_records."""
        folded: dict[str, list[tuple[str, bytes, Delivery]]] = {}
        for delivery in deliveries:
            for kind, subject, row in _rendered(delivery).records:
                folded.setdefault(kind, []).append((subject, row, delivery))
        for kind, target in _RECORDS.items():
            if kind in folded:
                ordered = sorted(folded[kind], key=_by_subject)
                self._send(target, [row for _, row, _ in ordered], [delivery for _, _, delivery in ordered])

    def _send(self, target: _Target, rows: Sequence[bytes], deliveries: Sequence[Delivery]) -> list[Answer]:
        if self.load and bulk.is_worth_it(rows, target.fields):
            self.pipeline.receive()
            bulk.load(self.connection, target.load, rows)
            return []
        parts = statements(target.head, rows, target.tail, deliveries, aim=self.aim, maximum=self.maximum)
        return [self.pipeline.send(statement) for statement in parts]


def _rendered(delivery: Delivery) -> Rendered:
    ahead = delivery.rendered
    return ahead if isinstance(ahead, Rendered) else render(delivery.event, delivery.path)


def _by_id(delivery: Delivery) -> str:
    return delivery.event.id


def _by_subject(item: tuple[str, bytes, Delivery]) -> str:
    return item[0]
