"""The database's address, as one URL: sqlite:///file, mysql://user:password@host:3306/database?option=value."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode

from sidecar.errors import SettingsError

DEFAULT_MYSQL_PORT = 3306
_MYSQL_SCHEMES = ("mysql", "mysql+pymysql", "mariadb")
_MYSQL_OPTIONS = ("unix_socket", "ssl", "ssl_ca", "ssl_cert", "ssl_key")
_SSL_MODES = ("off", "prefer", "on", "verify")
_FORMS = (
    "Write sqlite:///FILE or mysql://USER:PASSWORD@HOST:PORT/DATABASE; characters such as @ : / # in the password "
    "as %40 %3A %2F %23, or put it into SIDECAR_DATABASE_PASSWORD."
)


@dataclass(frozen=True, kw_only=True)
class SqliteDsn:
    path: str
    """File name, relative to the working folder where it is not absolute."""

    def __str__(self) -> str:
        return f"sqlite:///{self.path}"


@dataclass(frozen=True, kw_only=True)
class MysqlDsn:
    hosts: tuple[tuple[str, int], ...]
    """Host and port, tried in this order; empty where a socket is named."""
    user: str
    password: str = field(repr=False, default="")
    database: str
    unix_socket: str | None = None
    ssl: str = "prefer"
    """off; prefer: encrypted where the server offers it; on: encrypted, certificate not checked; verify: certificate
    and host name checked."""
    ssl_ca: str | None = None
    ssl_cert: str | None = None
    ssl_key: str | None = None

    def __str__(self) -> str:
        """The URL without the password, for logs."""
        return f"mysql://{self.user}@{self.where}/{self.database}"

    @property
    def where(self) -> str:
        if self.unix_socket:
            return self.unix_socket
        return ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.hosts)

    @property
    def url(self) -> str:
        """The URL as SIDECAR_DATABASE_URL takes it, without the password."""
        options = {name: value for name in _MYSQL_OPTIONS if (value := getattr(self, name)) and value != "prefer"}
        query = f"?{urlencode(options, safe='/')}" if options else ""
        where = "localhost" if self.unix_socket else self.where
        return f"mysql://{quote(self.user, safe='')}@{where}/{quote(self.database, safe='')}{query}"


Dsn = SqliteDsn | MysqlDsn


def whole(dsn: Dsn) -> str:
    """The URL without the password, and with the file's whole path: for whoever is in another folder."""
    return f"sqlite:///{os.path.abspath(dsn.path)}" if isinstance(dsn, SqliteDsn) else str(dsn)


def parse_dsn(url: str, password: str | None = None) -> Dsn:
    """
    Args:
        url: as in SIDECAR_DATABASE_URL.
        password: takes the place of the URL's own.

    Raises:
        SettingsError: it is not such a URL. The message never repeats the URL, which may hold a password.
    """
    scheme, separator, rest = url.strip().partition("://")
    if not separator:
        raise SettingsError("the database URL has no scheme", hint=_FORMS)
    if scheme == "sqlite":
        path = rest[1:] if rest.startswith("/") else rest
        if not path:
            raise SettingsError("the SQLite URL names no file", hint=_FORMS)
        return SqliteDsn(path=path)
    if scheme in _MYSQL_SCHEMES:
        return _parse_mysql(rest, password)
    raise SettingsError(f"the database URL's scheme is {scheme!r}; sqlite and mysql are known", hint=_FORMS)


def _parse_mysql(rest: str, password: str | None) -> MysqlDsn:
    rest, _, query = rest.partition("?")
    authority, _, database = rest.partition("/")
    credentials, _, hosts = authority.rpartition("@")
    user, _, url_password = credentials.partition(":")
    if not user:
        raise SettingsError("the MySQL URL names no user", hint=_FORMS)
    if not database or "/" in database:
        raise SettingsError("the MySQL URL must end with one database name", hint=_FORMS)
    options = dict(parse_qsl(query, keep_blank_values=True))
    unknown = sorted(set(options) - set(_MYSQL_OPTIONS))
    if unknown:
        raise SettingsError(
            f"the MySQL URL has an unknown option {unknown[0]!r}",
            hint=f"Known are {', '.join(_MYSQL_OPTIONS)}.",
        )
    ssl = options.get("ssl", "verify" if "ssl_ca" in options else "prefer")
    if ssl not in _SSL_MODES:
        raise SettingsError(f"the MySQL URL says ssl={ssl}", hint=f"Known are {', '.join(_SSL_MODES)}.")
    unix_socket = options.get("unix_socket")
    return MysqlDsn(
        hosts=() if unix_socket else tuple(_parse_host(host) for host in hosts.split(",")),
        user=unquote(user),
        password=password if password is not None else unquote(url_password),
        database=unquote(database),
        unix_socket=unix_socket,
        ssl=ssl,
        ssl_ca=options.get("ssl_ca"),
        ssl_cert=options.get("ssl_cert"),
        ssl_key=options.get("ssl_key"),
    )


def _parse_host(text: str) -> tuple[str, int]:
    host, port = text, ""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif ":" in text:
        host, _, port = text.rpartition(":")
    if not host:
        raise SettingsError("the MySQL URL names no host", hint=_FORMS)
    if port and not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise SettingsError("the MySQL URL's port is not a number from 1 to 65535", hint=_FORMS)
    return host, int(port) if port else DEFAULT_MYSQL_PORT
