"""make torture CLUSTER=replica: the primary of an asynchronous replica is killed and the replica promoted, without the
primary's last transactions. make torture CLUSTER=dump: `mariadb-dump --single-transaction` while shipping, loaded into
another server, to which the shipper then ships.

Either copy is an honest older state, position and rows of one moment. What it lacks must be shipped again, and nothing
twice. Each prints one line.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.integration.processes import eventually, running, sidecar
from tests.operate.load import Fault, Load, measured
from tests.servers import Account, MariaDB
from tests.servers.instance import HOST, Option, Server
from tests.servers.mariadb import find_program

RATE = 200.0  # events a second
SECONDS = 3.0
DATABASE = "speech"
TABLES = (
    *("tts_records", "tts_processes", "tts_scores", "tts_tags", "tts_preferences", "tts_events"),
    *("sidecar_positions", "sidecar_quarantine"),
)
_REPLICA: dict[str, Option] = {"log_bin": "bin", "log_slave_updates": True, "server_id": 2, "read_only": True}


def _account(server: Server, place: Path) -> Account:
    """The tables, and an account that may ship."""
    server.create_database(DATABASE)
    sidecar("migrate", cwd=place, settings={"SIDECAR_DATABASE_URL": server.url(DATABASE)})
    grants = [f"SELECT, INSERT, UPDATE ON `{DATABASE}`.{table}" for table in TABLES]
    return server.create_account([*grants, f"SELECT ON `{DATABASE}`.sidecar_migrations"])


def _settings(account: Account, *servers: Server) -> dict[str, str]:
    hosts = ",".join(f"{HOST}:{server.port}" for server in servers)
    url = f"mysql://{account.user}:{account.password}@{hosts}/{DATABASE}"
    return {"SIDECAR_DATABASE_URL": url, "SIDECAR_NAME": "studio", "SIDECAR_CONNECT_TIMEOUT": "1"}


def count(server: Server) -> int:
    """Events that a server has."""
    with server.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM tts_events")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _finish(fault: Fault, load: Load, server: Server) -> None:
    """Wait until the server has all that was written, then count it."""
    load.__exit__()
    eventually(lambda: count(server) >= len(load.written), "all that was written")
    with server.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT event_id, COUNT(*) FROM tts_records GROUP BY event_id")
        rows = dict(cursor.fetchall())
        cursor.execute("SELECT DISTINCT UNIX_TIMESTAMP(recorded_at) FROM tts_events ORDER BY 1")
        measured([fault], load.written, rows, [float(row[0]) for row in cursor.fetchall()])


def promoted(place: Path) -> tuple[Fault, int]:
    """
    Returns:
        What came of it, and how many events the replica lacked when it was promoted.
    """
    with ExitStack() as stack:
        primary = stack.enter_context(MariaDB({"log_bin": "bin", "server_id": 1}))
        replica = stack.enter_context(MariaDB(_REPLICA))
        primary.create_account(["REPLICATION SLAVE ON *.*"], user="replica", password="replica")
        with primary.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT @@gtid_binlog_pos")  # past the accounts that each was given
            ((position,),) = cursor.fetchall()
        replica.execute(
            f"SET GLOBAL gtid_slave_pos = '{position}'",
            f"CHANGE MASTER TO MASTER_HOST='{HOST}', MASTER_PORT={primary.port}, MASTER_USER='replica', "
            "MASTER_PASSWORD='replica', MASTER_USE_GTID=slave_pos",
            "START SLAVE",
        )
        settings = _settings(_account(primary, place), primary, replica)
        with running(cwd=place, settings=settings) as shipper, Load(place / "outputs", RATE) as load:
            shipper.shipped(1)
            eventually(lambda: _has_tables(replica) and count(replica) > 0, "the replica's first event")
            time.sleep(SECONDS)
            replica.execute("STOP SLAVE")
            time.sleep(SECONDS)
            lacking = count(primary) - count(replica)
            fault = Fault(name="promoted", node=2, at=time.time())
            primary.kill()
            replica.execute("RESET SLAVE ALL", "SET GLOBAL read_only = OFF")
            time.sleep(SECONDS)
            _finish(fault, load, replica)
        return fault, lacking


def _has_tables(server: Server) -> bool:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = %s", (DATABASE,))
        row = cursor.fetchone()
    return bool(row and row[0] > len(TABLES))


def dumped(place: Path) -> tuple[Fault, int]:
    """
    Returns:
        What came of it, and how many events the dump lacked when it was loaded.
    """
    with MariaDB() as server, MariaDB() as elsewhere:
        settings = _settings(_account(server, place), server)
        with Load(place / "outputs", RATE) as load:
            with running(cwd=place, settings=settings) as shipper:
                shipper.shipped(1)
                time.sleep(SECONDS)
                dump = place / "dump.sql"
                command = [find_program("mariadb-dump") or "mariadb-dump", "--no-defaults", "--single-transaction"]
                with dump.open("wb") as file:
                    subprocess.run(
                        [*command, "--user=root", f"--socket={server.folder / 's.sock'}", DATABASE],
                        stdout=file,
                        check=True,
                    )
                time.sleep(SECONDS)
            fault = Fault(name="restored", node=2, at=time.time())
            elsewhere.create_database(DATABASE)
            with dump.open("rb") as file:
                subprocess.run(
                    [
                        find_program("mariadb") or "mariadb",
                        "--no-defaults",
                        "--user=root",
                        f"--socket={elsewhere.folder / 's.sock'}",
                        DATABASE,
                    ],
                    stdin=file,
                    check=True,
                )
            lacking = count(server) - count(elsewhere)
            settings["SIDECAR_DATABASE_URL"] = elsewhere.url(DATABASE)
            with running(cwd=place, settings=settings):
                time.sleep(SECONDS)
                _finish(fault, load, elsewhere)
        return fault, lacking


def _shown(console: Console, work: Callable[[Path], tuple[Fault, int]]) -> bool:
    MariaDB.find()
    with tempfile.TemporaryDirectory(prefix="sidecar-copy-") as name:
        (Path(name) / "outputs").mkdir()
        fault, lacking = work(Path(name))
    table = Table()
    for column in ("copy", "events", "lacking when it took over", "missing", "doubled", "longest gap"):
        table.add_column(column, justify="left" if column == "copy" else "right")
    counts = (f"{fault.events:,}", f"{lacking:,}", str(fault.missing), str(fault.doubled))
    table.add_row(fault.name, *counts, f"{fault.gap:.2f} s")
    console.print(table)
    return lacking > 0 and not fault.missing and not fault.doubled


def run_replica(console: Console, _: int) -> bool:
    """Whether it went well."""
    return _shown(console, promoted)


def run_dump(console: Console, _: int) -> bool:
    """Whether it went well."""
    return _shown(console, dumped)
