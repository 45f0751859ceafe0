"""Going through the records from the newest on, in parts that are as large as there is time for.

A condition that no index knows is asked of each record: of a million that takes seconds. Whoever waits for a page gets
what was found in a part of a second, and where to go on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sidecar.answers.filters import Where
from sidecar.storage.database import Database, Parameter

FIRST = 4000
"""Records in the first part. Reading so many finds what is frequent sooner than an index could."""
_GROWTH = 4
_MARGIN = 0.5
"""Of the time that is left: the next part may hold more hits than the last, and the server may be busier."""


@dataclass(frozen=True, kw_only=True)
class Part:
    where: Where
    """That a record belongs to it."""
    edge: datetime | None
    """All records from it on were in this part and those before; None: all there are."""
    by_time: str
    """Stands after the table's name, and makes the server read the part alone, whatever else it has an index for."""


def parts(
    database: Database,
    top: tuple[datetime, int] | None,
    patience: float | None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[Part]:
    """The records, the newest first, in parts of FIRST and more.

    Args:
        top: created_at and id of the record before the first; None begins with the newest.
        since: nobody asks for older ones.
        until: nobody asks for those from then on.
        patience: seconds after which no further part begins; without it each is as large as the first, times four.
    """
    if until is not None and (top is None or until < top[0]):
        top = (until, 0)
    deadline = None if patience is None else time.monotonic() + patience
    size, above = FIRST, None
    by_time = _by_time(database)
    while True:
        began = time.monotonic()
        edge = _edge(database, top[0] if above is None and top else above, size, inclusive=above is None)
        if edge is not None and since is not None and edge < since:
            edge = None
        yield Part(where=_between(edge, top, above), edge=edge, by_time=by_time)
        if edge is None:
            return
        above = edge
        growth = float(_GROWTH)
        if deadline is not None:
            now = time.monotonic()
            growth = min(growth, (deadline - now) * _MARGIN / max(now - began, 1e-6))
            if growth * size < FIRST:
                return
        size = int(size * growth)


def _by_time(database: Database) -> str:
    if database.dialect == "mysql":
        return "FORCE INDEX (idx_created)"
    # In a file that is another program's too, the name may be that of an index of theirs.
    there = database.query("SELECT 1 FROM sqlite_master WHERE name = 'idx_created' AND tbl_name = 'tts_records'")
    return "INDEXED BY idx_created" if there else ""


def _between(edge: datetime | None, top: tuple[datetime, int] | None, above: datetime | None) -> Where:
    conditions: list[str] = []
    parameters: list[Parameter] = []
    if edge is not None:
        conditions.append("created_at >= ?")
        parameters.append(edge)
    if above is not None:
        conditions.append("created_at < ?")
        parameters.append(above)
    elif top is not None:
        conditions += ["(created_at < ? OR (created_at = ? AND id < ?))", "created_at <= ?"]
        parameters += [top[0], top[0], top[1], top[0]]
    return conditions or ["1 = 1"], parameters


def _edge(database: Database, below: datetime | None, size: int, *, inclusive: bool) -> datetime | None:
    """The time of the oldest among so many records; None where there are fewer."""
    condition = f"WHERE created_at {'<=' if inclusive else '<'} ?" if below is not None else ""
    rows = database.query(
        f"SELECT created_at FROM tts_records {condition} ORDER BY created_at DESC LIMIT 1 OFFSET {size:d}",
        [] if below is None else [below],
    )
    return rows[0][0] if rows else None
