"""Takes over a tts_records that was there before the first migrate: the table of the article, or one like it.

Its rows stay as they are, with their ids; without an event_id they are rows of another program, like those that its
program goes on inserting. Columns and indexes are added, types widened. What is in the way is told before anything is
changed. Nothing is remembered: what is to be done follows from what is there, so a run that was killed is taken up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from sidecar.errors import TablesNotReady
from sidecar.storage.columns import BY_NAME, Kind
from sidecar.storage.database import Transaction
from sidecar.storage.migrations import MIGRATIONS_COLUMNS, MIGRATIONS_TABLE, Migration

TABLE = "tts_records"
_KEY = re.compile(r"(UNIQUE )?KEY ([a-z_]+) \((.+)\)$")
_CHECK = re.compile(r"\bCHECK\s*(?=\()", re.IGNORECASE)
_SHOWN = 80  # characters of a constraint
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
        elif not text.startswith("PRIMARY KEY"):
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


def others(migrations: list[Migration], columns: Callable[[str], Collection[str]]) -> list[str]:
    """Tables with a name of ours, but tts_records, and without our columns: what is in the way, by name.

    Args:
        columns: tells the names of a table's columns; none where there is no such table.
    """
    found = []
    ours = {MIGRATIONS_TABLE: list(MIGRATIONS_COLUMNS)}
    for statement in (each for migration in migrations for each in migration.statements):
        if (match := _CREATED.match(statement)) and match[1] != TABLE and "VIEW" not in match[0]:
            ours[match[1]] = list(wanted(statement).columns)
    for name, names in ours.items():
        there = columns(name)
        missing = [each for each in names if each not in there]
        if there and missing:
            found.append(
                f"{name} is another program's, without a column {missing[0]} (rename that table, or drop it if nobody "
                "needs it)"
            )
    return found


def foreign(run: Transaction, columns: Collection[str]) -> list[str]:
    """Columns with a name of ours and another program's values: what is in the way, by name.

    Args:
        columns: names of those of the table.
    """
    if "fold_key" in columns:  # which a take-over adds in one statement with whatever else is missing
        return []
    found = []
    if "event_id" in columns:
        found.append(
            "its column event_id is another program's, and this program would delete the rows that have a value there "
            "and no event (rename that column)"
        )
    for name in columns:
        if name in BY_NAME and name != "event_id" and (condition := _not_ours(name)):
            ((count, first),) = run.query(f"SELECT COUNT(*), MIN(id) FROM {TABLE} WHERE {condition}")
            if count:
                found.append(
                    f"its {name} has other values than this program's in {count:,} rows, the first with id {first} "
                    "(rename that column)"
                )
    return found


def _not_ours(name: str) -> str | None:
    """The condition, on either kind of database, for a value that cannot be this program's; None where any can."""
    column = BY_NAME[name]
    if column.kind is Kind.JSON:
        return f"{name} IS NOT NULL AND NOT JSON_VALID({name})"
    if column.kind is Kind.TRUTH:
        return f"{name} NOT IN (0, 1)"
    if name == "rating":
        return f"{name} NOT BETWEEN 1 AND 5"
    length = {"UUID": 36, "SHA-256": 64}.get(column.unit)
    return f"LENGTH({name}) <> {length}" if length else None


def constraints(create: str) -> list[str]:
    """CHECK constraints on columns of ours: what is in the way.

    Args:
        create: the table's CREATE TABLE statement, as the server shows it.
    """
    found = []
    for match in _CHECK.finditer(create):
        clause = _in_brackets(create[match.end() :])
        words = re.findall(r"\w+", re.sub(r"'[^']*'", "", clause).lower())
        if not BY_NAME.keys().isdisjoint(words):
            shown = clause if len(clause) <= _SHOWN else f"{clause[:_SHOWN]}..."
            found.append(f"it has CHECK {shown}, which may refuse records of events (take that constraint away)")
    return found


def _in_brackets(text: str) -> str:
    """The beginning of the text, up to the bracket that closes its first one."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if not depth:
            return text[: place + 1]
    return text


def of_triggers(names: list[str]) -> list[str]:
    """What a person should know of the table's triggers, in lines."""
    if not names:
        return []
    return [
        f"its triggers stay, and see the records of events too: {', '.join(names)}. An event whose record one of them "
        "refuses goes to quarantine (`sidecar quarantine list`)"
    ]


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
            f"what another program has made here cannot be taken over: {'; '.join(obstacles)}",
            hint="Nothing has been changed. Mend what is named, or rename that table, or use another database, and run "
            "`sidecar migrate` again.",
        )
