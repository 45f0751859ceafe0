"""Makes a database ready for the shipper: accounts where there is a server, and the tables."""

from __future__ import annotations

import contextlib
from contextlib import closing
from pathlib import Path
from typing import Protocol

from sidecar.errors import SidecarError, TablesNotReady, UsageError
from sidecar.setup import server
from sidecar.setup.accounts import FOLDER, Accounts
from sidecar.setup.tables import contents
from sidecar.storage.database import Database
from sidecar.storage.dsn import Dsn, MysqlDsn, SqliteDsn, parse_dsn
from sidecar.storage.mysql.database import MysqlDatabase
from sidecar.storage.mysql.sink import MysqlSink
from sidecar.storage.sqlite.database import SqliteDatabase
from sidecar.storage.sqlite.sink import SqliteSink
from sidecar.wording.plural import count


class Person(Protocol):
    """Who is told what happens, and asked where only a person can decide."""

    def tell(self, text: str) -> None:
        """Say a line."""

    def changed(self, text: str) -> None:
        """Say a line of something that was not so before."""

    def password(self, account: str) -> str | None:
        """The password of that account; None where nobody can be asked."""

    def may_renew(self, question: str) -> bool: ...


def parse_where(text: str) -> Dsn:
    """What --database names: sqlite, a sqlite URL, or what server.parse_server takes.

    Raises:
        SettingsError, UsageError: it is none of them.
    """
    text = text.strip()
    if text.lower() == "sqlite":
        return SqliteDsn(path="sidecar.db")
    scheme = text.lower().partition(":")[0]
    if scheme == "sqlite":
        return parse_dsn(text)
    if scheme in ("mysql", "mariadb"):
        return server.parse_server(text)
    raise UsageError(
        "that names no database", hint="Say sqlite, mysql, or mysql://[ADMINISTRATOR@]HOST[:PORT]/DATABASE."
    )


def make_tables(dsn: Dsn, person: Person) -> None:
    """Bring the tables up to date, and say before what is there.

    Raises:
        SidecarError: the database cannot serve, or the account may not.
    """
    with closing(SqliteSink(dsn) if isinstance(dsn, SqliteDsn) else MysqlSink(dsn)) as sink:
        if not isinstance(dsn, SqliteDsn) or Path(dsn.path).exists():
            with contextlib.suppress(TablesNotReady):
                sink.check()
                person.tell("tables: up to date")
                return
            _tell_contents(dsn, person)
        applied = sink.migrate(lambda line: person.changed(f"tables: {line}"))
        person.changed(f"tables: applied {', '.join(applied)}")


def make_accounts(accounts: Accounts, administrator_password: str | None, person: Person) -> None:
    """Have database, accounts and rights made where any of them is missing.

    Args:
        accounts: the user of their server is the administrator.
        administrator_password: where it was given.

    Raises:
        SidecarError: no server answers, the administrator is not let in or may not, or nobody allows that accounts
            with other passwords get ours.
    """
    accounts.make_passwords()
    if server.is_complete(accounts):
        person.tell(f"accounts: {accounts.names()} log in")
        return
    missing = server.denied(accounts)
    with closing(server.connect_administrator(accounts.server, administrator_password, person.password)) as connection:
        server.make(connection, accounts)
        others = server.denied(accounts)
        if others:
            _renew(connection, accounts, others, person)
    if not server.is_complete(accounts):
        raise SidecarError(
            f"{accounts.names()} were made, and yet do not get what they were given",
            hint="An account of no name ('') may stand before them: DROP USER ''@'localhost'. Then run this again.",
        )
    made = [role for role in missing if role not in others]
    said = f"made {accounts.names(made)}; passwords in {FOLDER}/" if made else "rights completed"
    if made or not others:
        person.changed(f"accounts: {said}")


def is_ready_to_go_on(accounts: Accounts) -> bool:
    """Whether an administrator has nothing to do any more; also False where the server cannot be asked."""
    try:
        return server.is_complete(accounts)
    except SidecarError:
        return False


def _renew(connection: Database, accounts: Accounts, roles: list[str], person: Person) -> None:
    names = accounts.names(roles)
    if not person.may_renew(f"{names}: there already, with other passwords than in {FOLDER}/. Give them these?"):
        raise SidecarError(
            f"{names}: there already, with other passwords than in {accounts.folder / FOLDER}",
            hint="Put theirs into the files of their names there; or say --renew-passwords, and tell whoever uses the "
            "old ones; or name another database: --database mysql://HOST/DATABASE.",
        )
    server.renew(connection, accounts, roles)
    person.changed(f"accounts: new passwords for {names}")


def _tell_contents(dsn: Dsn, person: Person) -> None:
    with closing(SqliteDatabase(dsn) if isinstance(dsn, SqliteDsn) else MysqlDatabase(dsn)) as database:
        found = contents(database)
    if found.records is not None:
        person.tell(f"a table tts_records with {count(found.records, 'row')} is there; its rows stay and are found")
    if found.others:
        ours = isinstance(dsn, MysqlDsn) and dsn.user == f"{dsn.database}_migrate"
        rights = "; the accounts made here may read them, and one may alter them" if ours else ""
        person.tell(f"{count(found.others, 'table')} of other programs in this database: left alone{rights}")
