"""The embedded database's file: who makes it, and what somebody is told who may not open it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sidecar.errors import TablesNotReady, TemporarySinkError
from sidecar.storage.dsn import SqliteDsn
from sidecar.storage.sqlite.database import SqliteDatabase
from sidecar.storage.sqlite.opening import connect
from tests.places import let_in, somebody


def test_only_who_makes_it_makes_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dsn = SqliteDsn(path="a?b #.db")
    with pytest.raises(TablesNotReady) as caught:
        connect(dsn, busy_timeout=0)
    assert f"no database here: {tmp_path} has no a?b #.db (SIDECAR_DATABASE_URL=sqlite:///a?b #.db)" in str(
        caught.value
    )
    for cure in ("cd to", "SIDECAR_DATABASE_URL", "sidecar init"):
        assert cure in caught.value.hint
    assert list(tmp_path.iterdir()) == []
    connect(dsn, busy_timeout=0, make=True).close()
    connect(dsn, busy_timeout=0).close()
    assert [path.name for path in tmp_path.iterdir()] == ["a?b #.db"]


def test_a_whole_path_is_told_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(TablesNotReady, match=f"there is no database {tmp_path}/sidecar.db") as caught:
        connect(SqliteDsn(path=f"{tmp_path}/sidecar.db"), busy_timeout=0)
    assert "sidecar migrate" in caught.value.hint


def test_a_second_connection_does_not_end_the_locks_of_the_first(tmp_path: Path) -> None:
    """POSIX ends a process's locks on a file when it closes any descriptor of it."""
    dsn = SqliteDsn(path=str(tmp_path / "a.db"))
    with closing(connect(dsn, busy_timeout=0, make=True)) as holder:
        holder.execute("CREATE TABLE t (x)")
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(TablesNotReady):
            connect(SqliteDsn(path=str(tmp_path / "b.db")), busy_timeout=0)
        connect(dsn, busy_timeout=0).close()
        script = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('INSERT INTO t VALUES (1)')"
        other = subprocess.run([sys.executable, "-c", script, dsn.path], capture_output=True, text=True, check=False)
    assert "database is locked" in other.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")
def test_who_may_only_read_reads_while_somebody_writes_and_is_told_what_else_to_do(tmp_path: Path) -> None:
    """A member of the group."""
    let_in(tmp_path)
    kept = tmp_path / "kept"
    kept.mkdir()
    dsn = SqliteDsn(path=str(kept / "a.db"))
    with closing(connect(dsn, busy_timeout=0, make=True)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE t (x)")
        kept.chmod(0o750)
        for path in kept.iterdir():
            path.chmod(0o640)
        assert as_somebody(dsn, "SELECT COUNT(*) FROM t") == "[(0,)]"
        writer.execute("INSERT INTO t VALUES (1)")
        assert as_somebody(dsn, "SELECT COUNT(*) FROM t") == "[(1,)]"
        assert "may read it, not change it. Do it as its owner, root." in as_somebody(dsn, "INSERT INTO t VALUES (1)")
    assert "while the shipper runs, and it does not run. Start it" in as_somebody(dsn, "SELECT COUNT(*) FROM t")
    assert "Permission denied" in as_somebody(dsn, "SELECT 1", groups=())


def as_somebody(dsn: SqliteDsn, sql: str, *, groups: tuple[int, ...] = (0,)) -> str:
    """What a user without rights of his own reads, or is told."""
    with somebody(groups):
        try:
            with closing(SqliteDatabase(dsn, busy_timeout=0)) as database:
                return str(database.query(sql))
        except TemporarySinkError as error:
            return f"{error}. {error.hint}"
