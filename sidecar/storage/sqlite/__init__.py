"""The embedded sink: one SQLite file, the standard library, the same tables and the same contract."""
