"""Finds records, the newest first, one page at a time.

Reading the newest records finds a frequent word sooner than an index could sort all its hits; a rare word needs the
index. So the newest few thousand records are read first, and an index finds the rest. Where there is none, whoever
cannot wait gets what was found in the time given, and a cursor to go on from.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from sidecar.answers.filters import PROBLEMS, Filter, FilterError, Where, is_hash
from sidecar.answers.said import frequent
from sidecar.answers.sample import shares
from sidecar.answers.textindex import has_filter_indexes, narrow
from sidecar.answers.values import as_dicts
from sidecar.answers.walk import Part, parts
from sidecar.answers.words import words
from sidecar.storage.columns import LISTED
from sidecar.storage.database import Database, Parameter, in_chunks, marks

MAX_LIMIT = 500
_INDEXED = ("user", "emotion", "status")

Record = dict[str, Any]
"""Column names of tts_library and their values; times are datetime in UTC."""


@dataclass(frozen=True, kw_only=True)
class Page:
    records: list[Record]
    cursor: str | None
    """Where the next page begins; None after the last."""
    reached: datetime | None = None
    """How far back was looked, where the patience was at its end before the page was full."""


def find(
    database: Database,
    wanted: Filter,
    *,
    limit: int = 100,
    cursor: str | None = None,
    among: Sequence[str] | None = None,
    patience: float | None = None,
) -> Page:
    """
    Args:
        limit: records on a page, at most MAX_LIMIT.
        cursor: of the page before.
        among: event_ids, of which the records must be; some thousands at most.
        patience: seconds that the caller can wait; the page may hold fewer records then, and still have a cursor.

    Raises:
        FilterError: the cursor is not one that this function gave.
    """
    limit = max(1, min(limit, MAX_LIMIT))
    before = _unpack(cursor) if cursor else None
    records, reached = _find(database, wanted, before, limit + 1, among, patience)
    if len(records) > limit:
        return Page(records=records[:limit], cursor=_pack(records[limit - 1]["created_at"], records[limit - 1]["id"]))
    return Page(records=records, cursor=at(reached) if reached else None, reached=reached)


def at(moment: datetime) -> str:
    """The cursor of a page that begins with the newest record before a moment."""
    return _pack(moment, 0)


def these(database: Database, identities: Sequence[int]) -> list[Record]:
    """The records with these ids, in the order of the ids; one that is gone meanwhile is left out."""
    return _in_order(database, "id", identities)


def _find(
    database: Database,
    wanted: Filter,
    before: tuple[datetime, int] | None,
    limit: int,
    among: Sequence[str] | None,
    patience: float | None,
) -> tuple[list[Record], datetime | None]:
    """The records, and how far back was looked where time was too short for all."""
    often = frequent(database, wanted.tags)
    conditions, parameters = wanted.where(often)
    asked = words(wanted.text)
    if among is not None or (patience is None and not asked):
        if before is not None:
            conditions += ["(created_at < ? OR (created_at = ? AND id < ?))", "created_at <= ?"]
            parameters += [before[0], before[0], before[1], before[0]]
        if among is not None:
            conditions, parameters = [*conditions, f"event_id IN ({marks(among) or 'NULL'})"], [*parameters, *among]
        return _select(database, (conditions, parameters), limit), None
    found: list[Record] = []
    edge = None
    for number, part in enumerate(parts(database, before, patience, since=wanted.since, until=wanted.until)):
        edge = part.edge
        found += _in_part(database, (conditions, parameters), part, limit - len(found))
        if len(found) >= limit or edge is None:
            return found, None
        if number == 0 and (rest := _rest(database, wanted, often, patience, edge)):
            return found + _select(database, rest[0], limit - len(found), hint=rest[1]), None
    return found, edge


def _in_part(database: Database, where: Where, part: Part, limit: int) -> list[Record]:
    whole = [*where[0], *part.where[0]], [*where[1], *part.where[1]]
    return _select(database, whole, limit, hint=part.by_time)


def _rest(
    database: Database, wanted: Filter, often: Collection[str], patience: float | None, edge: datetime
) -> tuple[Where, str] | None:
    """How to ask for all records before the edge at once; None where no index would help and nobody waits for it."""
    conditions, parameters = wanted.where(often)
    conditions, parameters = [*conditions, "created_at < ?"], [*parameters, edge]
    asked = words(wanted.text)
    if asked and not _facts_are_rarer(database, wanted):
        narrowed = narrow(database, asked)
        if narrowed is not None:
            return ([*conditions, *narrowed[0]], [*parameters, *narrowed[1]]), ""
        if patience is None:
            # Without an index for the words every record is read, which takes a third of the time in table order that
            # it takes in the order of idx_created.
            return (conditions, parameters), (
                "IGNORE INDEX FOR ORDER BY (idx_created)" if database.dialect == "mysql" else ""
            )
        return None
    if asked or _has_index(database, wanted, often):
        return (conditions, parameters), ""
    return None


def _has_index(database: Database, wanted: Filter, often: Collection[str]) -> bool:
    """Whether one of the facts leads straight to its records."""
    if wanted.request or any(tag not in often and not tag.startswith("-") for tag in wanted.tags):
        return True
    leading = [getattr(wanted, name)[0] for name in _INDEXED if len(getattr(wanted, name)) == 1]
    leading += [each for each in wanted.voice if len(wanted.voice) == 1 and is_hash(each)]
    return bool(leading != [PROBLEMS] and (leading or wanted.rating is not None)) and has_filter_indexes(database)


def _facts_are_rarer(database: Database, wanted: Filter) -> bool:
    """Whether fewer records meet the other filters than contain the words, so that the filters' indexes are faster."""
    facts = wanted.facts()
    if len(facts[0]) == 1 or not has_filter_indexes(database):
        return False
    by_facts, by_words = shares(database, [facts, Filter(text=wanted.text).where()])
    return by_facts < by_words


def _select(database: Database, where: Where, limit: int, *, hint: str = "") -> list[Record]:
    return as_dicts(
        database.columns(
            f"SELECT {', '.join(LISTED)} FROM tts_records {hint} WHERE {' AND '.join(where[0])} "
            f"ORDER BY created_at DESC, id DESC LIMIT {limit:d}",
            where[1],
        )
    )


def those(database: Database, event_ids: Sequence[str]) -> list[Record]:
    """These records as lists have them, in their order; one that is not there is left out."""
    return _in_order(database, "event_id", event_ids)


def _in_order(database: Database, column: str, keys: Sequence[Parameter]) -> list[Record]:
    found: dict[Any, Record] = {}
    for chunk in in_chunks(keys):
        where = [f"{column} IN ({marks(chunk)})"], [*chunk]
        found |= {each[column]: each for each in _select(database, where, len(chunk))}
    return [found[each] for each in keys if each in found]


def get(database: Database, event_id: str) -> Record | None:
    """One record with every column of tts_library, or None."""
    return next(iter(as_dicts(database.columns("SELECT * FROM tts_library WHERE event_id = ?", [event_id]))), None)


def _pack(moment: datetime, identity: int) -> str:
    text = f"{moment.timestamp():.6f}:{identity}"
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
