"""python -m tests.torture.soak: hours of mixed load, squeezed by the injected clock; what it uses must stay flat."""

from __future__ import annotations

import argparse
import gc
import os
import random
import sys
import tempfile
import threading
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.events import encode, publish, succeeded
from tests.torture.harness import ManualClock, Process, back_up, make_database, restore, rows

# With small batches a rewind soon holds the most that it ever does. The overlap is as short as time is squeezed: files
# have the kernel's ctime, and four hours pass in two minutes. Else memory would follow the folder and hide what leaks.
_BATCH = 100
_OVERLAP_SECONDS = 0.02
_FLAT = {"resident KiB": 15.0, "descriptors": 0.02, "threads": 0.01}
"""Growth per simulated minute that still counts as flat: SQLite's page cache, which ends at 2 MB, and the names that a
rewind of a growing folder lists; none of the others."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture.soak", description=__doc__)
    parser.add_argument("--minutes", type=int, default=240, help="simulated")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    chance = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        samples, written, stored = _soak(Path(name), chosen.minutes, chance)
    table = Table(title=f"{chosen.minutes} simulated minutes, seed {chosen.seed}, {written} events, {stored} rows")
    for column in ("what", "at a third", "at the end", "a minute"):
        table.add_column(column, justify="right")
    passed = written == stored
    for index, (what, limit) in enumerate(_FLAT.items()):
        values = [sample[index] for sample in samples[len(samples) // 3 :]]
        slope = _slope(values)
        passed = passed and slope <= limit
        table.add_row(what, f"{values[0]:,.0f}", f"{values[-1]:,.0f}", f"{slope:+.3f}")
    Console(width=100).print(table)
    print(f"soak: {int(passed)} passed, {int(not passed)} failed")
    return 0 if passed else 1


def _soak(root: Path, minutes: int, chance: random.Random) -> tuple[list[tuple[float, ...]], int, int]:
    folder, database, backup = root / "outputs", root / "sidecar.db", root / "backup.db"
    folder.mkdir()
    make_database(database)
    clock = ManualClock()
    process = Process(folder, database, clock, batch_max_events=_BATCH, overlap_seconds=_OVERLAP_SECONDS)
    samples, written = [], 0
    for minute in range(minutes):
        for _ in range(12):
            for _ in range(chance.randrange(5)):
                path = publish(folder, succeeded())
                written += 1
                if chance.random() < 0.9:
                    process.notices.add(process.folder.key, path.name)
            if chance.random() < 0.05:
                publish(folder, encode(succeeded())[:100])
            process.sink.plan = chance.choices(["", "before", "after"], k=3) if chance.random() < 0.2 else []
            clock.passes(5)
            assert process.step()
        match chance.randrange(12):
            case 0:
                folder.rename(root / "away")
                clock.passes(5)
                assert process.step()
                (root / "away").rename(folder)
            case 1:
                backup.unlink(missing_ok=True)
                back_up(database, backup)
            case 2 if backup.exists():
                restore(backup, database)
            case 3:
                clock.skew_ns -= chance.randrange(60) * 10**9
        samples.append(_resources())
        if minute % 60 == 59:
            process.settle()
    process.sink.plan = []
    process.settle(8)
    process.end()
    ((stored,),) = rows(database, "SELECT COUNT(*) FROM tts_events")
    assert isinstance(stored, int)
    return samples, written, stored


def _resources() -> tuple[float, ...]:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024, len(os.listdir("/proc/self/fd")), threading.active_count()


def _slope(values: list[float]) -> float:
    """Of the straight line with the least squares."""
    middle, mean = (len(values) - 1) / 2, sum(values) / len(values)
    above = sum((x - middle) * (y - mean) for x, y in enumerate(values))
    return above / max(1e-9, sum((x - middle) ** 2 for x in range(len(values))))


if __name__ == "__main__":
    sys.exit(main())
