"""Reading and maintaining the tables, for the commands and pages that people use.

The shipper has its own way: a Sink.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from datetime import datetime
from itertools import islice
from typing import Any, Literal, Protocol, TypeVar

T = TypeVar("T")

Parameter = str | int | float | bytes | datetime | None
Row = tuple[Any, ...]


class Transaction(Protocol):
    """What asks and changes. Of a sink, one transaction, whose methods raise the driver's errors; or a Database."""

    def query(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[Row]: ...

    def execute(self, sql: str, parameters: Sequence[Parameter] = ()) -> int:
        """Returns the number of rows changed, as the server counts them."""


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

    def alone(self, work: Callable[[], T]) -> T:
        """Do the work in one transaction in which no shipper commits: what it reads stays true until it ends.

        Shippers wait meanwhile, so it should take no longer than a commit of theirs.

        Args:
            work: asks and changes through this database, no stream; done again where the server has undone it in
                favour of another transaction.
        """

    def close(self) -> None:
        """Let go of the connection."""


def in_chunks(values: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """The values in lists of at most that size, such as one statement takes."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


def marks(values: Sized) -> str:
    """A ? for each of the values, for IN (...)."""
    return ", ".join("?" * len(values))
