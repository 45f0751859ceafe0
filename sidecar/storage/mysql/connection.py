"""One connection: the session it wants, TLS, and the several hosts that a URL may name."""

from __future__ import annotations

import socket
import ssl
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import pymysql
from pymysql.connections import Connection
from pymysql.constants import CR
from pymysql.cursors import Cursor

from sidecar.errors import SettingsError
from sidecar.storage.dsn import MysqlDsn
from sidecar.storage.mysql.driver import loaded_late

# Lock waits end on the server before the client's patience does, so that they come back as an error with a number.
# READ COMMITTED takes no gap locks, so two shippers do not block each other.
# The server hangs up on a session that has been silent for a while. Otherwise one whose client froze in the middle of a
# transaction, or vanished behind a dead network, would keep its locks for eight hours.
# What a server is told to hold every client to (rows of an answer, UPDATE only by a key) is not meant for this program.
_SESSION = (
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', "
    "innodb_lock_wait_timeout = {wait}, lock_wait_timeout = {wait}, wait_timeout = {idle}, "
    "sql_select_limit = 9223372036854775807, sql_safe_updates = 0",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
)
# OceanBase has these times under its own names, in microseconds. By default it ends any statement after ten seconds,
# and a transaction whose client is gone, which it may notice late, keeps its locks for a day. That it has been idle it
# sees now and then only (one of 2 s was ended after 34); how long it has been open, to the moment.
_OCEANBASE_SESSION = (
    "SET SESSION ob_query_timeout = {answer}000000, ob_trx_timeout = {answer}000000, "
    "ob_trx_lock_timeout = {wait}000000, "
    "ob_trx_idle_timeout = {wait}000000"
)
_PACKET_HEADROOM = 1024
_LEAST_IDLE_SECONDS = 5
_IDLE_SHARE = 0.75
"""A connection that has been idle for more than this share of the server's timeout is not used again. With the default
settings an idle shipper probes after half of the timeout; a new connection for each probe would be most of its cost."""


@dataclass(frozen=True, kw_only=True)
class MysqlLimits:
    connect_timeout: float = 3.0
    """Seconds for the connection to come up."""
    read_timeout: float = 10.0
    """Seconds that one answer may take before the connection is given up."""
    lock_wait: float | None = None
    """Seconds that the server waits for a lock; half of read_timeout unless given."""
    statement_bytes: int = 512 * 1024
    """Aim for the size of one multi-row statement."""
    only_read_for: int | None = None
    """Seconds that one query may take on a connection that changes nothing, whatever its account may do; None where
    it may write."""


def _only_reading(connection: Connection[Cursor], seconds: int) -> Sequence[str]:
    mariadb = "mariadb" in str(connection.get_server_info()).lower()  # type: ignore[no-untyped-call]
    limit = f"max_statement_time = {seconds}" if mariadb else f"max_execution_time = {seconds * 1000}"
    return "SET SESSION TRANSACTION READ ONLY", f"SET SESSION {limit}"


