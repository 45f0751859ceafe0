"""Statements that make or change tables, which take as long as the tables are large.

The server goes on with one whose client is gone. So nobody hangs up on it, it is seen at work, and whoever comes next
waits for it instead of standing in its way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

import pymysql

from sidecar.errors import SidecarError
from sidecar.storage.database import Parameter, Row, Transaction
from sidecar.storage.dsn import MysqlDsn
from sidecar.storage.mysql.connection import MysqlLimits
from sidecar.storage.mysql.database import MysqlDatabase

_MARK = "/* sidecar migrate */"
"""Before each statement, so that it is known in the server's list of what it works at."""
_ANSWER_SECONDS = 7 * 86_400.0
_LOCK_SECONDS = 5.0
"""For a table that somebody uses. Everybody else waits behind whoever waits for it, the shipper too."""
_TELL_SECONDS = 10.0
_LOOK_SECONDS = 1.0
_SESSIONS = "SHOW FULL PROCESSLIST"  # information_schema's fails on some statements (MySQL)
_DATABASE, _TIME, _STATE, _STATEMENT, _PROGRESS = 3, 5, 6, 7, 8


def patient(limits: MysqlLimits) -> MysqlLimits:
    """The limits of a connection for such statements."""
    return replace(limits, read_timeout=_ANSWER_SECONDS, lock_wait=_LOCK_SECONDS)


class Defining:
    """A Transaction whose statements are marked and seen at work.

    Args:
        run: what executes them.
        dsn, limits: of another connection, which looks at them.
        say: is told every few seconds how far it is.
    """

    def __init__(self, run: Transaction, dsn: MysqlDsn, limits: MysqlLimits, say: Callable[[str], None]) -> None:
        self._run = run
        self._dsn = dsn
        self._limits = limits
        self._say = say

    def query(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[Row]:
        return self._run.query(sql, parameters)

    def execute(self, sql: str, parameters: Sequence[Parameter] = ()) -> int:
        ((own,),) = self.query("SELECT CONNECTION_ID()")
        with self._seen(int(own)):
            return self._run.execute(f"{_MARK} {sql}", parameters)

    def wait_for_earlier(self) -> None:
        """Return when no statement of an earlier migrate of this database is at work on the server any more."""
        ((own, database),) = self.query("SELECT CONNECTION_ID(), DATABASE()")
        told = -_TELL_SECONDS
        while others := [
            row
            for row in self.query(_SESSIONS)
            if row[0] != own and row[_DATABASE] == database and str(row[_STATEMENT]).startswith(_MARK)
        ]:
            if time.monotonic() - told >= _TELL_SECONDS:
                told = time.monotonic()
                self._say(
                    f"an earlier `sidecar migrate` is still at work on the server: {_progress(others[0])}; waiting"
                )
            time.sleep(_LOOK_SECONDS)

    @contextmanager
    def _seen(self, own: int) -> Iterator[None]:
        done = threading.Event()
        watch = threading.Thread(target=self._watch, args=(own, done), daemon=True)
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()

    def _watch(self, own: int, done: threading.Event) -> None:
        if done.wait(_TELL_SECONDS):
            return
        database = MysqlDatabase(self._dsn, self._limits)
        with suppress(SidecarError, pymysql.Error, OSError):  # not seeing it is no reason to end it
            while not done.is_set():
                for row in database.query(_SESSIONS):
                    if row[0] == own:
                        self._say(f"still at work: {_progress(row)}")
                done.wait(_TELL_SECONDS)
        database.close()


def _progress(row: Row) -> str:
    """What the server says of one statement: its beginning, how long it is at it, and what it does."""
    statement = " ".join(str(row[_STATEMENT]).removeprefix(_MARK).split()[:3])
    share = f", {row[_PROGRESS]} % of this stage" if len(row) > _PROGRESS and row[_PROGRESS] else ""  # MariaDB
    return f"{statement}, {row[_TIME]} s ({row[_STATE] or 'no state'}{share})"
