"""What a command costs before it has done anything: processor time beside that of `python -c pass`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks import dataset
from tests.benchmarks.context import Context
from tests.benchmarks.measure import Row
from tests.servers import sqlite_url

MOST = 20
"""Times `python -c pass`: 0.2 s where that takes 0.01 s."""
_RECORDS = 20
_COMMANDS = (("--version",), ("--help",), ("find",), ("find", "--json"), ("status",))
_OURS = (sys.executable, "-m", "sidecar")


def start(context: Context) -> list[Row]:
    outputs = context.folder / "start"
    dataset.write(outputs, dataset.small, _RECORDS)
    rounds = context.rounds * 3  # each takes a moment, and the median is worth more
    with context.database() as database:
        urls = {"SQLite": sqlite_url(context.folder / "start.db"), "the server": context.server.url(database)}
        rows = []
        for name, url in urls.items():
            environment = {
                **{name: value for name, value in os.environ.items() if not name.startswith("SIDECAR_")},
                "SIDECAR_DATABASE_URL": url,
                "SIDECAR_WATCH_DIR": str(outputs),
                "SIDECAR_LISTEN": "127.0.0.1:1",  # where nobody answers
            }
            for arguments in (("migrate",), ("run", "--once")):
                subprocess.run([*_OURS, *arguments], env=environment, capture_output=True, check=True)
            asked = [each for each in _COMMANDS if url.startswith("sqlite") or each[0] in ("find", "status")]
            rows += [_row(arguments, name, environment, context.empty_folder, rounds) for arguments in asked]
    return rows


def _row(arguments: Sequence[str], database: str, environment: Mapping[str, str], folder: Path, rounds: int) -> Row:
    pairs = [
        (
            _cpu_seconds([*_OURS, *arguments], environment, folder),
            _cpu_seconds([sys.executable, "-c", "pass"], environment, folder),
        )
        for _ in range(rounds)
    ]
    return Row(
        what=f"sidecar {' '.join(arguments)}" + ("" if arguments[0].startswith("-") else f", {database}"),
        unit="s of processor time",
        ours=[ours for ours, _ in pairs],
        against="python -c pass",
        theirs=[theirs for _, theirs in pairs],
        at_most=MOST,
    )


def _cpu_seconds(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> float:
    """User and system time of one run."""
    process = subprocess.Popen(
        command, env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    used = os.wait4(process.pid, 0)[2]
    process.returncode = 0  # waited for already
    return used.ru_utime + used.ru_stime
