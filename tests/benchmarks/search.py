"""Text search as the library does it, with the optional indexes, beside LIKE over the same table."""

from __future__ import annotations

import time
from typing import Any

from sidecar.answers.filters import Filter
from sidecar.answers.search import find
from sidecar.storage.database import Database
from tests.answers.conftest import connect
from tests.answers.million import database_url, fill, index
from tests.benchmarks.context import Context
from tests.benchmarks.measure import Row

_TEXTS = ("第4711号，请您留意", '"quiet harbour, number 4711"', "不存在的词语", "青铜器 第77号")
"""Rare ones: a frequent word is found among the newest records, with an index or without."""
_AT_LEAST = 10.0


def search(context: Context) -> list[Row]:
    """On the kind of server that is measured, and on SQLite beside MariaDB. A server of its own: loading is not what is
    measured, and one with its own defaults takes ten minutes for a million rows.
    """
    return [_measured(context, kind) for kind in context.kinds]


def _measured(context: Context, kind: str) -> Row:
    count = context.count("SEARCH_ROWS", full=1_000_000, small=5_000)
    context.progress(f"text search over {count:,} records on {kind}")
    with database_url(kind) as url:
        fill(url, count)
        index(url)
        database = connect(url)
        rounds = [[_round(database, text) for text in _TEXTS] for _ in range(context.rounds)]
        database.close()
    return Row(
        what=f"text search over {count:,} Chinese and English records, {kind}",
        unit="searches/s",
        ours=[len(_TEXTS) / sum(ours for ours, _ in times) for times in rounds],
        against="LIKE over the same table, equal records found",
        theirs=[len(_TEXTS) / sum(theirs for _, theirs in times) for times in rounds],
        at_least=None if context.small else _AT_LEAST,
        note="too few records to judge" if context.small else "",
    )


def _round(database: Database, text: str) -> tuple[float, float]:
    """Seconds of our search, and of LIKE alone."""
    began = time.perf_counter()
    page = find(database, Filter(text=text), limit=100)
    between = time.perf_counter()
    liked = _like(database, text)
    ended = time.perf_counter()
    assert [record["event_id"] for record in page.records] == liked, text
    return between - began, ended - between


def _like(database: Database, text: str) -> list[Any]:
    conditions, parameters = Filter(text=text).where()
    rows = database.query(
        f"SELECT event_id, created_at FROM tts_records WHERE {' AND '.join(conditions)} "
        "ORDER BY created_at DESC, id DESC LIMIT 100",
        parameters,
    )
    return [row[0] for row in rows]
