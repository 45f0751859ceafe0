"""Turns the driver's errors into ours, here and nowhere else."""

from __future__ import annotations

import sqlite3

from sidecar.errors import PermanentSinkError, TablesNotReady, TemporarySinkError
from sidecar.storage.migrations import MIGRATE_HINT

_ABOUT_THE_DATA = (sqlite3.IntegrityError, sqlite3.DataError)
_ABOUT_OUR_SQL = (sqlite3.ProgrammingError, sqlite3.InterfaceError)
_ABOUT_THE_TABLES = ("no such table", "no such column", "has no column")


def classify(error: sqlite3.Error, where: str) -> Exception:
    """Our error for the driver's. A bug comes back as it is.

    Args:
        where: the database, for the message.
    """
    text = str(error)
    if isinstance(error, _ABOUT_THE_DATA):
        return PermanentSinkError(text)
    if any(words in text for words in _ABOUT_THE_TABLES):
        return TablesNotReady(f"{where}: {text}", hint=MIGRATE_HINT)
    if isinstance(error, _ABOUT_OUR_SQL) or "syntax error" in text:
        return error
    return TemporarySinkError(f"{where}: {text}", hint="Check that the file's folder exists, is writable and has room.")
