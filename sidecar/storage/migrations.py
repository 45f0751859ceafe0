"""The numbered SQL files of schema/, and which of them a program of this version needs."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from sidecar.errors import TablesNotReady
from sidecar.installation import bundled

MIGRATIONS_TABLE = "sidecar_migrations"
MIGRATIONS_COLUMNS = ("number", "name", "applied_at")
MIGRATE_HINT = "Run `sidecar init`, or `sidecar migrate` with an account that may create and alter tables."
EARLIER_STEPS = ("003_short_request_index", "004_exact_shippers", "005_timeline", "006_request_index_in_few_places")
"""Before the first release MySQL's tables were made in six steps, the first two under the names of today's; a database
that has all six is as good as one that has the two. These numbers are taken: 007 comes after 002."""
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
    for file in sorted(bundled(f"schema/{dialect}").iterdir()):
        match = _FILE_NAME.match(file.name)
        if match:
            statements = _split(file.read_text(encoding="utf-8"))
            found.append(Migration(number=int(match[1]), name=file.stem, statements=statements))
    return found


def optional(dialect: str, name: str) -> tuple[str, ...]:
    """Statements of schema/<dialect>/optional/<name>.sql: what an installation may have and no program needs."""
    return _split(bundled(f"schema/{dialect}/optional/{name}.sql").read_text(encoding="utf-8"))


def pending(dialect: str, applied: Collection[str]) -> list[Migration]:
    """Migrations that have not been applied, in order.

    Args:
        applied: names of those that have been.

    Raises:
        TablesNotReady: a version from before the first release made the tables, and not all of its steps were applied.
    """
    missing = [step for step in EARLIER_STEPS if step not in applied]
    if 0 < len(missing) < len(EARLIER_STEPS):
        raise made_before_release(missing[0])
    return [migration for migration in migrations(dialect) if migration.name not in applied]


def made_before_release(missing: str) -> TablesNotReady:
    """The error for tables that an unreleased version made, without its later steps.

    Args:
        missing: the first of them.
    """
    return TablesNotReady(
        f"an unreleased version of this program made the tables, and its {missing} was never applied",
        hint="Run `sidecar migrate` of the last checkout that has that file. Or drop the tables and views, run "
        "`sidecar migrate`, and let `sidecar run` fill them from the event files again.",
    )


def newer(dialect: str, applied: Collection[str]) -> list[str]:
    """Names of applied migrations that this version of the program does not know."""
    known = {migration.name for migration in migrations(dialect)}
    return sorted(set(applied) - known - set(EARLIER_STEPS))


def require_current(dialect: str, applied: Collection[str]) -> None:
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
