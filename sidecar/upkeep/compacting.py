"""Takes the bytes of deleted rows out of where a database keeps them after that, as far as a client can."""

from __future__ import annotations

from sidecar.answers.textindex import text_index
from sidecar.errors import TemporarySinkError
from sidecar.storage.database import Database


def compact(database: Database) -> list[str]:
    """Rewrite free pages and the segments of a text index, where the bytes of deleted rows remain.

    Returns:
        What is in the way of that, in lines for people; where a table keeps what it held before, how to end that.
    """
    indexed = text_index(database) is not None
    if database.dialect == "sqlite":
        if indexed:
            database.execute("INSERT INTO tts_text_search (tts_text_search) VALUES ('optimize')")
        try:
            database.execute("VACUUM")
            ((blocked, *_),) = database.query("PRAGMA wal_checkpoint(TRUNCATE)")
        except TemporarySinkError as error:
            return [f"deleted rows in free pages of the database: {error}"]
        if blocked:
            return ["deleted rows in old pages of the database, which some program still reads: end it"]
    elif indexed:
        # With a full-text index this rebuilds both the table and the index.
        database.query("OPTIMIZE TABLE tts_records")
    return _histories(database) if database.dialect != "sqlite" else []


def _histories(database: Database) -> list[str]:
    """MariaDB's system-versioned tables, which somebody made of ours: nothing is gone from them."""
    tables = database.query(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
        "AND table_type = 'SYSTEM VERSIONED' AND (table_name LIKE 'tts%' OR table_name LIKE 'sidecar%') ORDER BY 1"
    )
    ended = "SELECT 1 FROM {} FOR SYSTEM_TIME ALL WHERE ROW_END < CURRENT_TIMESTAMP(6) LIMIT 1"
    return [
        f"deleted rows in the history of {name}: DELETE HISTORY FROM {name}"
        for (name,) in tables
        if database.query(ended.format(name))
    ]