class Link:
    """The connection of one thread, made when first needed and again after it is lost.

    Args:
        dsn: where the database is.
        limits: timeouts.
    """

    def __init__(self, dsn: MysqlDsn, limits: MysqlLimits) -> None:
        self._dsn = dsn
        self._limits = limits
        self._connection: Connection[Cursor] | None = None
        self._host_index = 0
        self._idle_limit = max(_LEAST_IDLE_SECONDS, int(3 * limits.read_timeout))
        self._used_at = 0.0
        self.max_statement = 0
        """Bytes of the largest statement that the server takes; known once connected."""

    def connected(self) -> Connection[Cursor]:
        """
        Raises:
            pymysql.Error, OSError: none of the hosts answers; what the last one tried said.
        """
        before, self._used_at = self._used_at, time.monotonic()
        if self._used_at - before > self._idle_limit * _IDLE_SHARE:
            self.give_up()  # the server may have hung up, or is about to
        if self._connection is not None and self._connection.open:
            return self._connection
        hosts: Sequence[tuple[str | None, int]] = self._dsn.hosts or [(None, 0)]
        for left in reversed(range(len(hosts))):
            host, port = hosts[self._host_index % len(hosts)]
            try:
                self._connection = self._connect(host, port)
                break
            except (pymysql.Error, OSError):
                self._host_index += 1
                if not left:
                    raise
        assert self._connection is not None, "there is at least one host"
        return self._connection

    def roll_back(self) -> None:
        """Undo what is open. A connection that cannot even do that is given up."""
        if self._connection is None:
            return
        try:
            self._connection.rollback()
        except (pymysql.Error, OSError):
            self.give_up()

    def move_on(self) -> None:
        """This host answers but cannot serve; the next call tries the next one."""
        self.give_up()
        self._host_index += 1

    def give_up(self) -> None:
        """Drop the connection without waiting for the server's answer, which may never come."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection._force_close()  # type: ignore[attr-defined]

    def _connect(self, host: str | None, port: int) -> Connection[Cursor]:
        try:
            return self._logged_in(host, port)
        except RuntimeError as error:
            if not loaded_late(error):
                raise
            return self._logged_in(host, port)

    def _logged_in(self, host: str | None, port: int) -> Connection[Cursor]:
        connection = pymysql.connect(
            host=host,
            port=port,
            unix_socket=self._dsn.unix_socket,
            user=self._dsn.user,
            password=self._dsn.password.encode(),  # as text the driver would take it for latin1
            database=self._dsn.database,
            charset="utf8mb4",
            connect_timeout=cast(int, self._limits.connect_timeout),
            read_timeout=self._limits.connect_timeout,  # until it is up, so that a silent host costs no more
            write_timeout=self._limits.read_timeout,
            ssl=tls_context(self._dsn),
            ssl_disabled=self._dsn.ssl in ("off", "prefer"),
            autocommit=False,
            defer_connect=True,
        )
        if self._dsn.ssl == "prefer":
            # As the driver does it, but without reading the machine's certificates, which nobody looks at: 25 ms.
            connection.ssl, connection.ctx = True, _unverified()  # type: ignore[attr-defined]
        try:
            if self._dsn.unix_socket:
                connection._secure = True  # type: ignore[attr-defined]  # no network: a password may go in the clear
                connection.connect(_local_socket(self._dsn.unix_socket, self._limits.connect_timeout))
            else:
                connection.connect()
            with connection.cursor() as cursor:
                answer = max(1, int(self._limits.read_timeout))
                wait = max(1, int(self._limits.lock_wait or self._limits.read_timeout / 2))
                for statement in _SESSION:
                    cursor.execute(statement.format(wait=wait, idle=self._idle_limit))
                if self._limits.only_read_for is not None:
                    for statement in _only_reading(connection, self._limits.only_read_for):
                        cursor.execute(statement)
                cursor.execute("SELECT @@max_allowed_packet, VERSION()")
                row = cursor.fetchone()
                if row is not None and "OceanBase" in row[1]:
                    cursor.execute(_OCEANBASE_SESSION.format(wait=wait, answer=answer))
        except BaseException:
            connection._force_close()  # type: ignore[attr-defined]  # the driver leaves a refused socket open
            raise
        assert row is not None, "a SELECT without FROM has one row"
        connection.commit()
        self.max_statement = int(row[0]) - _PACKET_HEADROOM
        connection._read_timeout = self._limits.read_timeout  # type: ignore[attr-defined]
        return connection


def _local_socket(path: str, timeout: float) -> socket.socket:
    """A connected socket. The driver would leave one that is refused open.

    Raises:
        pymysql.err.OperationalError: nobody listens there.
    """
    if sys.platform == "win32":
        raise pymysql.err.OperationalError(CR.CR_CONN_HOST_ERROR, f"Windows has no socket {path!r}: name host and port")
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connected.settimeout(timeout)
    try:
        connected.connect(path)
    except OSError as error:
        connected.close()
        message = f"Can't connect to MySQL server on {path!r} ({error})"
        raise pymysql.err.OperationalError(CR.CR_CONN_HOST_ERROR, message) from error
    return connected


def tls_context(dsn: MysqlDsn) -> ssl.SSLContext | None:
    """The TLS settings of the URL, where it demands TLS; else None.

    Raises:
        SettingsError: a certificate file cannot be used.
    """
    if dsn.ssl in ("off", "prefer"):
        return None
    try:
        context = ssl.create_default_context(cafile=dsn.ssl_ca) if dsn.ssl == "verify" else _unverified()
        if dsn.ssl_cert:
            context.load_cert_chain(dsn.ssl_cert, dsn.ssl_key)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"a TLS file of the database URL cannot be used: {error}") from error
    return context


def _unverified() -> ssl.SSLContext:
    """Encrypts for whoever answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
