"""make torture CLUSTER=group: MySQL Group Replication of three nodes under load.

Single-primary: the primary is killed again and again, then cut off from the others while the shipper still reaches it.
Multi-primary: two shippers, each with another node first in its URL, and the node of one of them killed. Prints a line
a fault: what was written from it to the next, what of that is missing or doubled at the end, how long no event was
committed, when another primary took writes, and how long after that the first event was committed.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pymysql
from rich.console import Console
from rich.table import Table

from tests.integration.processes import eventually, running, sidecar
from tests.operate.load import Fault, Load, measured
from tests.servers import Account
from tests.servers.group import Group, GroupNode, eventually_online, wait

RATE = 50.0  # events a second, of each shipper
CALM_SECONDS = 3.0  # before and after each fault
LIMIT_SECONDS = 3.0  # from the election to the first commit


@dataclass(kw_only=True)
class Election(Fault):
    elected: float = math.nan
    """Seconds from the fault until another primary took writes."""
    first_commit: float = math.nan
    """Seconds from then to the first commit."""


def kill(group: Group, victim: GroupNode) -> Callable[[], None]:
    """End it without a word. Returns what brings it back."""
    victim.kill()

    def back() -> None:
        victim.start()
        victim.join()

    return back


def cut_off(group: Group, victim: GroupNode) -> Callable[[], None]:
    """Let its clients reach it, and no member. Returns what brings it back."""
    group.wire.cut(victim.number)

    def back() -> None:
        group.wire.mend(victim.number)
        wait(lambda: not victim.online or victim.members() == {}, "it was not expelled", victim)
        victim.execute("STOP GROUP_REPLICATION")
        victim.join()

    return back


def strike(group: Group, database: str, name: str, make: Callable[[Group, GroupNode], Callable[[], None]]) -> Election:
    """One fault of the primary, from before it to after its return."""
    time.sleep(CALM_SECONDS)
    victim = eventually(group.primary, "a primary")
    assert victim is not None, "eventually gives nothing back that is not there"
    election = Election(name=name, node=victim.number, at=time.time())
    back = make(group, victim)
    others = [node for node in group.nodes if node is not victim and node.running]
    successor = eventually(lambda: next((node for node in others if node.takes_writes), None), "another primary")
    assert successor is not None, "eventually gives nothing back that is not there"
    election.elected = time.time() - election.at
    before = revision(successor, database)
    eventually(lambda: revision(successor, database) > before, "a commit", pause=0.01)
    election.first_commit = time.time() - election.at - election.elected
    time.sleep(CALM_SECONDS)
    back()
    eventually_online(victim)
    return election


def revision(node: GroupNode, database: str) -> int:
    """How often a batch was committed, as one node has it."""
    try:
        with node.connect(database, read_timeout=2) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT COALESCE(SUM(revision), 0) FROM sidecar_positions")
            row = cursor.fetchone()
    except pymysql.Error:
        return 0
    return int(row[0]) if row else 0


@contextmanager
def shipping(group: Group, place: Path, name: str, first: int) -> Iterator[tuple[Load, Callable[[], int]]]:
    """A shipper that knows every node, with one of them first, and its load.

    Yields:
        The load, and what ends it and waits until all is shipped; that returns how many were quarantined.
    """
    folder = place / name
    (folder / "outputs").mkdir(parents=True)
    database, account = _made(group)
    hosts = [f"{node.host}:{node.port}" for node in (*group.nodes[first:], *group.nodes[:first])]
    settings = {
        "SIDECAR_DATABASE_URL": f"mysql://{account.user}:{account.password}@{','.join(hosts)}/{database}",
        "SIDECAR_NAME": name,
        "SIDECAR_CONNECT_TIMEOUT": "1",
        "SIDECAR_READ_TIMEOUT": "5",
        "SIDECAR_RETRY_MAX_SECONDS": "0.5",
    }
    with running(cwd=folder, settings=settings) as shipper, Load(folder / "outputs", RATE) as load:
        shipper.shipped(1)

        def finish() -> int:
            load.__exit__()
            shipper.shipped(len(load.written))
            return int(shipper.total("sidecar_events_quarantined_total"))

        yield load, finish


DATABASE = "speech"


def _made(group: Group) -> tuple[str, Account]:
    """The tables and the account, made once."""
    account = Account(user="shipper", password="shipper")
    first = next(node for node in group.nodes if node.takes_writes)
    with first.connect() as connection, connection.cursor() as cursor:
        if cursor.execute("SHOW DATABASES LIKE %s", (DATABASE,)):
            return DATABASE, account
    first.create_database(DATABASE)
    sidecar("migrate", cwd=Path.cwd(), settings={"SIDECAR_DATABASE_URL": first.url(DATABASE)})
    tables = (
        *("tts_records", "tts_processes", "tts_scores", "tts_tags", "tts_preferences", "tts_events"),
        *("sidecar_positions", "sidecar_quarantine"),
    )
    grants = [f"SELECT, INSERT, UPDATE ON `{DATABASE}`.{table}" for table in tables]
    grants.append(f"SELECT ON `{DATABASE}`.sidecar_migrations")
    return DATABASE, first.create_account(grants, user=account.user, password=account.password)


def torture(kills: int, place: Path) -> tuple[list[Election], int]:
    """
    Returns:
        A line for each fault, and how many events are in quarantine.

    Raises:
        ServerMissingError: there is no Group Replication on this machine.
    """
    with Group() as group:
        with shipping(group, place, "single", 0) as (load, finish):
            faults = [strike(group, DATABASE, "killed", kill) for _ in range(kills)]
            faults.append(strike(group, DATABASE, "cut off", cut_off))
            refused = finish()
        settle(group, faults, [load])
    with Group(multi_primary=True) as group, ExitStack() as stack:
        ones = [stack.enter_context(shipping(group, place, f"multi-{number}", number)) for number in range(2)]
        several = [strike(group, DATABASE, "one of several killed", kill) for _ in range(2)]
        refused += sum(finish() for _, finish in ones)
        settle(group, several, [load for load, _ in ones])
    return faults + several, refused


def settle(group: Group, faults: list[Election], loads: list[Load]) -> None:
    """Compare what was written with what is there, on the node that was struck first."""
    node = group.nodes[faults[0].node]
    with node.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT event_id, COUNT(*) FROM tts_records GROUP BY event_id")
        rows = dict(cursor.fetchall())
        cursor.execute("SELECT DISTINCT UNIX_TIMESTAMP(recorded_at) FROM tts_events ORDER BY 1")
        commits = [float(row[0]) for row in cursor.fetchall()]
    written = {identity: at for load in loads for identity, at in load.written.items()}
    measured(faults, written, rows, commits)


def show(console: Console, faults: list[Election], quarantined: int) -> None:
    table = Table(title="Group Replication, three nodes", title_justify="left", show_footer=True)
    events, missing, doubled = (
        sum(getattr(each, name) for each in faults) for name in ("events", "missing", "doubled")
    )
    totals = {
        "primary": f"{len(faults)} faults",
        "node": "",
        "events": f"{events:,}",
        "missing": str(missing),
        "doubled": str(doubled),
        "election": f"{max(each.elected for each in faults):.2f} s",
        "first commit after it": f"{max(each.first_commit for each in faults):.2f} s",
        "longest gap": f"{max(each.gap for each in faults):.2f} s",
    }
    for name, total in totals.items():
        table.add_column(name, total, justify="left" if name == "primary" else "right")
    for each in faults:
        counts = (f"{each.events:,}", str(each.missing), str(each.doubled))
        times = (f"{each.elected:.2f} s", f"{each.first_commit:.2f} s", f"{each.gap:.2f} s")
        table.add_row(each.name, str(each.node), *counts, *times)
    console.print(table)
    console.print(f"in quarantine: {quarantined}")


def run(console: Console, kills: int) -> bool:
    """Whether it went well."""
    with tempfile.TemporaryDirectory(prefix="sidecar-group-") as place:
        faults, quarantined = torture(kills, Path(place))
    show(console, faults, quarantined)
    whole = not quarantined and not any(each.missing or each.doubled for each in faults)
    return whole and all(each.first_commit < LIMIT_SECONDS for each in faults)
