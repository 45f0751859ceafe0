"""The program behind ``make demo``: from a synthesis to its row, with everything real but the engine.

In a fresh folder it makes the tables (``sidecar migrate``), starts the shipper (``sidecar run``), lets
studio.py speak under the recording (``python -m indextts_patch``), waits for the rows, stops the shipper by
SIGTERM and prints what came of it. SIDECAR_DATABASE_URL names another database than the embedded SQLite file.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pymysql
from rich.console import Console
from rich.table import Table

from sidecar.storage.dsn import MysqlDsn, SqliteDsn, parse_dsn

HERE = Path(__file__).resolve().parent
DEADLINE = 30.0  # seconds for the rows to appear
RECORDS = (
    "SELECT id, created_at, status, emotion, text_input, duration, rtf, audio_path "
    "FROM tts_records ORDER BY id DESC LIMIT 20"
)
_PROJECT = Path(__file__).resolve().parents[2]
QUERIES = (
    "SELECT * FROM tts_records WHERE text_input LIKE '%欢迎%'",
    "SELECT emotion, COUNT(*) FROM tts_records GROUP BY emotion",
)
SHOWN = {"id", "created_at", "status", "emotion", "text_input", "duration", "rtf", "audio_path"}
METRICS = ("sidecar_events_shipped_total", "tts_synthesis_total", "tts_audio_seconds_total")

Rows = tuple[list[str], list[tuple[Any, ...]]]
console = Console(width=None if sys.stdout.isatty() else 132, highlight=False)


class DemoFailedError(Exception):
    """A step did not do what it should; the message says which one and shows its output."""


def settings(listen: str) -> dict[str, str]:
    """The environment of the commands: the caller's, but for the folder and the address."""
    own = {"SIDECAR_WATCH_DIR": "outputs", "SIDECAR_LISTEN": listen, "PYTHONUNBUFFERED": "1"}
    return {**os.environ, "SIDECAR_DATABASE_URL": database_url(), **own}


def database_url() -> str:
    return os.environ.get("SIDECAR_DATABASE_URL") or "sqlite:///sidecar.db"


def step(text: str) -> None:
    console.print(f"\n[bold cyan]{text}[/]")


def command(*arguments: str, folder: Path, environment: dict[str, str]) -> None:
    """Run a command to its end, showing what it says. Raises DemoFailedError."""
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, check=False)
    if done.returncode:
        raise DemoFailedError(f"{' '.join(arguments)} ended with {done.returncode}")


