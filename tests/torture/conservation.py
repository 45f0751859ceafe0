"""The conservation run: writers write, everything breaks at random, and then the rows must equal the writers' books."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from tests.events import succeeded
from tests.servers import Server
from tests.torture.arena import Arena, until
from tests.torture.faults import FAULTS, Fault
from tests.torture.writers import Entry, canonical

RECOVERY_SECONDS = 60.0
FRESH_SECONDS = 5.0
CALM_SECONDS = 120.0


@dataclass
class Line:
    """What is known of one fault at the end."""

    times: int = 0
    written: int = 0
    rows: int = 0
    missing: int = 0
    mismatched: int = 0
    doubled: int = 0
    stall: float = 0.0
    """The longest time without a commit, seconds, while it lasted and until it was over."""
    recovery: float = 0.0
    """The longest time from its end to the next commit."""


@dataclass
class Outcome:
    server: str
    seed: int
    lines: dict[str, Line] = field(default_factory=dict)
    kills: int = 0
    database_faults: int = 0
    quarantined: int = 0
    strangers: int = 0
    """Rows that nobody wrote."""
    fresh: float = 0.0
    """Seconds from an event's publication after calm to its row."""
    latencies: dict[str, list[float]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        lines = self.lines.values()
        damage = sum(line.missing + line.doubled + line.mismatched for line in lines)
        return not damage and not self.quarantined and not self.strangers and self.fresh <= FRESH_SECONDS


class _Pulse:
    """Watches the commits from outside, and keeps the longest pause between two."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._stop = threading.Event()
        self._changed_at = time.monotonic()
        self.revision = arena.revision()
        self.longest = 0.0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.03):
            revision = self._arena.revision()
            now = time.monotonic()
            if revision not in (-1, self.revision):
                self.revision, self._changed_at = revision, now
            self.longest = max(self.longest, now - self._changed_at)
        self._arena.forget_probe()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


def run(server: Server, *, seed: int, rounds: int, rate: float, only: list[str] | None = None) -> Outcome:
    """
    Args:
        rounds: faults to inject; each kind comes at least once.
        rate: events a second.
        only: names of faults; all of them where none is named.

    Raises:
        DidNotHappenError: a fault left no trace.
        AssertionError: the shipper did not recover from one.
    """
    chance = random.Random(seed)
    outcome = Outcome(server=f"{server.kind} {server.version}", seed=seed)
    with Arena(server, seed=seed, rate=rate) as arena:
        usable = [fault for fault in FAULTS if not fault.needs or getattr(arena, f"has_{fault.needs}")]
        usable = [fault for fault in usable if not only or fault.name in only]
        outcome.left_out = [fault.name for fault in FAULTS if fault.needs and not getattr(arena, f"has_{fault.needs}")]
        with arena.writers:
            assert until(lambda: arena.revision() > 3, RECOVERY_SECONDS), "nothing is shipped at all"
            for fault in _plan(usable, rounds, chance):
                _inject(arena, fault, chance, outcome.lines.setdefault(fault.name, Line()))
                outcome.database_faults += fault.of_database
                arena.writers.during = "calm"
                time.sleep(chance.uniform(0.0, 0.3))
        _calm(arena)
        outcome.fresh = _fresh_event(arena)
        outcome.kills = arena.kills
        outcome.latencies = dict(arena.writers.latencies)
        _settle_accounts(arena, outcome)
    return outcome


def _plan(usable: list[Fault], rounds: int, chance: random.Random) -> list[Fault]:
    weights = [fault.share for fault in usable]
    plan = [*usable, *chance.choices(usable, weights, k=max(0, rounds - len(usable)))]
    chance.shuffle(plan)
    return plan


def _inject(arena: Arena, fault: Fault, chance: random.Random, line: Line) -> None:
    line.times += 1
    arena.writers.during = fault.name
    pulse = _Pulse(arena)
    try:
        with fault.make(arena, chance):
            time.sleep(chance.uniform(*fault.seconds))
        over = time.monotonic()
        revision = arena.revision()
        assert until(lambda: arena.revision() not in (-1, revision), RECOVERY_SECONDS), (
            f"no commit after {fault.name}: {arena.log_tail()}"
        )
        line.recovery = max(line.recovery, time.monotonic() - over)
    finally:
        pulse.close()
    line.stall = max(line.stall, pulse.longest)


def _calm(arena: Arena) -> None:
    """Until as many rows are there as events were written, or time is over."""
    count = len(arena.writers.ledger)
    until(lambda: arena.query("SELECT COUNT(*) FROM tts_events")[0][0] >= count, CALM_SECONDS)


def _fresh_event(arena: Arena) -> float:
    event = succeeded("after the storm")
    assert arena.writers.publish(event)
    started = time.monotonic()
    until(lambda: bool(arena.query("SELECT 1 FROM tts_events WHERE id = %s", event["id"])), CALM_SECONDS)
    return time.monotonic() - started


def _settle_accounts(arena: Arena, outcome: Outcome) -> None:
    ledger: dict[str, Entry] = arena.writers.ledger
    stored = {row[0]: (row[1], row[2]) for row in arena.query("SELECT id, sha256, event FROM tts_events")}
    records = Counter(row[0] for row in arena.query("SELECT event_id FROM tts_records"))
    for id_, entry in ledger.items():
        line = outcome.lines.setdefault(entry.during, Line())
        line.written += 1
        line.rows += records[id_]
        if id_ not in stored or not records[id_]:
            line.missing += 1
            continue
        line.doubled += records[id_] - 1
        sha256, event = stored[id_]
        line.mismatched += sha256 != entry.sha256 or canonical(event) != entry.canonical
    outcome.strangers = len(stored.keys() - ledger.keys()) + len(records.keys() - ledger.keys())
    outcome.quarantined = arena.query("SELECT COUNT(*) FROM sidecar_quarantine WHERE status = 'quarantined'")[0][0]


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def grouped(latencies: dict[str, list[float]], names: set[str]) -> list[float]:
    merged: defaultdict[bool, list[float]] = defaultdict(list)
    for during, values in latencies.items():
        merged[during in names].extend(values)
    return merged[True]
