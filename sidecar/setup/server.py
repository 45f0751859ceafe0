"""A server's database and accounts: what is there, and what an administrator's connection makes of it."""

from __future__ import annotations

import shlex
import stat
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from enum import Enum
from pathlib import Path

from sidecar.errors import SettingsError, SidecarError, TemporarySinkError
from sidecar.setup.accounts import ROLES, Accounts
from sidecar.setup.owner import as_root
from sidecar.storage.database import Database
from sidecar.storage.dsn import MysqlDsn, parse_dsn
from sidecar.storage.mysql.connection import MysqlLimits
from sidecar.storage.mysql.database import MysqlDatabase

DEFAULT_DATABASE = "tts"
DEFAULT_ADMINISTRATOR = "root"
_SOCKETS = ("/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/run/mysql/mysql.sock", "/tmp/mysql.sock")
_LIMITS = MysqlLimits(connect_timeout=5.0, read_timeout=60.0)
_DENIED = {1045, 1698}
_NO_DATABASE_OR_RIGHT = {1044, 1049}
_MAY_NOT = {1044, 1142, 1227, 1410}
_BY_PASSWORD = "Put its password into MYSQL_PWD or a file for --admin-password-file."
_BY_ITS_SOCKET = (
    f"Where it logs in by the socket alone, as root does on Debian: sudo {shlex.quote(sys.executable)} -m sidecar init "
    "and the rest as before. Or add --print-sql and pipe what it prints into `sudo mysql`."
)


class Login(Enum):
    """What became of an attempt to log in."""

    DONE = "done"
    DENIED = "denied"
    """No such account, or another password: the server does not tell which."""
    NOWHERE = "nowhere"
    """The password is right; the database or a right on it is missing."""


def parse_server(text: str) -> MysqlDsn:
    """What --database names: mysql, or mysql://[ADMINISTRATOR@]HOST[:PORT]/DATABASE[?options].

    Without a host, and for localhost, the server's socket is taken where it is found in a usual place.

    Raises:
        SettingsError: it is not such a URL, or holds a password.
    """
    rest = text.partition("://")[2]
    authority, slash, database = rest.partition("/")
    user, at, host = authority.rpartition("@")
    if ":" in user:
        raise SettingsError(
            "--database holds a password, which `ps` would show",
            hint="Leave it out: it is asked for, or read from MYSQL_PWD or the file of --admin-password-file.",
        )
    user = user if at else DEFAULT_ADMINISTRATOR
    dsn = parse_dsn(f"mysql://{user}@{host or 'localhost'}{slash or '/'}{database or DEFAULT_DATABASE}")
    assert isinstance(dsn, MysqlDsn), "its scheme is mysql"
    if dsn.hosts == (("localhost", 3306),):
        socket = next(filter(_is_socket, _SOCKETS), None)
        return replace(dsn, hosts=(), unix_socket=socket) if socket else replace(dsn, hosts=(("127.0.0.1", 3306),))
    return dsn


def log_in(dsn: MysqlDsn) -> Login:
    """
    Raises:
        TemporarySinkError: no server answers, or it refuses for another reason.
    """
    try:
        with closing(MysqlDatabase(dsn, _LIMITS)) as database:
            database.query("SELECT 1")
    except TemporarySinkError as error:
        if number(error) in _DENIED:
            return Login.DENIED
        if number(error) in _NO_DATABASE_OR_RIGHT:
            return Login.NOWHERE
        raise _reachable(error) from error
    return Login.DONE


def is_complete(accounts: Accounts) -> bool:
    """Whether all three accounts log in with our passwords, and the shipping one has its rights on every table."""
    if any(log_in(accounts.dsn(role)) is not Login.DONE for role in ROLES):
        return False
    with closing(MysqlDatabase(accounts.dsn("ship"), _LIMITS)) as database:
        granted = [str(row[0]) for row in database.query("SHOW GRANTS")]
    wanted = {f" ON `{accounts.server.database}`.`{table}` TO " for table in accounts.tables()}
    # A run that was killed half-way may have left CREATE, by which a table can be granted before it is there.
    return all(any(each in line and " CREATE" not in line for line in granted) for each in wanted)


def connect_administrator(server: MysqlDsn, password: str | None, ask: Callable[[str], str | None]) -> Database:
    """A connection of the account that may create accounts.

    Args:
        server: its user is the administrator.
        password: where it was given.
        ask: for the password of the account that it is called with; None where nobody can be asked.

    Raises:
        TemporarySinkError: no server answers, or it does not let the account in.
    """
    attempt = replace(server, password=password or "", database="")
    try:
        return _opened(attempt)
    except TemporarySinkError as error:
        if number(error) not in _DENIED:
            raise _reachable(error) from error
        given = ask(f"{server.user}@{server.where}") if password is None else None
        if not given:
            raise _not_let_in(attempt, error, tried=password is not None) from error
    try:
        return _opened(replace(attempt, password=given))
    except TemporarySinkError as error:
        raise _not_let_in(attempt, error, tried=True) from error


def make(administrator: Database, accounts: Accounts) -> None:
    """Database, accounts and rights, as far as they are missing.

    Raises:
        SidecarError: the account may not, or the server does not.
    """
    for statement in accounts.statements():
        _administrate(administrator, statement)


def renew(administrator: Database, accounts: Accounts, roles: list[str]) -> None:
    """Give these accounts our passwords.

    Raises:
        SidecarError: the account may not, or the server does not.
    """
    for statement in accounts.renewals(roles):
        _administrate(administrator, statement)


def denied(accounts: Accounts) -> list[str]:
    """Roles whose accounts are not there, or have other passwords than ours."""
    return [role for role in ROLES if log_in(accounts.dsn(role)) is Login.DENIED]


def number(error: SidecarError) -> int:
    """The server's error number behind an error of ours, 0 where there is none."""
    cause = error.__cause__
    found = cause.args[0] if cause is not None and cause.args else 0
    return found if isinstance(found, int) else 0


def _opened(dsn: MysqlDsn) -> Database:
    database = MysqlDatabase(dsn, _LIMITS)
    try:
        with as_root():
            database.query("SELECT 1")
    except BaseException:
        database.close()
        raise
    return database


def _administrate(administrator: Database, statement: str) -> None:
    try:
        administrator.execute(statement)
    except TemporarySinkError as error:
        if number(error) not in _MAY_NOT:
            raise
        raise SidecarError(
            f"this account may not create databases and accounts: {error.__cause__.args[1] if error.__cause__ else ''}",
            hint="Name one that may: --database mysql://ADMINISTRATOR@HOST/DATABASE. Or hand the SQL to whoever may "
            "run it (--print-sql). Or use an account of your own: its URL in SIDECAR_DATABASE_URL.",
        ) from error


def _reachable(error: TemporarySinkError) -> TemporarySinkError:
    if number(error) not in (2002, 2003):
        return error
    return TemporarySinkError(
        f"no server answers: {error}",
        hint="Start it (Debian: apt-get install mariadb-server), or name another by --database "
        "mysql://HOST:PORT/DATABASE; --database sqlite needs none.",
    )


def _not_let_in(dsn: MysqlDsn, error: TemporarySinkError, *, tried: bool) -> TemporarySinkError:
    if number(error) not in _DENIED:
        return error
    how = "with this password" if tried else "without a password"
    return TemporarySinkError(
        f"{dsn.where} does not let {dsn.user} in {how} ({number(error)})",
        hint=_BY_ITS_SOCKET if tried else f"{_BY_PASSWORD} {_BY_ITS_SOCKET}",
    )


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(Path(path).stat().st_mode)
    except OSError:
        return False
