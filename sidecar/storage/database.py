"""Reading and maintaining the tables, for the commands and pages that people use.

The shipper has its own way: a Sink.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

Parameter = str | int | float | bytes | datetime | None
Row = tuple[Any, ...]


class Database(Protocol):
    """One connection. SQL is written once for both dialects, with ? for each parameter.

    Every method raises TemporarySinkError when the database cannot serve, TablesNotReady where tables are missing.
    Times come back as datetime in UTC from both.
    """

    dialect: Literal["mysql", "sqlite"]

    def query(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[Row]:
        """All rows."""

    def columns(self, sql: str, parameters: Sequence[Parameter] = ()) -> tuple[list[str], list[Row]]:
        """Column names and all rows."""

    def stream(self, sql: str, parameters: Sequence[Parameter] = ()) -> Iterator[Row]:
        """Rows one after the other, however many there are. Nothing else may be asked until the last is read."""

    def execute(self, sql: str, parameters: Sequence[Parameter] = ()) -> int:
        """Change something, in a transaction of its own. Returns the number of rows changed."""

    def close(self) -> None:
        """Close the connection."""
