"""The outcome as a person reads it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from tests.torture.faults import FAULTS, server_away_for_long
from tests.torture.outcome import Line, Outcome, Poison, grouped, percentile, total

_COUNTS = ("times", "written", "rows", "missing", "doubled", "mismatched")
_LAST = ("calm", "every crash point", "poisoned files")


def show(console: Console, outcome: Outcome, seed: int, seconds: float) -> None:
    table = Table(title=f"{outcome.server}, seed {seed}, {seconds:.0f} s", title_justify="left")
    table.add_column("fault")
    for name in (*_COUNTS, "longest stall", "to recover"):
        table.add_column(name, justify="right")
    for name, line in sorted(outcome.lines.items(), key=lambda item: (item[0] in _LAST, item[0])):
        table.add_row(name, *_cells(line))
    table.add_section()
    # A poisoned file that is put aside is where it belongs, and no row.
    table.add_row(
        "all but the poison", *_cells(total(line for name, line in outcome.lines.items() if name != "poisoned files"))
    )
    console.print(table)
    _show_latencies(console, outcome)
    console.print(
        f"{outcome.kills:,} kills of the shipper, {outcome.database_faults:,} database faults; {outcome.unproven} more "
        f"faults left no trace and were made again; {outcome.quarantined} good events quarantined, {outcome.strangers} "
        f"rows that nobody wrote; a fresh event afterwards within {outcome.fresh:.2f} s"
    )
    if outcome.poison:
        _show_poison(console, outcome.poison)
    for what in outcome.slow_returns:
        console.print(f"the first commit came too late after {what}")
    for what in outcome.failures:
        console.print(f"FAILED: {what}")
    if outcome.left_out:
        console.print(f"left out on this machine (needs root, or libfaketime): {', '.join(outcome.left_out)}")


def _cells(line: Line) -> list[str]:
    counts = [f"{getattr(line, name):,}" if name != "times" or line.times else "" for name in _COUNTS]
    stall = f"{line.stall:.1f} s" if line.stall else ""
    return [*counts, stall, f"{line.recovery:.2f} s" if line.recovery else ""]


def _show_latencies(console: Console, outcome: Outcome) -> None:
    long = server_away_for_long.__name__.replace("_", " ")
    database = {fault.name for fault in FAULTS if fault.of_database and fault.name != long}
    for name, names in (("calm", {"calm"}), ("database faults", database), (f"'{long}'", {long})):
        if values := grouped(outcome.latencies, names):
            half, most = percentile(values, 0.5) * 1e3, percentile(values, 0.99) * 1e3
            console.print(
                f"publishing an event during {name}: median {half:.2f} ms, 99 % within {most:.2f} ms "
                f"({len(values):,} events)"
            )


def _show_poison(console: Console, poison: Poison) -> None:
    console.print(
        f"poison: {poison.stored:,} stored, {poison.quarantined:,} quarantined, {poison.foreign:,} left alone, "
        f"{poison.repeated:,} known already; resident memory of the shipper before, and after each quarter: "
        f"{', '.join(f'{each:.0f}' for each in poison.resident)} MiB"
    )
