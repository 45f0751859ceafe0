"""Finds records, the newest first, one page at a time.

Reading the newest records finds a frequent word sooner than an index could sort all its hits; a rare word needs the
index. So the newest few thousand records are read first, and the text index finds the rest.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from sidecar.answers.filters import Filter, FilterError, Where
from sidecar.answers.sample import shares
from sidecar.answers.textindex import has_filter_indexes, narrow
from sidecar.answers.values import as_dicts
from sidecar.answers.words import words
from sidecar.storage.columns import LISTED
from sidecar.storage.database import Database

MAX_LIMIT = 500
_NEWEST = 4000

Record = dict[str, Any]
"""Column names of tts_library and their values; times are datetime in UTC."""


@dataclass(frozen=True, kw_only=True)
class Page:
    records: list[Record]
    cursor: str | None
    """Where the next page begins; None after the last."""


def find(database: Database, wanted: Filter, *, limit: int = 100, cursor: str | None = None) -> Page:
    """
    Args:
        limit: records on a page, at most MAX_LIMIT.
        cursor: of the page before.

    Raises:
        FilterError: the cursor is not one that this function gave.
    """
    limit = max(1, min(limit, MAX_LIMIT))
    before = _unpack(cursor) if cursor else None
    records = _find(database, wanted, before, limit + 1)
    more = len(records) > limit
    return Page(records=records[:limit], cursor=_pack(records[limit - 1]) if more else None)


def _find(database: Database, wanted: Filter, before: tuple[datetime, int] | None, limit: int) -> list[Record]:
    conditions, parameters = wanted.where()
    if before is not None:
        conditions.append("(created_at < ? OR (created_at = ? AND id < ?))")
        conditions.append("created_at <= ?")
        parameters += [before[0], before[0], before[1], before[0]]
    asked = words(wanted.text)
    if not asked:
        return _select(database, (conditions, parameters), limit)
    edge = _edge(database, before)
    if edge is None:
        return _select(database, (conditions, parameters), limit)
    newest = _select(database, ([*conditions, "created_at >= ?"], [*parameters, edge]), limit)
    if len(newest) >= limit:
        return newest
    narrowed = None if _facts_are_rarer(database, wanted) else narrow(database, asked)
    where = [*conditions, "created_at < ?"], [*parameters, edge]
    if narrowed is not None:
        where = [*where[0], *narrowed[0]], [*where[1], *narrowed[1]]
    # Without an index for the words every record is read, which takes a third of the time in table order that it
    # takes in the order of idx_created.
    unaided = narrowed is None and database.dialect == "mysql"
    hint = "IGNORE INDEX FOR ORDER BY (idx_created)" if unaided else ""
    return newest + _select(database, where, limit - len(newest), hint=hint)


def _facts_are_rarer(database: Database, wanted: Filter) -> bool:
    """Whether fewer records meet the other filters than contain the words, so that the filters' indexes are faster."""
    facts = wanted.facts()
    if len(facts[0]) == 1 or not has_filter_indexes(database):
        return False
    by_facts, by_words = shares(database, [facts, Filter(text=wanted.text).where()])
    return by_facts < by_words


def _edge(database: Database, before: tuple[datetime, int] | None) -> datetime | None:
    """The time of the oldest among the _NEWEST newest records; None where there are fewer."""
    condition, parameters = ("WHERE created_at <= ?", [before[0]]) if before else ("", [])
    rows = database.query(
        f"SELECT created_at FROM tts_records {condition} ORDER BY created_at DESC LIMIT 1 OFFSET {_NEWEST}", parameters
    )
    return rows[0][0] if rows else None


def _select(database: Database, where: Where, limit: int, *, hint: str = "") -> list[Record]:
    return as_dicts(
        database.columns(
            f"SELECT {', '.join(LISTED)} FROM tts_records {hint} WHERE {' AND '.join(where[0])} "
            f"ORDER BY created_at DESC, id DESC LIMIT {limit:d}",
            where[1],
        )
    )


def get(database: Database, event_id: str) -> Record | None:
    """One record with every column of tts_library, or None."""
    return next(iter(as_dicts(database.columns("SELECT * FROM tts_library WHERE event_id = ?", [event_id]))), None)


def _pack(record: Record) -> str:
    text = f"{record['created_at'].timestamp():.6f}:{record['id']}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _unpack(cursor: str) -> tuple[datetime, int]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        seconds, _, number = text.partition(":")
        whole, _, fraction = seconds.partition(".")
        at = datetime.fromtimestamp(int(whole), timezone.utc).replace(microsecond=int(fraction or 0))
        identity = int(number)
    except (ValueError, binascii.Error, OverflowError, OSError) as error:
        raise FilterError("the cursor is not one of ours") from error
    if not 0 <= identity < 2**63:
        raise FilterError("the cursor is not one of ours")
    return at, identity
