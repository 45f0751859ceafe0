"""Takes over a tts_records that was there before the first migrate: the table of the article, or one like it.

Its rows stay as they are, with their ids; without an event_id they are rows of another program, like those that its
program goes on inserting. Columns and indexes are added, types widened. What is in the way is told before anything is
changed. Nothing is remembered: what is to be done follows from what is there, so a run that was killed is taken up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sidecar.errors import TablesNotReady
from sidecar.storage.database import Transaction
from sidecar.storage.migrations import Migration

TABLE = "tts_records"
_KEY = re.compile(r"(UNIQUE )?KEY ([a-z_]+) \((.+)\)$")
_CREATED = re.compile(r"CREATE (?:TABLE IF NOT EXISTS|(?:OR REPLACE )?.*?VIEW(?: IF NOT EXISTS)?) ([a-z_]+)")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The table as its CREATE statement has it."""

    columns: Mapping[str, str]
    """Their definitions, by name."""
    keys: Mapping[str, str]
    """Definitions of the indexes but the primary key, by name."""


def wanted(create: str) -> Wanted:
    """Read a CREATE TABLE statement of schema/, which has one column or key a line."""
    columns, keys = {}, {}
    for line in create.splitlines()[1:-1]:
        text = line.strip().removesuffix(",")
        if key := _KEY.match(text):
            keys[key[2]] = text
        else:
            name, _, definition = text.partition(" ")
            columns[name] = definition
    return Wanted(columns=columns, keys=keys)


def key_columns(definition: str) -> str:
    """The columns of an index by its definition, separated by commas, without how much of them counts."""
    return re.sub(r"\(\d+\)", "", definition).partition("(")[2].rstrip(")")


def made_by(migrations: list[Migration]) -> dict[str, bool]:
    """Names of the tables and views that the migrations make, and whether each is a view."""
    found = {}
    for statement in (each for migration in migrations for each in migration.statements):
        if match := _CREATED.match(statement):
            found[match[1]] = "VIEW" in match[0]
    return found


def taken_over(run: Transaction) -> str:
    """What was done, in one line."""
    ((rows,),) = run.query(f"SELECT COUNT(*) FROM {TABLE} WHERE event_id IS NULL")
    return f"took over {TABLE} as it was: its {rows:,} rows stay, with their ids"


def refuse(obstacles: list[str]) -> None:
    """
    Raises:
        TablesNotReady: there are any.
    """
    if obstacles:
        raise TablesNotReady(
            f"{TABLE} is there already, made by another program, and cannot be taken over: {'; '.join(obstacles)}",
            hint="Nothing has been changed. Mend what is named, or rename that table, or use another database, and run "
            "`sidecar migrate` again.",
        )
