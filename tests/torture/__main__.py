"""make torture: the conservation run on each server, as a table."""

from __future__ import annotations

import argparse
import os
import random
import sys
import time

from rich.console import Console
from rich.table import Table

from tests.servers import MariaDB, MySQL, Server, ServerMissingError
from tests.torture import conservation
from tests.torture.conservation import Outcome, grouped, percentile
from tests.torture.faults import FAULTS

ROUNDS = {"short": 24, "normal": 120, "long": 1200}
RATE = 60.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--form", choices=ROUNDS, default="normal", help="how many faults")
    parser.add_argument("--seed", type=int, default=None, help="the same faults in the same order")
    parser.add_argument("--server", choices=["mariadb", "mysql"], action="append", help="default: both that are there")
    parser.add_argument("--fault", action="append", help="only this one, such as 'disk full'; may be repeated")
    parser.add_argument("--rounds", type=int, default=None, help="how many faults, instead of the form's number")
    chosen = parser.parse_args()
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(10**6)
    console = Console(width=150 if not sys.stdout.isatty() else None)
    kinds: list[type[Server]] = [
        kind for kind in (MariaDB, MySQL) if kind.kind in (chosen.server or ("mariadb", "mysql"))
    ]
    passed = failed = 0
    for kind in kinds:
        console.print(f"seed {seed}: make torture SEED={seed}")
        try:
            with kind() as server:
                started = time.monotonic()
                rounds = chosen.rounds or ROUNDS[chosen.form]
                outcome = conservation.run(server, seed=seed, rounds=rounds, rate=RATE, only=chosen.fault)
                show(console, outcome, time.monotonic() - started)
        except ServerMissingError as error:
            console.print(f"{kind.kind}: NOT TORTURED: {error}")
            failed += kind is MariaDB and os.environ.get("CI") == "true"
            continue
        passed, failed = passed + outcome.whole, failed + (not outcome.whole)
    print(f"torture: {passed} passed, {failed} failed")
    return 1 if failed else 0


def show(console: Console, outcome: Outcome, seconds: float) -> None:
    table = Table(title=f"{outcome.server}, seed {outcome.seed}, {seconds:.0f} s", title_justify="left")
    table.add_column("fault")
    for name in ("times", "written", "rows", "missing", "doubled", "mismatched", "longest stall", "to recover"):
        table.add_column(name, justify="right")
    for name, line in sorted(outcome.lines.items(), key=lambda item: (item[0] == "calm", item[0])):
        table.add_row(
            name,
            *map(str, (line.times or "", line.written, line.rows, line.missing, line.doubled, line.mismatched)),
            f"{line.stall:.1f} s" if line.times else "",
            f"{line.recovery:.2f} s" if line.times else "",
        )
    lines = outcome.lines.values()
    table.add_section()
    table.add_row(
        "all",
        *(
            str(sum(getattr(line, name) for line in lines))
            for name in ("times", "written", "rows", "missing", "doubled", "mismatched")
        ),
        f"{max(line.stall for line in lines):.1f} s",
        f"{max(line.recovery for line in lines):.2f} s",
    )
    console.print(table)
    database = {fault.name for fault in FAULTS if fault.of_database}
    latencies = [grouped(outcome.latencies, names) for names in ({"calm"}, database)]
    for name, values in zip(("calm", "database faults"), latencies, strict=True):
        half, most = percentile(values, 0.5) * 1e3, percentile(values, 0.99) * 1e3
        console.print(f"publishing an event during {name}: median {half:.2f} ms, 99 % within {most:.2f} ms")
    console.print(
        f"{outcome.kills} kills of the shipper, {outcome.database_faults} database faults, "
        f"{outcome.quarantined} quarantined, {outcome.strangers} rows that nobody wrote, "
        f"a fresh event afterwards within {outcome.fresh:.2f} s"
    )
    if outcome.left_out:
        console.print(f"left out on this machine (needs root, or libfaketime): {', '.join(outcome.left_out)}")


if __name__ == "__main__":
    sys.exit(main())
