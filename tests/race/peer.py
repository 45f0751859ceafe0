"""What takes part in the race, and what it is handed."""

from __future__ import annotations

import abc
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pymysql.connections import Connection
from pymysql.cursors import Cursor

from tests.servers import Server

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
STOP_SECONDS = 10.0
"""How long a peer has to end when told so; then it is killed."""
COLUMNS = (
    "event_id CHAR(36) PRIMARY KEY, text_input TEXT, emotion VARCHAR(50), audio_path VARCHAR(255), "
    "created_at DATETIME(6), duration FLOAT, model_version VARCHAR(20), event JSON"
)
"""What everybody but the shipper keeps of an event, and by which key; two indexes besides, as the article has them."""


class StoppedError(Exception):
    """A peer could not start, or not finish; the message is what it said."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a peer runs: its own empty database, a folder for what it remembers, and the folder of event files."""

    server: Server
    database: str
    work: Path
    files: Path
    peers: Path
    """Where get-peers.sh has put the programs."""

    @property
    def log(self) -> Path:
        return self.work / "log"

    @property
    def said(self) -> str:
        """The last thing that the peer wrote, in a line."""
        text = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
        lines = [" ".join(line.split()) for line in _COLOUR.sub("", text).splitlines() if line.strip()]
        return lines[-1] if lines else "it said nothing"

    def connect(self) -> Connection[Cursor]:
        return self.server.connect(self.database)

    def execute(self, *statements: str) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def create_table(self, columns: str = COLUMNS) -> None:
        self.execute(
            f"CREATE TABLE race ({columns}, INDEX idx_created (created_at), INDEX idx_emotion (emotion)) "
            "DEFAULT CHARACTER SET utf8mb4"
        )

    def launch(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a program in a session of its own, so that what it starts can be ended with it."""
        setpriv = shutil.which("setpriv")
        guard = [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []  # where the race is killed, so is the peer
        with self.log.open("wb") as log:
            return subprocess.Popen(
                [*guard, *command],
                env={**os.environ, **(environment or {})},
                cwd=self.work,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


class Peer(abc.ABC):
    """One who brings event files to a server."""

    name: ClassVar[str]
    configuration: ClassVar[str]
    """In a line: its parts and what was set, for the table's foot."""
    table: ClassVar[str] = "race"
    key: ClassVar[str] = "event_id"
    """The table's column with the event's id."""
    program: ClassVar[str] = ""
    """Its name in get-peers.sh's folder, where it comes from there."""
    takes: ClassVar[int | None] = None
    """The most files that it is given; None where there is no limit."""
    because: ClassVar[str] = ""
    """Why not more."""
    ends: ClassVar[bool] = True
    """Whether a run over what is there ends by itself. Who does not end follows the folder from the start."""

    def stopped_by(self, peers: Path) -> str:
        """Why it cannot run here; empty where it can."""
        if not self.program or (peers / self.program).exists():
            return ""
        why = peers / f"{self.program}.why-not"
        return why.read_text("utf-8").strip() if why.exists() else "not fetched: make race does it"

    def prepare(self, place: Place) -> None:
        """Make what it needs before the clock starts: its table, its configuration."""
        place.create_table()

    @abc.abstractmethod
    def start(self, place: Place, *, follow: bool = False) -> subprocess.Popen[bytes]:
        """Start it over what is in the folder.

        Args:
            follow: let it stay, for files that are still to come.
        """

    def clear(self, place: Place) -> None:  # noqa: B027 - most have nothing to take away
        """Take away what it left outside of its place."""


@contextmanager
def a_place(peer: Peer, server: Server, files: Path, peers: Path) -> Iterator[Place]:
    """An empty place with the peer's table in it; removed at the end."""
    place = Place(
        server=server,
        database=server.create_database(),
        work=Path(tempfile.mkdtemp(prefix="sidecar-race-")),
        files=files,
        peers=peers,
    )
    try:
        peer.prepare(place)
        yield place
    finally:
        peer.clear(place)
        server.drop_database(place.database)
        shutil.rmtree(place.work, ignore_errors=True)


def end(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> None:
    """End a peer with all that it started, and wait for it; harmless where it has ended."""
    _signal(process, number)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
