"""python -m tests.benchmarks: see README.md beside this file."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from tests.benchmarks import (
    backlog,
    embedded,
    forgetting,
    growth,
    keeping,
    latency,
    library,
    million,
    parts,
    report,
    reporting,
    scorer,
    search,
    start,
)
from tests.benchmarks.context import Context
from tests.benchmarks.measure import Row
from tests.benchmarks.plot import plot_growth
from tests.servers import MariaDB, MySQL, Server, ServerMissingError

_ROUNDS = int(os.environ.get("ROUNDS") or 3)
_LARGE_CASES = ("million",)
_RESULTS = Path(".cache") / "bench"
CASES: dict[str, Callable[[Context], list[Row]]] = {
    "backlog": backlog.backlog,
    "latency": latency.latency,
    "sqlite": embedded.sqlite,
    "million": million.million,
    "growth": growth.growth,
    "parts": parts.parts,
    "search": search.search,
    "start": start.start,
    "forget": forgetting.forgetting,
    "report": reporting.report,
    "scorer": scorer.scorer,
    "keeping": keeping.keeping,
    "library": library.library,
}


def main() -> int:
    """
    Environment:
        SMALL=1: a small run, under a minute.
        MYSQL=1: on real MySQL too.
        CASES: names of the cases to run, separated by spaces; all unless given.
        SQLITE_FILES, FILES, IDLE_SECONDS, GROWTH_ROWS, SEARCH_ROWS, FORGET_RECORDS, REPORT_ROWS, KEEPING_RECORDS,
            LIBRARY_ROWS: other sizes for the cases sqlite, million, growth, search, forget, report, keeping, library.
        ROUNDS: of each measurement, 3 unless given.

    Returns:
        The exit code: 1 where a result is off by more than noise explains.
    """
    small = os.environ.get("SMALL") == "1"
    names = os.environ.get("CASES", "").split() or [name for name in CASES if not (small and name in _LARGE_CASES)]
    kinds: list[type[Server]] = [MariaDB, *([MySQL] if os.environ.get("MYSQL") == "1" else [])]
    console = Console(width=None if sys.stdout.isatty() else 160)
    results: dict[str, Sequence[Row]] = {}
    for kind in kinds:
        try:
            with kind() as server:
                title = f"{kind.__name__} {server.version}"
                results[title] = _run(server, names, small, console)
        except ServerMissingError as error:
            console.print(f"[yellow]{kind.__name__} left out: {error}[/yellow]")
            continue
        report.print_table(console, title + (" (small run)" if small else ""), results[title])
    path = _RESULTS / f"{'small' if small else 'full'}-{'-'.join(names)}.json"
    report.write_json(path, results, small=small, rounds=_ROUNDS)
    console.print(f"Written to {path}")
    grown = {name: row.details for name, rows in results.items() for row in rows if growth.COSTS in row.details}
    if grown:
        picture = path.with_name("growth.svg")
        rows_a_part = next(iter(grown.values()))["rows_a_part"]
        plot_growth(picture, {name: each[growth.COSTS] for name, each in grown.items()}, rows_a_part, growth.MOST)
        console.print(f"Plotted in {picture}")
    wrecked = [row for rows in results.values() for row in rows if row.beyond_noise]
    for row in wrecked:
        console.print(f"[red]FAILED: {row.what}: {row.score:.2f} against {row.against}[/red]")
    return 1 if wrecked else 0


def _run(server: Server, names: Sequence[str], small: bool, console: Console) -> list[Row]:
    folder = Path(tempfile.mkdtemp(prefix="sidecar-bench-"))
    try:
        context = Context(
            server=server,
            folder=folder,
            small=small,
            rounds=_ROUNDS,
            progress=lambda text: console.print(f"[dim]{text}[/dim]"),
        )
        return [row for name in names for row in CASES[name](context)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
