"""The embedded sink: one SQLite file, the standard library, the same tables and the same contract."""

from sidecar.storage.sqlite.database import SqliteDatabase
from sidecar.storage.sqlite.sink import SqliteSink

__all__ = ["SqliteDatabase", "SqliteSink"]
