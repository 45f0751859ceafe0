"""What both sinks do alike: everything but the connection, and how a batch's rows are written.

SQL is written once for both dialects, with ? for each parameter.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timezone
from functools import cache
from typing import Literal, TypeVar

from sidecar.errors import Rehearsed
from sidecar.storage import migrations
from sidecar.storage.database import Transaction, in_chunks, marks
from sidecar.storage.sink import Acknowledgement, Batch, Position
from sidecar.storage.statements import QUARANTINE_COLUMNS, Dialect, insert_head, keep_existing, requarantine
from sidecar.storage.tombstones import Judged, erase

T = TypeVar("T")

_SELECT_POSITION = "SELECT identity, ctime_ns, files, revision FROM sidecar_positions WHERE shipper = ? AND folder = ?"
_POSITION_COLUMNS = ("shipper", "folder", "identity", "ctime_ns", "files", "revision", "updated_at")


def nothing(_line: str) -> None:
    """Whoever does not listen."""


class SqlSink(ABC):
    """See sidecar.storage.sink.Sink."""

    dialect_name: Literal["mysql", "sqlite"]
    dialect: Dialect
    migrations_columns: str
    """Of the table of applied migrations, as DDL."""

    def check(self) -> None:
        self._run(lambda run: migrations.require_current(self.dialect_name, self._applied(run)))

    def open_position(self, shipper: str, folder: str) -> Position:
        return self._run(lambda run: self._open_position(run, shipper, folder))

    def quarantined_paths(self, shipper: str, folder: str) -> set[str]:
        below = folder.rstrip("/") + "/"
        rows = self._run(
            lambda run: run.query(
                "SELECT path FROM sidecar_quarantine WHERE shipper = ? AND status = 'quarantined' "
                "AND SUBSTR(path, 1, ?) = ?",
                (shipper, len(below), below),
            )
        )
        return {str(path) for (path,) in rows}

    def rehearse(self, batch: Batch) -> None:
        """Do everything that commit does, for a shipper that need not be known, and undo it.

        Raises:
            TemporarySinkError, PermanentSinkError: as commit would.
        """

        def work(run: Transaction) -> None:
            self._open_position(run, batch.shipper, batch.folder)
            self._commit(run, batch, new=False)
            raise Rehearsed("undone")

        with contextlib.suppress(Rehearsed):
            self._run(work)

    def migrate(self, say: Callable[[str], None] = nothing) -> list[str]:
        """Create or upgrade the tables. A tts_records of another program is taken over, with its rows.

        Args:
            say: is told in one line what else was done.

        Returns:
            Names of the migrations that were applied now.

        Raises:
            TablesNotReady: a table of that name is there that cannot be taken over. Nothing has been changed.
        """
        return self._run(lambda run: self._migrate(run, say))

    @abstractmethod
    def _run(self, work: Callable[[Transaction], T]) -> T:
        """Do the work in one transaction of its own and turn the driver's errors into ours."""

    @abstractmethod
    def _applied(self, run: Transaction) -> set[str]:
        """Names of the migrations that have been applied; none where there is no table of them."""

    @abstractmethod
    def _says_that_it_is_there(self, error: Exception) -> bool:
        """Whether a column that was to be added is there: of a migration that was killed before it was noted."""

    @abstractmethod
    def _adopt(self, run: Transaction, known: list[migrations.Migration]) -> list[str]:
        """Take over a tts_records of another program; see sidecar.storage.adoption.

        Returns:
            What was done, in lines for people.
        """

    @abstractmethod
    def _largest_content(self) -> int | None:
        """Bytes of a quarantined file that one statement has room for; None where it has for any."""

    @abstractmethod
    def _commit(self, run: Transaction, batch: Batch, *, new: bool) -> Acknowledgement:
        """
        Args:
            new: take every event for new, where that is cheaper.
        """

    @abstractmethod
    def _may_delete(self, run: Transaction) -> bool:
        """Whether the account has the right to delete events and records, which shipping does not need."""

    def _bury(self, run: Transaction, judged: Judged) -> None:
        """Erase what the batch's tombstones speak of and an earlier commit, or a restored backup, has brought here.
        Where the account may not, `sidecar forget --pending` does so with one that may."""
        if judged.buried and self._may_delete(run):
            erase(run, judged.buried)

    def _open_position(self, run: Transaction, shipper: str, folder: str) -> Position:
        rows = run.query(_SELECT_POSITION, (shipper, folder))
        if not rows:
            run.execute(
                f"{insert_head('sidecar_positions', _POSITION_COLUMNS)}(?, ?, '', 0, 0, 0, ?) "
                + keep_existing(self.dialect, "shipper, folder"),
                (shipper, folder, datetime.now(timezone.utc)),
            )
            rows = run.query(_SELECT_POSITION, (shipper, folder))
        ((identity, ctime_ns, files, revision),) = rows
        return Position(identity=identity, ctime_ns=ctime_ns, files=files, revision=revision)

    def _quarantine(self, run: Transaction, batch: Batch) -> None:
        """Store the batch's quarantine entries, and mark those that are shipped with it."""
        largest = self._largest_content()
        for entry in batch.quarantined:
            content = entry.content[:largest]
            said = (str(entry.reason), entry.message, "quarantined", entry.size, content, 1)
            run.execute(
                _requarantine(self.dialect), (batch.shipper, entry.path, *said, batch.recorded_at, batch.recorded_at)
            )
        for paths in in_chunks(batch.mended):
            run.execute(
                "UPDATE sidecar_quarantine SET status = 'shipped' WHERE shipper = ? AND status = 'quarantined' "
                f"AND path IN ({marks(paths)})",
                (batch.shipper, *paths),
            )

    def _apply(self, run: Transaction, statement: str) -> None:
        try:
            run.execute(statement)
        except Exception as error:
            if not self._says_that_it_is_there(error):
                raise

    def _migrate(self, run: Transaction, say: Callable[[str], None]) -> list[str]:
        pending = migrations.pending(self.dialect_name, self._applied(run))
        known = migrations.migrations(self.dialect_name)
        # The second of them makes the views, which is where the table of another program was first in the way.
        if not {each.name for each in known[:2]}.isdisjoint(each.name for each in pending):
            for line in self._adopt(run, known):
                say(line)
        run.execute(f"CREATE TABLE IF NOT EXISTS {migrations.MIGRATIONS_TABLE} {self.migrations_columns}")
        for migration in pending:
            for statement in migration.statements:
                self._apply(run, statement)
            run.execute(
                f"{insert_head(migrations.MIGRATIONS_TABLE, migrations.MIGRATIONS_COLUMNS)}(?, ?, ?) "
                + keep_existing(self.dialect, "number"),
                (migration.number, migration.name, datetime.now(timezone.utc)),
            )
        return [migration.name for migration in pending]


@cache
def _requarantine(dialect: Dialect) -> str:
    head = insert_head("sidecar_quarantine", QUARANTINE_COLUMNS)
    return f"{head}({marks(QUARANTINE_COLUMNS)}) {requarantine(dialect)}"
