"""A steady load for a cluster, and the sum of what came of it."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.events import publish, succeeded


@dataclass(kw_only=True)
class Fault:
    name: str
    node: int
    at: float
    events: int = 0
    """Written from this fault to the next; those before the first count as its own."""
    missing: int = 0
    doubled: int = 0
    gap: float = 0.0
    """The longest time without a commit, seconds."""


class Load:
    """Writes events at a steady rate, in a thread of its own, and remembers when each was written.

    Args:
        rate: events a second.
    """

    def __init__(self, folder: Path, rate: float) -> None:
        self.folder = folder
        self.rate = rate
        self.written: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        number, due = 0, time.monotonic()
        while not self._stop.is_set():
            number += 1
            event = succeeded(sequence=number)
            self.written[event["id"]] = time.time()
            publish(self.folder, event, name=f"{number}.json")
            due += 1 / self.rate
            time.sleep(max(0.0, due - time.monotonic()))


def measured(
    faults: Sequence[Fault], written: Mapping[str, float], rows: Mapping[str, int], commits: Sequence[float]
) -> None:
    """Deal what was written out to the faults, and count it.

    Batches are stamped when they are handed over, just after the last one was committed: a gap between stamps is the
    time that one batch took, the outage included.

    Args:
        written: ids, and when.
        rows: how many each id has in the end.
        commits: their stamps, in order.
    """
    ends = [fault.at for fault in faults[1:]] + [math.inf]
    begins = [-math.inf, *ends[:-1]]
    for fault, begin, end in zip(faults, begins, ends, strict=True):
        own = [identity for identity, at in written.items() if begin <= at < end]
        fault.events = len(own)
        fault.missing = sum(identity not in rows for identity in own)
        fault.doubled = sum(rows.get(identity, 0) > 1 for identity in own)
        stamps = [fault.at, *(stamp for stamp in commits if fault.at <= stamp < end)]
        fault.gap = max((after - before for before, after in itertools.pairwise(stamps)), default=math.inf)
