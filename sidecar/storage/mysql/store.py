"""Writes a batch's rows inside the transaction that the sink holds open, in the way that costs the server least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import pymysql
from pymysql.cursors import Cursor

from sidecar.errors import SidecarError
from sidecar.storage.mysql.errors import DUPLICATE_ENTRY
from sidecar.storage.mysql.rows import EVENT_ROW_COLUMNS, Records, rendered, stamp, statements
from sidecar.storage.projection import BASE, Fold
from sidecar.storage.sink import Batch, Delivery
from sidecar.storage.statements import MYSQL, fold_head, fold_tail, insert_head, keep_existing


@dataclass(frozen=True)
class _Target:
    """Some columns of one table: the lists of VALUES stand between head and tail."""

    head: bytes
    tail: bytes
    """What folds a row into the one that is there."""


def _target(head: str, tail: str) -> _Target:
    return _Target(head.encode(), b" " + tail.encode())


class NotAllNew(SidecarError):
    """A row that was taken for new is there already. The transaction must be undone."""


_EVENTS = _target(insert_head("tts_events", EVENT_ROW_COLUMNS), keep_existing(MYSQL, "id"))


@lru_cache(maxsize=256)
def _records_target(fold: Fold, columns: tuple[str, ...]) -> _Target:
    return _target(fold_head(fold, columns), fold_tail(MYSQL, fold, columns))


@dataclass(frozen=True, kw_only=True)
class Store:
    """How rows go over one connection."""

    cursor: Cursor
    new: bool
    """Take every event for new, and every synthesis's record too: cheaper, and NotAllNew where it is wrong."""
    aim: int
    """Bytes of a multi-row statement, about."""
    maximum: int
    """Bytes that the server takes in one statement."""

    def write(self, batch: Batch) -> bool:
        """Append the batch's events to tts_events, and fold what they say into the other tables.

        Returns:
            Whether all of the events are new.

        Raises:
            NotAllNew: something that was taken for new is there already.
            PermanentSinkError: a row is larger than the server takes.
            pymysql.Error: the server refuses something, or is gone.
        """
        rows = rendered(batch)
        try:
            affected = self._insert(_EVENTS, rows.events, rows.deliveries, new=self.new, stamp=stamp(batch))
            for records in rows.records:
                self._fold(records)
        except pymysql.err.IntegrityError as error:
            if self.new and error.args[0] == DUPLICATE_ENTRY:
                raise NotAllNew(str(error)) from error
            raise
        return self.new or affected == len(batch.deliveries)

    def _fold(self, records: Records) -> None:
        # A rating or a removal speaks of a record that is there; only a synthesis makes one. Processes are few.
        new = self.new and records.fold == BASE
        self._insert(_records_target(records.fold, records.columns), records.rows, records.deliveries, new=new)

    def _insert(
        self, target: _Target, rows: Sequence[bytes], deliveries: Sequence[Delivery], *, new: bool, stamp: bytes = b""
    ) -> int:
        """
        Args:
            deliveries: the one that each row comes from.
            stamp: what every row ends with.

        Returns:
            Affected rows, as MySQL counts them: for an upsert, one for a new row.
        """
        tail = b"" if new else target.tail
        parts = statements(target.head, rows, tail, deliveries, stamp=stamp, aim=self.aim, maximum=self.maximum)
        return sum(self.cursor.connection.query(statement) for statement in parts)