@contextmanager
def shipper(folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The shipper as a process of its own; ended in any case."""
    with (folder / "sidecar.service.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sidecar", "run"], cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def stop(process: subprocess.Popen[bytes], folder: Path) -> None:
    """SIGTERM, on which the shipper drains and exits 0. Raises DemoFailedError."""
    process.send_signal(signal.SIGTERM)
    try:
        status = process.wait(DEADLINE)
    except subprocess.TimeoutExpired:
        raise DemoFailedError(f"the shipper did not stop\n{log_tail(folder)}") from None
    if status:
        raise DemoFailedError(f"the shipper ended with {status}\n{log_tail(folder)}")


def log_tail(folder: Path) -> str:
    return "\n".join((folder / "sidecar.service.log").read_text("utf-8", "replace").splitlines()[-20:])


def query(sql: str, folder: Path) -> Rows:
    """Column names and rows. Raises the driver's errors."""
    dsn = parse_dsn(database_url(), os.environ.get("SIDECAR_DATABASE_PASSWORD"))
    with closing(connect(dsn, folder)) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        return [column[0] for column in cursor.description], list(cursor.fetchall())


def connect(dsn: SqliteDsn | MysqlDsn, folder: Path) -> Any:
    if isinstance(dsn, SqliteDsn):
        return sqlite3.connect(folder / dsn.path)
    address: dict[str, Any] = {"unix_socket": dsn.unix_socket}
    if not dsn.unix_socket:
        address = {"host": dsn.hosts[0][0], "port": dsn.hosts[0][1]}
    tls: dict[str, Any] = {"ssl_disabled": True}
    if dsn.ssl in ("on", "verify"):
        files = {"ca": dsn.ssl_ca, "cert": dsn.ssl_cert, "key": dsn.ssl_key}
        tls = {"ssl": {"check_hostname": dsn.ssl == "verify", **{k: v for k, v in files.items() if v}}}
    return pymysql.connect(
        user=dsn.user, password=dsn.password, database=dsn.database, charset="utf8mb4", **address, **tls
    )


def wait_for_rows(folder: Path, process: subprocess.Popen[bytes]) -> int:
    """Wait until each event file has its row; how many that are. Raises DemoFailedError."""
    events = [json.loads(path.read_bytes())["id"] for path in (folder / "outputs").glob("*.json")]
    if not events:
        raise DemoFailedError("the recording left no event file")
    wanted = ", ".join(f"'{event}'" for event in events)
    deadline = time.monotonic() + DEADLINE
    while True:
        _, rows = query(f"SELECT event_id FROM tts_records WHERE event_id IN ({wanted})", folder)
        if len(rows) == len(events):
            return len(events)
        if process.poll() is not None or time.monotonic() > deadline:
            raise DemoFailedError(f"{len(rows)} of {len(events)} rows came\n{log_tail(folder)}")
        time.sleep(0.05)


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def metrics(address: str) -> list[str]:
    """The lines of /metrics that speak of what was shipped and spoken."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{address}/metrics", timeout=5) as answer:
        lines: list[str] = answer.read().decode().splitlines()
    return [line for line in lines if line.startswith(METRICS)]


def show(sql: str, rows: Rows) -> None:
    """Print an answer as a table, of very wide ones the columns that a person looks at first."""
    columns, values = rows
    chosen = [index for index, name in enumerate(columns) if len(columns) < 10 or name in SHOWN]
    console.print(sql, style="green", markup=False)
    table = Table(header_style="bold")
    for index in chosen:
        number = any(isinstance(row[index], (int, float)) for row in values)
        text = columns[index] == "text_input"
        # Chinese has no blanks to wrap at, so a text is folded anywhere.
        table.add_column(
            columns[index],
            justify="right" if number else "left",
            overflow="fold",
            no_wrap=not text,
            ratio=1 if text else None,
            min_width=24 if text else None,
        )
    for row in values:
        table.add_row(*(cell(row[index]) for index in chosen))
    console.print(table)
    if len(chosen) < len(columns):
        console.print(f"  {len(values)} rows; {len(columns) - len(chosen)} more columns are not shown")


def cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if value is None or value == "":
        return "-"
    # Microseconds are in the table; here they would only take the room.
    return re.sub(r"(:\d\d)\.\d{6}$", r"\1", str(value))


def what_next(folder: Path) -> None:
    step("What to do next")
    here = os.path.relpath(folder) if folder.is_relative_to(Path.cwd()) else str(folder)
    console.print(f"  Listen:   the WAV files in {here}/outputs; beside each lies its event, <name>.wav.json")
    if isinstance(parse_dsn(database_url()), SqliteDsn):
        console.print(f'  Query:    sqlite3 {here}/sidecar.db "{QUERIES[1]}"')
        console.print("  On MySQL: SIDECAR_DATABASE_URL=mysql://user:password@host:3306/db make demo")
    console.print(f"  For real: in IndexTTS2's folder,  PYTHONPATH={_PROJECT} uv run python -m indextts_patch webui.py")
    sidecar = _PROJECT / ".venv" / "bin" / "sidecar"
    console.print(f"            and beside it  {sidecar} migrate && {sidecar} run;  README.md tells how")


def run(folder: Path) -> None:
    began = time.monotonic()
    address = free_address()
    environment = settings(address)
    (folder / "outputs").mkdir(parents=True, exist_ok=True)
    console.print(f"Working in {folder}")

    step("sidecar migrate: makes the tables")
    command("-m", "sidecar", "migrate", folder=folder, environment=environment)

    step("sidecar run: starts the shipper")
    with shipper(folder, environment) as process:
        console.print(f"  process {process.pid}, its log in {folder / 'sidecar.service.log'}")

        step("python -m indextts_patch studio.py: speaks, and is recorded")
        command("-m", "indextts_patch", str(HERE / "studio.py"), folder=folder, environment=environment)
        spoken = time.monotonic()

        count = wait_for_rows(folder, process)
        console.print(f"  {count} rows were there {time.monotonic() - spoken:.2f} s after studio.py ended")

        step(f"http://{address}/metrics, in part")
        for line in metrics(address):
            console.print(f"  {line}", markup=False)

        step("SIGTERM: the shipper drains and ends")
        stop(process, folder)
        console.print("  exit code 0")

    step("The rows")
    for sql in (RECORDS, *QUERIES):
        show(sql, query(sql, folder))
        console.print()
    what_next(folder)
    console.print(f"\n[dim]{time.monotonic() - began:.1f} s without the installation[/]")


def main() -> None:
    chosen = os.environ.get("DEMO_DIR")
    folder = Path(chosen or tempfile.mkdtemp(prefix="indextts-demo-")).resolve()
    try:
        run(folder)
    except DemoFailedError as error:
        console.print(f"\n[bold red]The demo failed:[/] {error}", markup=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
