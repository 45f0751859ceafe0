"""What arrived: nothing lost, nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Any

from pymysql.connections import Connection
from pymysql.constants import ER
from pymysql.cursors import Cursor
from pymysql.err import ProgrammingError


@dataclass(frozen=True, kw_only=True)
class Count:
    """Rows beside the events that were delivered."""

    rows: int
    missing: int
    """Events without a row."""
    doubled: int
    """Rows beyond the first of their event."""
    strange: int
    """Rows of no event that was delivered."""


def compare(delivered: Set[str], found: Iterable[str | None]) -> Count:
    """
    Args:
        delivered: ids of the events whose files were there.
        found: the id of each row.
    """
    rows, seen, strange = 0, set(), 0
    for each in found:
        rows += 1
        if each is None or each not in delivered:
            strange += 1
        else:
            seen.add(each)
    return Count(rows=rows, missing=len(delivered) - len(seen), doubled=rows - strange - len(seen), strange=strange)


def count(connection: Connection[Cursor], table: str, key: str, delivered: Set[str]) -> Count:
    return compare(delivered, (row[0] for row in _asked(connection, f"SELECT {key} FROM {table}")))


def rows(connection: Connection[Cursor], table: str) -> int:
    """How many there are; none where somebody is still to make the table."""
    return sum(row[0] for row in _asked(connection, f"SELECT COUNT(*) FROM {table}"))


def _asked(connection: Connection[Cursor], question: str) -> tuple[tuple[Any, ...], ...]:
    with connection.cursor() as cursor:
        try:
            cursor.execute(question)
        except ProgrammingError as error:
            if error.args[0] != ER.NO_SUCH_TABLE:
                raise
            return ()
        return cursor.fetchall()
