"""One private database server: its folder, its process, its accounts."""

from __future__ import annotations

import abc
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar
from urllib.parse import quote

import pymysql
from pymysql.constants import CR, ER

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

HOST = "127.0.0.1"
START_DEADLINE = 180.0  # seconds; a busy machine takes a minute
STOP_DEADLINE = 60.0  # seconds
SOCKET_PATH_LIMIT = 107  # bytes, of sockaddr_un on Linux

Option: TypeAlias = str | int | bool | Path
ServerType = TypeVar("ServerType", bound="Server")


class ServerMissingError(RuntimeError):
    """The server's programs are not on this machine; the message says why and what to do."""


class ServerFailedError(RuntimeError):
    """The server's programs are there and did not do their work; the message ends with the server's log."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user of one server who may connect from anywhere."""

    user: str
    password: str


def sqlite_url(path: Path) -> str:
    """The database URL of an SQLite file at an absolute path."""
    return f"sqlite:///{path.absolute().as_posix()}"


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


class Server(abc.ABC):
    """A private server instance; a context manager that starts it and at the end leaves nothing behind.

    Data, port and options outlive stop, kill and start; only leaving the context removes them.
    Start it from a thread that lives as long as it should: it is ended when that thread dies.
    """

    kind: ClassVar[str]
    templates: ClassVar[Path | None] = None
    """Where data folders just filled are kept, to be copied for the next server of the kind; None to fill each anew."""

    def __init__(self, options: Mapping[str, Option] | None = None) -> None:
        """options: the server's own, by name; they hold until restart is given others."""
        self.options: dict[str, Option] = dict(options or {})
        self.host = HOST
        self.port = 0
        self.founds = True
        """Whether it makes its owner: in a cluster accounts are replicated, and who joins gets that one with them."""
        self.folder: Path  # made on entering
        self._process: subprocess.Popen[bytes] | None = None
        self._owner: Account | None = None
        self._made = 0

    # What differs between the kinds of server.

    @classmethod
    @abc.abstractmethod
    def find(cls) -> None:
        """Raise ServerMissingError, which says why, where this machine has no such server."""

    @abc.abstractmethod
    def _make_folder(self) -> Path:
        """Make this instance's own folder, where the server can see it."""

    @abc.abstractmethod
    def _initialise(self) -> Sequence[str]:
        """The command that fills the data folder."""

    @abc.abstractmethod
    def _serve(self) -> Sequence[str]:
        """The command that runs the server in the foreground, without the options common to all."""

    def _seen_by_server(self, path: Path) -> str:
        """A path inside this instance's folder as the server sees it."""
        return str(path)

    # Life.

    def __enter__(self: ServerType) -> ServerType:
        self.find()
        self.folder = self._make_folder()
        try:
            self._fill()
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    @property
    def running(self) -> bool:
        """Whether the process is there, frozen or not."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The server's own process id. Raises ServerFailedError where it does not run."""
        if self._process is None or self._process.poll() is not None:
            raise ServerFailedError(f"{self.kind} does not run")
        return self._process.pid

    def start(self) -> None:
        """Start the process and wait until it answers. Raises ServerFailedError after a deadline."""
        assert not self.running, f"{self.kind} runs already"
        first = self.port == 0
        for attempts_left in reversed(range(3 if first else 1)):
            if first:
                self.port = free_port()
            self._process = self._spawn([*self._serve(), *self._common_options()])
            try:
                self._wait_until_ready()
                break
            except ServerFailedError as error:
                self.kill()
                # Someone else may have taken the free port in the meantime.
                if not attempts_left or "address already in use" not in str(error).lower():
                    raise
        if self._owner is None:
            if self.founds:
                self._owner = self.create_account(["ALL PRIVILEGES ON *.*"], user="owner")
            else:
                self._owner = Account(user="owner", password="")

    def stop(self) -> None:
        """End the process the orderly way and wait for it; harmless where it does not run."""
        if self._process is None:
            return
        if self.running:
            self.thaw()
            self._process.terminate()
        try:
            self._process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerFailedError(f"{self.kind} did not stop within {STOP_DEADLINE} s\n{self.log_tail()}") from None
        self._process = None

    def kill(self) -> None:
        """End the process without warning (SIGKILL), as a crash would; harmless where it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_DEADLINE)
            self._process = None

    def restart(self, options: Mapping[str, Option] | None = None) -> None:
        """Stop, then start on the same data and port, with these options over those from before."""
        self.stop()
        self.options.update(options or {})
        self.start()

    def freeze(self) -> None:
        """Stop the process from running (SIGSTOP): connections stay open and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process run on (SIGCONT)."""
        os.kill(self.pid, signal.SIGCONT)

    def log_tail(self, lines: int = 30) -> str:
        """The last lines of the server's own log."""
        path = self.folder / "server.log"
        text = path.read_text("utf-8", "replace") if path.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    # Databases and accounts.

    @property
    def owner(self) -> Account:
        """An account that may do everything; the one in url() unless another is given."""
        assert self._owner is not None, "the server has not been started"
        return self._owner

    def connect(
        self, database: str | None = None, account: Account | None = None, **settings: Any
    ) -> Connection[Cursor]:
        """A new PyMySQL connection in autocommit: as root over the socket, or as an account over TCP.

        settings go to pymysql.connect. Raises pymysql.err.OperationalError.
        """
        merged: dict[str, Any] = {"charset": "utf8mb4", "autocommit": True, "connect_timeout": 10} | settings
        if account is None:
            # Handed over ready made, because PyMySQL does not close a socket file's socket that is refused.
            connection = pymysql.connect(user="root", database=database, defer_connect=True, **merged)
            connection.connect(self._socket(merged["connect_timeout"]))
            return connection
        return pymysql.connect(
            host=self.host,
            port=self.port,
            user=account.user,
            password=account.password.encode(),
            database=database,
            **merged,
        )

    def execute(self, *statements: str) -> None:
        """Run statements as root on a connection of their own."""
        with self.connect() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    @property
    def version(self) -> str:
        """The version as the server tells it."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT VERSION()")
            row = cursor.fetchone()
        assert row is not None
        return str(row[0])

    def create_database(self, name: str | None = None, *, charset: str = "utf8mb4") -> str:
        """Make an empty database and return its name, a new one unless given."""
        if name is None:
            self._made += 1
            name = f"sidecar_{self._made}"
        self.execute(f"CREATE DATABASE `{name}` CHARACTER SET {charset}")
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database; connections that still use it are ended, lest one of their locks holds us up."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s", (name,))
            for (thread,) in cursor.fetchall():
                _end_connection(cursor, thread)
            cursor.execute(f"DROP DATABASE `{name}`")

    def create_account(
        self,
        grants: Sequence[str] = (),
        *,
        user: str | None = None,
        password: str | None = None,
        require: str = "",
    ) -> Account:
        """Make an account that may connect from anywhere.

        grants: each what stands between GRANT and TO, such as "SELECT, INSERT ON `db`.*".
        user, password: new ones unless given. require: such as "SSL".
        """
        if user is None:
            self._made += 1
            user = f"user_{self._made}"
        account = Account(user=user, password=secrets.token_urlsafe(12) if password is None else password)
        with self.connect() as connection, connection.cursor() as cursor:
            requirement = f" REQUIRE {require}" if require else ""
            cursor.execute(f"CREATE USER %s@'%%' IDENTIFIED BY %s{requirement}", (account.user, account.password))
            for grant in grants:
                cursor.execute(f"GRANT {grant.replace('%', '%%')} TO %s@'%%'", (account.user,))
        return account

    def url(self, database: str, account: Account | None = None) -> str:
        """The database URL as SIDECAR_DATABASE_URL takes it, of the owner unless another account is given."""
        account = account or self.owner
        return (
            f"mysql://{quote(account.user, safe='')}:{quote(account.password, safe='')}"
            f"@{self.host}:{self.port}/{quote(database, safe='')}"
        )

    # Inside.

    @property
    def _socket_path(self) -> Path:
        return self.folder / "s.sock"

    def _socket(self, timeout: float) -> socket.socket:
        connected = socket.socket(socket.AF_UNIX)
        connected.settimeout(timeout)
        try:
            connected.connect(str(self._socket_path))
        except OSError as error:
            connected.close()
            raise pymysql.err.OperationalError(CR.CR_CONNECTION_ERROR, f"no answer on the socket: {error}") from error
        connected.settimeout(None)
        return connected

    def _common_options(self) -> list[str]:
        options: dict[str, Option] = {
            "datadir": self._seen_by_server(self.folder / "data"),
            "socket": self._seen_by_server(self.folder / "s.sock"),
            "pid-file": self._seen_by_server(self.folder / "pid"),
            # A MariaDB that starts clears its folder for temporary tables: in /tmp those of its neighbours too.
            "tmpdir": self._seen_by_server(self.folder / "tmp"),
            "bind-address": self.host,
            "port": self.port,
        }
        if len(os.fsencode(self.folder / "s.sock")) > SOCKET_PATH_LIMIT:
            raise ServerFailedError(f"the path is too long for a socket: {self.folder / 's.sock'}")
        return [f"--{name}={self._rendered(value)}" for name, value in (options | self.options).items()]

    def _rendered(self, value: Option) -> str:
        if isinstance(value, bool):
            return "ON" if value else "OFF"
        if isinstance(value, Path):
            return self._seen_by_server(Path(shutil.copy(value, self.folder)))
        return str(value)

    def _spawn(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        # Where the test process is killed, so is the server: nobody else would end it.
        setpriv = shutil.which("setpriv")
        guard = [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
        with (self.folder / "server.log").open("wb") as log:
            return subprocess.Popen([*guard, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def _fill(self) -> None:
        """Fill the data folder: a copy takes a tenth of the time that the server's own program takes."""
        template = self.templates / self.kind if self.templates else None
        if template and template.exists():
            _copy(template, self.folder / "data")
            return
        self._run_initialise()
        if template:
            (self.folder / "data" / "auto.cnf").unlink(missing_ok=True)  # what tells one MySQL from another
            _copy(self.folder / "data", template)

    def _run_initialise(self) -> None:
        command = [*self._initialise()]
        # Here too a folder for temporary tables that no neighbour clears.
        environment = {**os.environ, "TMPDIR": self._seen_by_server(self.folder / "tmp")}
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, env=environment)
        if done.returncode:
            output = (done.stdout + done.stderr).decode("utf-8", "replace")
            raise ServerFailedError(f"{' '.join(command)} ended with {done.returncode}\n{output}")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_DEADLINE
        while True:
            try:
                self.connect(connect_timeout=2).close()
                return
            except pymysql.err.OperationalError as error:
                if not self.running:
                    raise ServerFailedError(f"{self.kind} ended at its start\n{self.log_tail()}") from error
                if time.monotonic() > deadline:
                    raise ServerFailedError(
                        f"{self.kind} did not answer within {START_DEADLINE} s\n{self.log_tail()}"
                    ) from error
            time.sleep(0.05)

    def _remove(self) -> None:
        # The data goes as well, so there is nothing to shut down in order.
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _end_connection(cursor: Cursor, thread: int) -> None:
    try:
        cursor.execute(f"KILL {thread:d}")
    except pymysql.err.MySQLError as error:
        if error.args[0] != ER.NO_SUCH_THREAD:  # it ended in the meantime
            raise


def _copy(source: Path, target: Path) -> None:
    # Most of it is zeros, which are not written.
    subprocess.run(["cp", "--archive", "--sparse=always", "--no-target-directory", source, target], check=True)


def new_folder(prefix: str, parent: Path | None = None) -> Path:
    """A new folder for one instance; short, because a socket's path has a limit."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    (folder / "data").mkdir()
    (folder / "tmp").mkdir()
    return folder
