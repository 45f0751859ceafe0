"""How much is broken in each form of make torture."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.torture.faults import FAULTS, Fault


@dataclass(frozen=True, kw_only=True)
class Form:
    """Counts are for each server."""

    kills: int
    """Of the shipper, by SIGKILL."""
    database: int
    """Faults of the database server."""
    others: int
    legs: int = 1
    """They are dealt out over so many runs, each with a folder and a database of its own."""
    lanes: int = 1
    """So many servers of a kind are tortured at once; see lanes()."""
    outages: int = 0
    """Times that the server is away for minutes."""
    crash_points: bool = False
    """Whether the shipper dies at every seam too; make test does it in any case."""
    poison: int = 0
    """Poisoned files; make test ships some in any case."""
    fuzz_seconds: int = 0
    """How long the decoder is fuzzed, guided by coverage."""
    histories: int = 0
    """Of erasing and rewriting, on SQLite too; see erasing.py."""
    stride: int = 1
    """What erases and rewrites dies at every so manieth of its steps."""


FORMS = {
    "short": Form(kills=5, database=8, others=11, fuzz_seconds=5, histories=20, stride=20),
    "normal": Form(kills=45, database=32, others=43, fuzz_seconds=30, histories=200, stride=5),
    "long": Form(
        kills=1000,
        database=200,
        others=100,
        legs=6,
        lanes=3,
        outages=1,
        crash_points=True,
        poison=100_000,
        fuzz_seconds=120,
        histories=2000,
    ),
}


def plan(form: Form, chance: random.Random) -> list[list[Fault]]:
    """The faults of each leg; each kind comes at least once in all of them together."""
    chosen: list[Fault] = [fault for fault in FAULTS if not fault.share for _ in range(form.outages)]
    for group, count in (("kill", form.kills), ("database", form.database), ("other", form.others)):
        chosen += _drawn([fault for fault in FAULTS if fault.share and fault.group == group], count, chance)
    chance.shuffle(chosen)
    return [chosen[leg :: form.legs] for leg in range(form.legs)]


def lanes(form: Form, legs: list[list[Fault]]) -> list[tuple[list[list[Fault]], Form]]:
    """What each server of a kind goes through: of several, one has all but the legs, and the others share those."""
    if form.lanes == 1:
        return [(legs, form)]
    bare, sharers = replace(form, crash_points=False, poison=0), form.lanes - 1
    return [([], form), *((legs[lane::sharers], bare) for lane in range(sharers))]


def plan_of(names: Sequence[str], rounds: int, chance: random.Random) -> list[list[Fault]]:
    """Only faults of these names."""
    chosen = _drawn([fault for fault in FAULTS if fault.name in names], rounds, chance)
    chance.shuffle(chosen)
    return [chosen]


def _drawn(kinds: Sequence[Fault], count: int, chance: random.Random) -> list[Fault]:
    """So many of them, by their shares, each at least once."""
    more = chance.choices(kinds, [max(1, fault.share) for fault in kinds], k=max(0, count - len(kinds)))
    return [*kinds, *more]
