"""make torture CLUSTER=galera: a three-node Galera cluster under load, the node in use killed again and again.

Prints one line a kill: what was written from it to the next one, what of that is missing or doubled at the end, and how
long no event was committed. Exits 1 where something is missing or doubled, or a kill cost more than the limit.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.integration.processes import eventually, running, sidecar
from tests.operate.load import Fault, Load, measured
from tests.servers.galera import Galera, GaleraNode

LIMIT_SECONDS = 5.0
RATE = 200.0  # events a second
CALM_SECONDS = 3.0  # before and after each kill


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


def torture(kills: int, place: Path) -> tuple[list[Fault], int]:
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
        tables = (
            *("tts_records", "tts_processes", "tts_scores", "tts_tags", "tts_preferences", "tts_events"),
            *("sidecar_positions", "sidecar_quarantine"),
        )
        grants = [f"SELECT, INSERT, UPDATE ON `{database}`.{table}" for table in tables]
        account = first.create_account([*grants, f"SELECT ON `{database}`.sidecar_migrations"])
        settings = {
            "SIDECAR_DATABASE_URL": cluster.url(database, account),
            "SIDECAR_CONNECT_TIMEOUT": "1",
            "SIDECAR_RETRY_MAX_SECONDS": "0.5",
        }
        done: list[Fault] = []
        with running(cwd=place, settings=settings) as shipper, Load(folder, RATE) as load:
            shipper.shipped(1)
            time.sleep(CALM_SECONDS)
            for _ in range(kills):
                victim = eventually(lambda: node_in_use(cluster, account.user), "a node in use")
                assert victim is not None, "eventually gives nothing back that is not there"
                done.append(Fault(name="killed", node=victim.number, at=time.time()))
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
        measured(done, load.written, rows, commits)
        return done, refused


def show(console: Console, kills: list[Fault], quarantined: int) -> None:
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


def run(console: Console, kills: int) -> bool:
    """Whether it went well."""
    with tempfile.TemporaryDirectory(prefix="sidecar-galera-") as place:
        done, quarantined = torture(kills, Path(place))
    show(console, done, quarantined)
    whole = not quarantined and not any(each.missing or each.doubled for each in done)
    return whole and all(each.gap < LIMIT_SECONDS for each in done)
