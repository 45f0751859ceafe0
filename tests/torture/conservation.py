"""The conservation run: writers write, everything breaks at random, and then the rows must equal the writers' books."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence

from tests.events import succeeded
from tests.servers import Server
from tests.torture.arena import Arena, until
from tests.torture.faults import DidNotHappenError, Fault
from tests.torture.outcome import RETURN_SECONDS, Line, Outcome
from tests.torture.writers import Entry, canonical

RECOVERY_SECONDS = 60.0
CALM_SECONDS = 120.0
_TRIES = 3


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


def run(server: Server, *, seed: int, plan: Sequence[Fault], rate: float) -> Outcome:
    """
    Args:
        plan: the faults, in the order in which they come; what this machine cannot do is left out.
        rate: events a second.

    Raises:
        DidNotHappenError: a fault left no trace.
        AssertionError: the shipper did not recover from one.
    """
    chance = random.Random(seed)
    outcome = Outcome(server=f"{server.kind} {server.version}")
    with Arena(server, seed=seed, rate=rate) as arena:
        able = [fault for fault in plan if not fault.needs or getattr(arena, f"has_{fault.needs}")]
        outcome.left_out = sorted({fault.name for fault in plan} - {fault.name for fault in able})
        with arena.writers:
            assert until(lambda: arena.revision() > 3, RECOVERY_SECONDS), "nothing is shipped at all"
            for fault in able:
                _make(arena, fault, chance, outcome)
        _calm(arena)
        outcome.fresh = _fresh_event(arena)
        outcome.kills = arena.kills
        outcome.latencies = dict(arena.writers.latencies)
        _settle_accounts(arena, outcome)
    return outcome


def _make(arena: Arena, fault: Fault, chance: random.Random, outcome: Outcome) -> None:
    """Make the fault, again where it left no trace: on a busy machine a second may pass without a commit to disturb.

    Raises:
        DidNotHappenError: it left none three times.
    """
    for tries_left in reversed(range(_TRIES)):
        try:
            _inject(arena, fault, chance, outcome)
            break
        except DidNotHappenError:
            outcome.unproven += 1
            if not tries_left:
                raise
        finally:
            arena.writers.during = "calm"
            time.sleep(chance.uniform(0.0, 0.3))


def _inject(arena: Arena, fault: Fault, chance: random.Random, outcome: Outcome) -> None:
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
        recovery = time.monotonic() - over
    finally:
        pulse.close()
    line = outcome.line(fault.name)
    line.add(Line(times=1, stall=pulse.longest, recovery=recovery))
    if fault.of_database:
        outcome.database_faults += 1
        if recovery > RETURN_SECONDS:
            outcome.slow_returns.append(f"{fault.name}: {recovery:.1f} s")


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
        line = outcome.line(entry.during)
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
