"""The table that people read, and the JSON that keeps it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.measure import Row


def print_table(console: Console, title: str, rows: Sequence[Row]) -> None:
    table = Table(title=title, title_justify="left", show_lines=True)
    for heading in ("what", "measured", "compared with", "its figure"):
        table.add_column(heading, overflow="fold")
    for heading in ("ratio", "spread", "to reach", ""):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            row.what + (f"\n[dim]{row.note}[/dim]" if row.note else ""),
            _figure(row.ours, row.unit),
            row.against,
            _figure(row.theirs, row.unit) if row.theirs else "",
            _score(row, row.score),
            f"{_score(row, min(row.scores))} .. {_score(row, max(row.scores))}",
            _limit(row),
            _verdict(row),
        )
    console.print(table)
    for row in rows:
        if row.details:
            console.print(f"  {row.what}: " + ", ".join(f"{name} {value}" for name, value in row.details.items()))


def write_json(path: Path, servers: dict[str, Sequence[Row]], *, small: bool, rounds: int) -> None:
    tables = {name: [row.as_json() for row in rows] for name, rows in servers.items()}
    write(path, {"small": small, "rounds": rounds, "servers": tables})


def write(path: Path, results: Mapping[str, object]) -> None:
    """Results, and when and on which machine they were measured."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "measured_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
            "python": platform.python_version(),
            "kernel": platform.release(),
            "load": round(os.getloadavg()[2], 1),
        },
        **results,
    }
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _figure(values: Sequence[float], unit: str) -> str:
    middle = sorted(values)[len(values) // 2]
    return f"{middle:,.0f} {unit}" if middle >= 100 else f"{middle:.3g} {unit}"


def _score(row: Row, value: float) -> str:
    if row.theirs and not row.difference:
        return f"{value:.2f} x"
    sign = "+" if row.difference and value >= 0 else ""
    return f"{sign}{value:.3g}"


def _limit(row: Row) -> str:
    if row.at_least is not None:
        return f">= {row.at_least:g}"
    return f"<= {row.at_most:g}" if row.at_most is not None else ""


def _verdict(row: Row) -> str:
    if row.at_least is None and row.at_most is None:
        return ""
    return "[green]reached[/green]" if row.reached else "[red]missed[/red]"
