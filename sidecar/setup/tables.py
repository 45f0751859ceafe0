"""What a database holds before the tables are made in it."""

from __future__ import annotations

from dataclasses import dataclass

from sidecar.storage.database import Database
from sidecar.storage.migrations import MIGRATIONS_TABLE

_NAMES = {
    "mysql": "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()",
    "sqlite": "SELECT lower(name) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
}
_RECORDS = "tts_records"


@dataclass(frozen=True)
class Contents:
    ours: bool
    """Whether `sidecar migrate` was here before."""
    records: int | None
    """Rows of a tts_records that another program made; None where there is no such table."""
    others: int
    """Tables of other programs."""


def contents(database: Database) -> Contents:
    """
    Raises:
        TemporarySinkError: the database cannot serve.
    """
    names = {str(name) for (name,) in database.query(_NAMES[database.dialect])}
    ours = MIGRATIONS_TABLE in names
    records = None
    if not ours and _RECORDS in names:
        records = int(database.query(f"SELECT COUNT(*) FROM {_RECORDS}")[0][0])
    others = [name for name in names if not name.startswith(("tts_", "sidecar_"))]
    return Contents(ours=ours, records=records, others=len(others))
