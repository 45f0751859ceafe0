"""make torture CLUSTER=1: a three-node Galera cluster under load, the node in use killed again and again.

Prints one line a kill: what was written from it to the next one, what of that is missing or doubled at the end, and how
long no event was committed. Exits 1 where something is missing or doubled, or a kill cost more than the limit.
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pymysql
from rich.console import Console
from rich.table import Table

from tests.events import publish, succeeded
from tests.integration.processes import eventually, running, sidecar
from tests.servers import ServerMissingError
from tests.servers.galera import Galera, GaleraNode

LIMIT_SECONDS = 5.0
RATE = 200.0  # events a second
CALM_SECONDS = 3.0  # before and after each kill


@dataclass
class Kill:
    node: int
    at: float
    events: int = 0
    """Written from this kill to the next; those before the first count as its own."""
    missing: int = 0
    doubled: int = 0
    gap: float = 0.0
    """The longest time without a commit, seconds."""


class Load:
    """Writes events at a steady rate, in a thread of its own, and remembers when each was written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        number, due = 0, time.monotonic()
        while not self._stop.is_set():
            number += 1
            event = succeeded(sequence=number)
            self.written[event["id"]] = time.time()
            publish(self.folder, event, name=f"{number}.json")
            due += 1 / RATE
            time.sleep(max(0.0, due - time.monotonic()))


def node_in_use(cluster: Galera, user: str) -> GaleraNode | None:
    """The node that the shipper's connection is on."""
    for node in cluster.nodes:
        if not node.running:
            continue
        with node.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM information_schema.processlist WHERE user = %s", (user,))
            row = cursor.fetchone()
        if row is not None and row[0]:
            return node
    return None


def torture(kills: int, place: Path) -> tuple[list[Kill], int]:
    """
    Returns:
        A line for each kill, and how many events are in quarantine.

    Raises:
        ServerMissingError: there is no Galera on this machine.
    """
    folder = place / "outputs"
    folder.mkdir()
    with Galera() as cluster:
        first = cluster.nodes[0]
        database = first.create_database()
        sidecar("migrate", cwd=place, settings={"SIDECAR_DATABASE_URL": first.url(database)})
        tables = ("tts_records", "tts_events", "sidecar_positions", "sidecar_quarantine")
        grants = [f"SELECT, INSERT, UPDATE ON `{database}`.{table}" for table in tables]
        account = first.create_account([*grants, f"SELECT ON `{database}`.sidecar_migrations"])
        settings = {
            "SIDECAR_DATABASE_URL": cluster.url(database, account),
            "SIDECAR_CONNECT_TIMEOUT": "1",
            "SIDECAR_RETRY_MAX_SECONDS": "0.5",
        }
        done: list[Kill] = []
        with running(cwd=place, settings=settings) as shipper, Load(folder) as load:
            shipper.shipped(1)
            time.sleep(CALM_SECONDS)
            for _ in range(kills):
                victim = eventually(lambda: node_in_use(cluster, account.user), "a node in use")
                assert victim is not None, "eventually gives nothing back that is not there"
                done.append(Kill(node=victim.number, at=time.time()))
                victim.kill()
                time.sleep(CALM_SECONDS)
                victim.recover()
                victim.start()
                cluster.wait_synced(victim)
                time.sleep(CALM_SECONDS)
            load.__exit__()
            shipper.shipped(len(load.written))
            refused = int(shipper.total("sidecar_events_quarantined_total"))
        survivor = next(node for node in cluster.nodes if node.synced)
        with survivor.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT event_id, COUNT(*) FROM tts_records GROUP BY event_id")
            rows = dict(cursor.fetchall())
            cursor.execute("SELECT DISTINCT UNIX_TIMESTAMP(recorded_at) FROM tts_events ORDER BY 1")
            commits = [float(row[0]) for row in cursor.fetchall()]
        _measure(done, load, rows, commits)
        return done, refused


def _measure(kills: list[Kill], load: Load, rows: Mapping[str, int], commits: list[float]) -> None:
    """Batches are stamped when they are handed over, just after the last one was committed: a gap between stamps is
    the time that one batch took, the outage included."""
    ends = [kill.at for kill in kills[1:]] + [math.inf]
    begins = [-math.inf, *ends[:-1]]
    for kill, begin, end in zip(kills, begins, ends, strict=True):
        written = [identity for identity, at in load.written.items() if begin <= at < end]
        kill.events = len(written)
        kill.missing = sum(identity not in rows for identity in written)
        kill.doubled = sum(rows.get(identity, 0) > 1 for identity in written)
        stamps = [kill.at, *(stamp for stamp in commits if kill.at <= stamp < end)]
        kill.gap = max((after - before for before, after in itertools.pairwise(stamps)), default=math.inf)


def show(console: Console, kills: list[Kill], quarantined: int) -> None:
    table = Table(title="Galera, three nodes, kill -9 of the node in use", title_justify="left", show_footer=True)
    events, missing, doubled = (sum(getattr(kill, name) for kill in kills) for name in ("events", "missing", "doubled"))
    totals = {
        "kill": f"{len(kills)} kills",
        "node": "",
        "events": f"{events:,}",
        "missing": str(missing),
        "doubled": str(doubled),
        "longest gap": f"{max(kill.gap for kill in kills):.2f} s",
    }
    for name, total in totals.items():
        table.add_column(name, total, justify="right")
    for number, kill in enumerate(kills, start=1):
        counts = (f"{kill.events:,}", str(kill.missing), str(kill.doubled))
        table.add_row(str(number), str(kill.node), *counts, f"{kill.gap:.2f} s")
    console.print(table)
    console.print(f"in quarantine: {quarantined}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.operate.cluster", description=__doc__)
    parser.add_argument("--kills", type=int, default=6)
    chosen = parser.parse_args()
    console = Console(width=100 if not sys.stdout.isatty() else None, highlight=False)
    try:
        with tempfile.TemporaryDirectory(prefix="sidecar-galera-") as place:
            kills, quarantined = torture(chosen.kills, Path(place))
    except ServerMissingError as error:
        console.print(f"the cluster was NOT TORTURED: {error}")
        return 1 if os.environ.get("CI") == "true" else 0
    except pymysql.Error as error:
        console.print(f"the cluster failed: {error}")
        return 1
    show(console, kills, quarantined)
    well = not quarantined and all(not kill.missing and not kill.doubled for kill in kills)
    well = well and all(kill.gap < LIMIT_SECONDS for kill in kills)
    print(f"cluster torture: {int(well)} passed, {int(not well)} failed")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
