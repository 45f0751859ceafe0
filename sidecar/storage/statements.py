"""The SQL that both sinks share the shape of, built once from the projection's folds.

The dialects differ in two words: how the row that is already there meets the new one, and how the new row's columns
are named. On both a bare column name in the tail is the stored value.
"""

from __future__ import annotations

from dataclasses import dataclass

from sidecar.storage.projection import Fold

EVENT_COLUMNS = (
    "id",
    "type",
    "source",
    "sequence",
    "subject",
    "time",
    "shipper",
    "path",
    "sha256",
    "recorded_at",
    "event",
)
QUARANTINE_COLUMNS = (
    "shipper",
    "path",
    "reason",
    "message",
    "status",
    "bytes",
    "content",
    "attempts",
    "first_seen_at",
    "last_seen_at",
)


@dataclass(frozen=True)
class Dialect:
    """How one server spells an upsert."""

    on_conflict: str
    """Format string with {key}: what follows the VALUES list, before the assignments."""
    new: str
    """Format string with {column}: the value that the insert would have stored."""


MYSQL = Dialect(on_conflict="ON DUPLICATE KEY UPDATE ", new="VALUES({column})")
SQLITE = Dialect(on_conflict="ON CONFLICT ({key}) DO UPDATE SET ", new="excluded.{column}")


def fold_head(fold: Fold, columns: tuple[str, ...] | None = None) -> str:
    """
    Args:
        columns: those that the rows have; all of the fold's unless given.
    """
    return insert_head(fold.table, fold.columns if columns is None else columns)


def insert_head(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES "


def keep_existing(dialect: Dialect, key: str) -> str:
    """A tail that leaves the row that is there as it is.

    Args:
        key: the columns of the unique key, separated by commas.
    """
    column = key.partition(",")[0]
    return f"{dialect.on_conflict.format(key=key)}{column} = {column}"


def fold_tail(dialect: Dialect, fold: Fold, columns: tuple[str, ...] | None = None) -> str:
    """The tail that folds a row into the one that is there.

    MySQL assigns from left to right and sees what it has assigned, so the guard comes last.

    Args:
        columns: those that the row has; null is what it says of the fold's others. All of them unless given.
    """
    named = fold.columns if columns is None else columns
    new_guard = dialect.new.format(column=fold.guard)
    guard = fold.guard
    sign = "<" if fold.lesser_wins else ">"
    wins = f"{guard} IS NULL OR {new_guard} {sign} {guard}"
    values = {column: dialect.new.format(column=column) if column in named else "NULL" for column in fold.guarded}
    assignments = [
        f"{column} = CASE WHEN {wins} THEN {value} ELSE {column} END"
        for column, value in {**values, guard: new_guard}.items()
    ]
    return dialect.on_conflict.format(key=", ".join(fold.keys)) + ", ".join(assignments)


def requarantine(dialect: Dialect) -> str:
    """The tail for a file that is in quarantine already: the latest reason counts, the first sighting stays."""
    renewed = [
        column for column in QUARANTINE_COLUMNS if column not in ("shipper", "path", "attempts", "first_seen_at")
    ]
    new = {column: dialect.new.format(column=column) for column in renewed}
    assignments = [f"{column} = {value}" for column, value in new.items() if column != "status"]
    # What a person has dropped stays dropped as long as the file does. First, because MySQL goes from left to right.
    same = f"bytes = {new['bytes']} AND content = {new['content']}"
    kept = f"status = CASE WHEN status = 'dropped' AND {same} THEN status ELSE {new['status']} END"
    assignments.insert(0, kept)
    return dialect.on_conflict.format(key="shipper, path") + ", ".join([*assignments, "attempts = attempts + 1"])
