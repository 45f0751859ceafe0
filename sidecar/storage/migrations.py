"""The numbered SQL files of schema/, and which of them a program of this version needs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sidecar.errors import TablesNotReady
from sidecar.event.contract import schema_folder

MIGRATIONS_TABLE = "sidecar_migrations"
MIGRATE_HINT = "Run `sidecar migrate` with an account that may create and alter tables."
_VIEW = re.compile(r"CREATE OR REPLACE (?:SQL SECURITY \w+ )?VIEW (\w+) ")
_FILE_NAME = re.compile(r"^(\d{3})_([a-z0-9_]+)\.sql$")


@dataclass(frozen=True, kw_only=True)
class Migration:
    number: int
    name: str
    """File name without the suffix."""
    statements: tuple[str, ...]


def migrations(dialect: str) -> list[Migration]:
    """All migrations of schema/<dialect>/, in order."""
    found = []
    for file in sorted((schema_folder() / dialect).iterdir()):
        match = _FILE_NAME.match(file.name)
        if match:
            statements = _split(file.read_text(encoding="utf-8"))
            found.append(Migration(number=int(match[1]), name=file.stem, statements=statements))
    return found


def optional(dialect: str, name: str) -> tuple[str, ...]:
    """Statements of schema/<dialect>/optional/<name>.sql: what an installation may have and no program needs."""
    return _split((schema_folder() / dialect / "optional" / f"{name}.sql").read_text(encoding="utf-8"))


def pending(dialect: str, applied: set[int]) -> list[Migration]:
    """Migrations that are not among the applied ones, in order.

    A view that a later one of them replaces is made once, as it is in the end: a database that lacks what only the
    earlier form needs can then be migrated too.
    """
    found: list[Migration] = []
    replaced: set[str] = set()
    for migration in reversed(migrations(dialect)):
        if migration.number in applied:
            continue
        made = {statement: match[1] for statement in migration.statements if (match := _VIEW.match(statement))}
        left = tuple(statement for statement in migration.statements if made.get(statement) not in replaced)
        replaced.update(made.values())
        found.insert(0, replace(migration, statements=left))
    return found


def require_current(dialect: str, applied: set[int]) -> None:
    """
    Raises:
        TablesNotReady: a migration of this version has not been applied. Later ones do not matter: a migration only
            adds what an older program can do without.
    """
    missing = pending(dialect, applied)
    if missing and not applied:
        raise TablesNotReady("the tables are missing", hint=MIGRATE_HINT)
    if missing:
        raise TablesNotReady(f"the tables are old: {missing[0].name} is not applied", hint=MIGRATE_HINT)


def _split(script: str) -> tuple[str, ...]:
    """Statements of a script. Each ends with a semicolon at the end of a line, as the files of schema/ are written."""
    lines = [line for line in script.splitlines() if not line.lstrip().startswith("--")]
    statements = re.split(r";[ \t]*(?:\n|$)", "\n".join(lines))
    return tuple(statement.strip() for statement in statements if statement.strip())
