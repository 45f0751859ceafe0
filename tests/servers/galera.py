"""A private Galera cluster of MariaDB nodes on loopback, each killed and started at will."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar

import pymysql

from tests.servers.instance import HOST, Account, ServerFailedError, ServerMissingError, free_port
from tests.servers.mariadb import MariaDB, find_program

PROVIDER = Path("/usr/lib/galera/libgalera_smm.so")
SYNCED_DEADLINE = 120.0  # seconds
# A node that died silently is missed after this long; until then the others take no writes. The default is 5 seconds.
DETECTION = "evs.keepalive_period=PT0.5S;evs.suspect_timeout=PT1.5S;evs.inactive_timeout=PT5S;evs.install_timeout=PT5S"
_USER = "mysql"  # as root the state transfer drops to nobody and fails: servers and folders belong to this user


class GaleraNode(MariaDB):
    """One node. It has the options of its cluster; the first start of the first node founds it."""

    kind: ClassVar[str] = "galera"

    def __init__(self, number: int, base_ports: Sequence[int]) -> None:
        super().__init__()
        self.number = number
        self.base_ports = base_ports
        self.founds = False
        self._transfer_ports = free_port(), free_port()
        self._position = ""

    def _make_folder(self) -> Path:
        folder = super()._make_folder()
        folder.chmod(0o755)
        owner = pwd.getpwnam(_USER)
        for path in (folder, folder / "data", folder / "tmp"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        return folder

    def _initialise(self) -> Sequence[str]:
        return [part.replace("--user=root", f"--user={_USER}") for part in super()._initialise()]

    def _serve(self) -> Sequence[str]:
        base = self.base_ports[self.number]
        incremental, receive = self._transfer_ports
        addresses = ",".join(f"{HOST}:{port}" for port in self.base_ports)
        return [
            find_program("mariadbd") or "mariadbd",
            "--no-defaults",
            f"--user={_USER}",
            "--binlog-format=ROW",
            "--innodb-autoinc-lock-mode=2",
            "--wsrep-on=ON",
            f"--wsrep-provider={PROVIDER}",
            f"--wsrep-cluster-address=gcomm://{addresses}",
            f"--wsrep-provider-options=base_port={base};gmcast.listen_addr=tcp://{HOST}:{base};"
            f"ist.recv_addr={HOST}:{incremental};{DETECTION}",
            f"--wsrep-node-address={HOST}:{base}",
            "--wsrep-sst-method=rsync",
            f"--wsrep-sst-receive-address={HOST}:{receive}",
            *(["--wsrep-new-cluster"] if self.founds else []),
            *([f"--wsrep-start-position={self._position}"] if self._position else []),
        ]

    def recover(self) -> None:
        """Find out how far a killed node had come, as Debian's service does before each start.

        With it the node is sent what it lacks; without, everything, from a node that takes no writes meanwhile.
        """
        self._position = ""
        command = [*self._serve(), *self._common_options(), "--wsrep-recover"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        match = re.search(r"WSREP: Recovered position: (\S+)", done.stderr)
        self._position = match[1] if match else ""

    @property
    def synced(self) -> bool:
        """Whether it takes writes as a member of the cluster."""
        try:
            with self.connect(connect_timeout=2) as connection, connection.cursor() as cursor:
                cursor.execute("SHOW STATUS LIKE 'wsrep_local_state_comment'")
                row = cursor.fetchone()
        except pymysql.Error:
            return False
        return row is not None and row[1] == "Synced"


class Galera:
    """Three nodes; a context manager that leaves nothing behind."""

    def __init__(self, size: int = 3) -> None:
        base_ports = [free_port() for _ in range(size)]
        self.nodes = [GaleraNode(number, base_ports) for number in range(size)]
        self._stack = contextlib.ExitStack()

    @staticmethod
    def find() -> None:
        """Raise ServerMissingError, which says why, where there is no Galera to start."""
        MariaDB.find()
        if not PROVIDER.exists() or shutil.which("rsync") is None:
            raise ServerMissingError(f"no Galera on this machine ({PROVIDER}, rsync): install galera-4 and rsync")
        if os.geteuid() != 0 or subprocess.run(["getent", "passwd", _USER], capture_output=True).returncode:
            raise ServerMissingError(f"Galera needs root and the user {_USER}: install mariadb-server")

    def __enter__(self) -> Galera:
        self.find()
        with contextlib.ExitStack() as stack:
            for node in self.nodes:
                node.founds = node.number == 0
                stack.enter_context(node)
                self.wait_synced(node)
                node.founds = False
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @staticmethod
    def wait_synced(node: GaleraNode) -> None:
        """Raises ServerFailedError after a deadline."""
        deadline = time.monotonic() + SYNCED_DEADLINE
        while not node.synced:
            if time.monotonic() > deadline or not node.running:
                raise ServerFailedError(f"node {node.number} did not join\n{node.log_tail()}")
            time.sleep(0.1)

    def url(self, database: str, account: Account) -> str:
        """The database URL with every node."""
        hosts = ",".join(f"{HOST}:{node.port}" for node in self.nodes)
        return f"mysql://{account.user}:{account.password}@{hosts}/{database}"
