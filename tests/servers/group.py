"""A private MySQL Group Replication of three nodes, each killed, cut off and started at will.

Each node has a network namespace of its own on one bridge, so that the wire between two nodes can be cut while clients
reach both.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import ClassVar

import pymysql

from tests.servers.instance import Account, Option, ServerFailedError, ServerMissingError
from tests.servers.mysql import MySQL

ONLINE_DEADLINE = 120.0  # seconds
SMALL: Mapping[str, Option] = {
    "innodb_buffer_pool_size": "64M",
    "performance_schema_max_table_instances": 200,
    "table_open_cache": 200,
}
QUICK: Mapping[str, Option] = {
    # Who is silent is suspected after 5 seconds, which cannot be set, and expelled so many seconds later (default 5).
    # With the default it is 23 seconds in all, because suspicions are gone through every 15.
    "group_replication_member_expel_timeout": 0,
    # Who has lost the others gives up and refuses its clients so long after that (default 0: never).
    "group_replication_unreachable_majority_timeout": 1,
}
"""What makes an election quick. The defaults are for networks that are away for a while."""
_MEMBERS = "SELECT member_host, member_state, member_role FROM performance_schema.replication_group_members"
_RECOVERY = Account(user="recovery", password="recovery")


class Wire:
    """A bridge and a namespace for each node."""

    def __init__(self, size: int) -> None:
        self._name = f"g{os.getpid() % 10**7}"
        self._network = f"10.77.{os.getpid() % 250}"
        self.addresses = [f"{self._network}.{number + 11}" for number in range(size)]
        self.namespaces = [f"{self._name}-{number}" for number in range(size)]
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Wire:
        with contextlib.ExitStack() as stack:
            _ip(f"link add {self._name}b type bridge")
            stack.callback(_ip, f"link del {self._name}b")
            _ip(f"addr add {self._network}.1/24 dev {self._name}b")
            _ip(f"link set {self._name}b up")
            for number, (namespace, address) in enumerate(zip(self.namespaces, self.addresses, strict=True)):
                _ip(f"netns add {namespace}")
                stack.callback(_ip, f"netns del {namespace}")
                outer = f"{self._name}v{number}"
                _ip(f"link add {outer} type veth peer name eth0 netns {namespace}")
                _ip(f"link set {outer} master {self._name}b up")
                for rest in (f"addr add {address}/24 dev eth0", "link set eth0 up", "link set lo up"):
                    _ip(f"-n {namespace} {rest}")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def cut(self, number: int) -> None:
        """Let nothing of one node reach the others, without a word; clients reach it still."""
        for other, address in enumerate(self.addresses):
            if other != number:
                _ip(f"-n {self.namespaces[number]} route add blackhole {address}/32")

    def mend(self, number: int) -> None:
        """Undo `cut`."""
        for other, address in enumerate(self.addresses):
            if other != number:
                _ip(f"-n {self.namespaces[number]} route del blackhole {address}/32")


class GroupNode(MySQL):
    """One node. The first start of the first founds the group."""

    kind: ClassVar[str] = "group replication"

    def __init__(self, group: Group, number: int, options: Mapping[str, Option]) -> None:
        super().__init__({**SMALL, **options})
        self.number = number
        self.founds = number == 0
        self._group = group
        self.host = group.wire.addresses[number]

    def _serve(self) -> Sequence[str]:
        seeds = ",".join(f"{address}:33061" for address in self._group.wire.addresses)
        return [
            "nsenter",
            f"--net=/run/netns/{self._group.wire.namespaces[self.number]}",
            *super()._serve(),
            f"--server-id={self.number + 1}",
            "--gtid-mode=ON",
            "--enforce-gtid-consistency=ON",
            f"--report-host={self.host}",
            f"--report-port={self.port}",
            "--plugin-load-add=group_replication.so",
            f"--group-replication-group-name={self._group.name}",
            f"--group-replication-local-address={self.host}:33061",
            f"--group-replication-group-seeds={seeds}",
            "--group-replication-start-on-boot=OFF",
            "--group-replication-ip-allowlist=10.0.0.0/8",
            "--group-replication-recovery-get-public-key=ON",
            f"--group-replication-single-primary-mode={'OFF' if self._group.multi_primary else 'ON'}",
            f"--group-replication-enforce-update-everywhere-checks={'ON' if self._group.multi_primary else 'OFF'}",
        ]

    def join(self) -> None:
        """Become a member, of a group that is founded unless it was; wait until it is online."""
        rights = "REPLICATION SLAVE, BACKUP_ADMIN, CONNECTION_ADMIN, GROUP_REPLICATION_STREAM"
        user, password = _RECOVERY.user, _RECOVERY.password
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SET sql_log_bin = 0")
            if not self._group.founded:
                cursor.execute("SET GLOBAL group_replication_bootstrap_group = ON")
            if not self._joined_before(cursor):
                cursor.execute(f"CREATE USER IF NOT EXISTS {user}@'%' IDENTIFIED BY '{password}'")
                cursor.execute(f"GRANT {rights} ON *.* TO {user}@'%'")
                cursor.execute(
                    f"CHANGE REPLICATION SOURCE TO SOURCE_USER = '{user}', SOURCE_PASSWORD = '{password}' "
                    "FOR CHANNEL 'group_replication_recovery'"
                )
            try:
                cursor.execute("START GROUP_REPLICATION")
            except pymysql.Error as error:
                raise ServerFailedError(f"node {self.number} did not join: {error}\n{self.log_tail()}") from error
            cursor.execute("SET GLOBAL group_replication_bootstrap_group = OFF")
        self._group.founded = True
        eventually_online(self)

    @staticmethod
    def _joined_before(cursor: pymysql.cursors.Cursor) -> bool:
        cursor.execute("SELECT COUNT(*) FROM mysql.user WHERE user = %s", (_RECOVERY.user,))
        row = cursor.fetchone()
        return bool(row and row[0])

    def members(self) -> dict[str, tuple[str, str]]:
        """State and role of each member by its address, as this node sees it; empty where it does not answer."""
        try:
            with self.connect(connect_timeout=2, read_timeout=2) as connection, connection.cursor() as cursor:
                cursor.execute(_MEMBERS)
                return {str(host): (str(state), str(role)) for host, state, role in cursor.fetchall()}
        except pymysql.Error:
            return {}

    @property
    def online(self) -> bool:
        return self.members().get(self.host, ("", ""))[0] == "ONLINE"

    @property
    def takes_writes(self) -> bool:
        """Whether it is online and has been told to take them."""
        try:
            with self.connect(connect_timeout=2, read_timeout=2) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT @@super_read_only")
                row = cursor.fetchone()
        except pymysql.Error:
            return False
        return row is not None and not row[0] and self.online


def eventually_online(node: GroupNode) -> None:
    """Raises ServerFailedError after a deadline."""
    wait(lambda: node.online, f"node {node.number} did not come online", node)


def wait(look: Callable[[], bool], what: str, node: GroupNode) -> None:
    deadline = time.monotonic() + ONLINE_DEADLINE
    while not look():
        if time.monotonic() > deadline or not node.running:
            raise ServerFailedError(f"{what}\n{node.log_tail()}")
        time.sleep(0.1)


class Group:
    """Three nodes; a context manager that leaves nothing behind.

    Args:
        multi_primary: whether every node takes writes.
        options: for each node.
    """

    def __init__(self, *, multi_primary: bool = False, options: Mapping[str, Option] = QUICK, size: int = 3) -> None:
        self.name = str(uuid.uuid4())
        self.multi_primary = multi_primary
        self.founded = False
        self.wire = Wire(size)
        self.nodes = [GroupNode(self, number, options) for number in range(size)]
        self._stack = contextlib.ExitStack()

    @staticmethod
    def find() -> None:
        """Raise ServerMissingError, which says why, where there is no Group Replication to start."""
        MySQL.find()
        if os.geteuid() != 0 or shutil.which("ip") is None or shutil.which("nsenter") is None:
            raise ServerMissingError(
                "Group Replication is tried in network namespaces: needs root, iproute2, util-linux"
            )

    def __enter__(self) -> Group:
        self.find()
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.wire)
            for node in self.nodes:
                stack.enter_context(node)
                node.join()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def primary(self) -> GroupNode | None:
        """The node that takes writes; None while there is none. Of several the first."""
        return next((node for node in self.nodes if node.running and node.takes_writes), None)

    def url(self, database: str, account: Account) -> str:
        """The database URL with every node."""
        hosts = ",".join(f"{node.host}:{node.port}" for node in self.nodes)
        return f"mysql://{account.user}:{account.password}@{hosts}/{database}"


def _ip(arguments: str) -> None:
    subprocess.run(["ip", *arguments.split()], check=True)
