"""The outcome as a person reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from tests.torture.faults import FAULTS, server_away_for_long
from tests.torture.outcome import Line, Outcome, Poison, grouped, percentile, total

_COUNTS = ("times", "written", "rows", "missing", "doubled", "mismatched")
_POISON = "poisoned files"
_LAST = ("calm", "every crash point", _POISON)
_LONG = server_away_for_long.__name__.replace("_", " ")
_GROUPS = {"kill": "kills of the shipper", "database": "faults of the database", "other": "other faults"}


def show(console: Console, outcome: Outcome, seed: int, seconds: float) -> None:
    lines = sorted(outcome.lines.items(), key=lambda item: (item[0] in _LAST, item[0]))
    console.print(_table(f"{outcome.server}, seed {seed}, {seconds:.0f} s", lines))
    groups = _grouped(outcome.lines)
    if len(groups) < len(lines):
        console.print(_table("in groups", list(groups.items())))
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
        console.print(f"left out (needs root, libfaketime or another server): {', '.join(outcome.left_out)}")


def _table(title: str, lines: Sequence[tuple[str, Line]]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("fault")
    for name in (*_COUNTS, "longest stall", "to recover"):
        table.add_column(name, justify="right")
    for name, line in lines:
        table.add_row(name, *_cells(line))
    table.add_section()
    # A poisoned file that is put aside is where it belongs, and no row.
    table.add_row("all but the poison", *_cells(total(line for name, line in lines if name != _POISON)))
    return table


def _grouped(lines: Mapping[str, Line]) -> dict[str, Line]:
    groups = {fault.name: _GROUPS[fault.group] for fault in FAULTS if fault.name != _LONG}
    found: dict[str, Line] = {}
    for name in sorted(lines, key=lambda name: (name in _LAST, name == _LONG, groups.get(name) == _GROUPS["other"])):
        found.setdefault(groups.get(name, name), Line()).add(lines[name])
    return found


def _cells(line: Line) -> list[str]:
    counts = [f"{getattr(line, name):,}" if name != "times" or line.times else "" for name in _COUNTS]
    stall = f"{line.stall:.1f} s" if line.stall else ""
    return [*counts, stall, f"{line.recovery:.2f} s" if line.recovery else ""]


def _show_latencies(console: Console, outcome: Outcome) -> None:
    database = {fault.name for fault in FAULTS if fault.of_database and fault.name != _LONG}
    for name, names in (("calm", {"calm"}), ("database faults", database), (f"'{_LONG}'", {_LONG})):
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
