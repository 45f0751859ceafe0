"""Where the faults happen: a server, the network before it, the folder and its mounts, a shipper that is kept alive."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymysql

from tests.integration.processes import sidecar
from tests.servers import Account, Server
from tests.torture.proxy import Proxy
from tests.torture.writers import Writers
from tests.torture.zygote import Child, Zygote

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
TABLES = ("sidecar_positions", "sidecar_quarantine", "tts_events", "tts_records")
_DISK = "256m"  # four kilobytes an event: an hour at a small rate


class Arena:
    """A context manager. Needs root for its mounts; without, the folder's faults are left out.

    Args:
        server: started already; everything may be done to it.
        rate: events a second.
    """

    def __init__(self, server: Server, *, seed: int, rate: float) -> None:
        self.server = server
        self.kills = 0
        """Ends of a shipper by SIGKILL, ever."""
        self.has_mounts = os.geteuid() == 0
        self.has_faketime = FAKETIME is not None
        # OceanBase takes LOCK TABLES for words of no meaning. Stopped or killed in the middle of a transaction, it has
        # that one's rows locked for good after the next start: a transaction without a session, which nobody ends
        # (seekdb 1.4.0; 150 s and a further start changed nothing, whoever had begun it).
        self.has_table_locks = self.has_restarts = server.kind != "oceanbase"
        self._stack = contextlib.ExitStack()
        self.root = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="torture-", dir="/tmp")))
        self.disk, self.place = self.root / "disk", self.root / "place"
        self.outputs = self.place / "outputs"
        for folder in (self.disk, self.outputs):
            folder.mkdir(parents=True)
        if self.has_mounts:
            mount("-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", str(self.disk))
            self._stack.callback(unmount, self.disk)
            self.mount_outputs()
            self._stack.callback(self.unmount_outputs)
        self.database = server.create_database()
        self.account = self._make_account()
        self.proxy = self._stack.enter_context(Proxy(server.port))
        self.clock = self.root / "clock"
        self.clock.write_text("+0\n")
        self.zygote = self._plain = self._stack.enter_context(Zygote())
        self._faked = self._stack.enter_context(Zygote(self._faked_time())) if self.has_faketime else self._plain
        self.log = self.root / "shipper.log"
        self.writers = Writers(self.disk if self.has_mounts else self.outputs, rate=rate, seed=seed)
        self._probes = threading.local()
        self._supervising = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)
        self.child: Child = self._start()

    def __enter__(self) -> Arena:
        self._supervising.set()
        self._supervisor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._supervising.clear()
        self._supervisor.join()
        if self.child.running:
            self.child.kill()
        self._stack.close()

    # -- the folder

    def mount_outputs(self) -> None:
        mount("--bind", str(self.disk), str(self.outputs))

    def unmount_outputs(self) -> None:
        unmount(self.outputs)

    # -- the shipper

    @property
    def settings(self) -> dict[str, str]:
        url = self.server.url(self.database, self.account)
        return {
            # In the clear, so that the proxy can tell a COMMIT.
            "SIDECAR_DATABASE_URL": url.replace(f":{self.server.port}/", f":{self.proxy.port}/") + "?ssl=off",
            "SIDECAR_WATCH_DIR": str(self.outputs),
            "SIDECAR_NAME": "torture",
            "SIDECAR_LISTEN": "off",
            "SIDECAR_SCAN_SECONDS": "5",
            "SIDECAR_PROBE_SECONDS": "1",
            "SIDECAR_LOG_LEVEL": "warning",
            "FAKETIME_TIMESTAMP_FILE": str(self.clock),
        }

    def fake_time(self, faked: bool) -> None:
        """Start the shipper anew, with a clock that can be set (see `clock`), or without. It is slow with one."""
        before, self.zygote = self.child, self._faked if faked else self._plain
        before.send(signal.SIGKILL)
        assert until(lambda: self.child is not before, 10), "it was not started again"
        self.kills += 1

    def _faked_time(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",  # the files' times are the kernel's, right throughout
            "FAKETIME_TIMESTAMP_FILE": str(self.clock),
        }

    def _start(self) -> Child:
        return self.zygote.start(self.settings, self.log)

    def log_tail(self) -> str:
        """The last of what the shippers said."""
        return self.log.read_text(encoding="utf-8")[-3000:] if self.log.exists() else ""

    def _supervise(self) -> None:
        """Start it again whenever it has ended, as systemd does."""
        while self._supervising.is_set():
            if not self.child.running:
                self.child.wait()
                self.child = self._start()
            time.sleep(0.02)

    # -- the database

    def _make_account(self) -> Account:
        """Makes the tables, and an account with exactly the rights that a shipper is told to be given."""
        sidecar("migrate", cwd=self.root, settings={"SIDECAR_DATABASE_URL": self.server.url(self.database)})
        grants = [f"SELECT, INSERT, UPDATE ON `{self.database}`.{table}" for table in TABLES]
        return self.server.create_account([*grants, f"SELECT ON `{self.database}`.sidecar_migrations"])

    def query(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """As root, over the socket, past proxy and limits."""
        with self.server.connect(self.database, read_timeout=60) as connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters or None)
            return list(cursor.fetchall())

    def revision(self) -> int:
        """How often a batch was committed; -1 where the server does not answer."""
        probe = getattr(self._probes, "connection", None)
        try:
            if probe is None:
                probe = self.server.connect(self.database, connect_timeout=1, read_timeout=1)
                self._probes.connection = probe
            with probe.cursor() as cursor:
                cursor.execute("SELECT revision FROM sidecar_positions WHERE shipper = 'torture'")
                row = cursor.fetchone()
            return int(row[0]) if row else 0
        except pymysql.err.MySQLError:
            self.forget_probe()
            return -1

    def forget_probe(self) -> None:
        """Close this thread's connection that `revision` keeps."""
        probe = getattr(self._probes, "connection", None)
        self._probes.connection = None
        if probe is not None:
            with contextlib.suppress(pymysql.err.MySQLError, OSError):
                probe.close()

    def end_connections(self) -> int:
        """Make the server hang up on the shipper. Returns how many connections it had."""
        ended = 0
        for thread, _ in self.sessions():
            with contextlib.suppress(pymysql.err.MySQLError):
                self.server.execute(f"KILL {thread}")
                ended += 1
        return ended

    def sessions(self) -> list[tuple[int, str]]:
        """Number and state of the shipper's sessions on the server.

        Not from information_schema: MySQL fails there on a statement with characters beyond the basic plane.
        """
        return [(row[0], row[6] or "") for row in self.query("SHOW PROCESSLIST") if row[1] == self.account.user]

    def refusal(self) -> int:
        """The error number with which the server refuses a write of the shipper's account; 0 where it takes it."""
        try:
            with (
                self.server.connect(self.database, self.account, connect_timeout=2, read_timeout=2) as connection,
                connection.cursor() as cursor,
            ):
                cursor.execute("UPDATE sidecar_positions SET revision = revision WHERE shipper = 'nobody'")
            return 0
        except pymysql.err.MySQLError as error:
            return int(error.args[0])


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def unmount(path: Path) -> None:
    """Try again while a scan holds the folder open."""
    for _ in range(100):
        if subprocess.run(["umount", str(path)], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return
        time.sleep(0.02)
    subprocess.run(["umount", "--lazy", str(path)], check=True)


def until(look: Callable[[], bool], seconds: float) -> bool:
    """Whether it becomes true in that time."""
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
