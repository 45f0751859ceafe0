"""Everything that one form does to one server."""

from __future__ import annotations

import functools
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pymysql

from tests.servers import MariaDB, MySQL, OceanBase, Server, ServerFailedError
from tests.torture import conservation, crashes, poisoned
from tests.torture.faults import Fault
from tests.torture.forms import Form
from tests.torture.outcome import Outcome
from tests.torture.zygote import Zygote

SERVERS: dict[str, type[Server]] = {"mariadb": MariaDB, "mysql": MySQL, "oceanbase": OceanBase}
RATE = 60.0
"""Events a second."""
_FAILURES = (AssertionError, ServerFailedError, pymysql.err.MySQLError, OSError, subprocess.SubprocessError)


def torture(kind: str, seed: int, legs: Sequence[Sequence[Fault]], form: Form) -> Outcome:
    """These legs, and the rest of the form, on one server, in a process of its own."""
    started = time.monotonic()

    def say(what: str) -> None:
        print(f"{kind}, {time.monotonic() - started:.0f} s: {what}", flush=True)

    with SERVERS[kind]() as server:
        outcome = Outcome(server=f"{server.kind} {server.version}")

        def stage(name: str, work: Callable[[], None]) -> None:
            try:
                work()
            except _FAILURES as error:  # the rest may tell more, and takes long to come to
                outcome.failures.append(f"{name}: {type(error).__name__}: {error}")
            say(name)

        for number, leg in enumerate(legs):
            run = functools.partial(_conserve, server, outcome, seed + number, leg)
            stage(f"{len(leg)} faults, part {number + 1} of {len(legs)}", run)
        if form.crash_points:
            stage("every crash point", lambda: _crash(server, outcome))
        if form.poison:
            stage(f"{form.poison:,} poisoned files", lambda: _poison(server, outcome, seed, form.poison))
    return outcome


def _conserve(server: Server, outcome: Outcome, seed: int, leg: Sequence[Fault]) -> None:
    outcome.add(conservation.run(server, seed=seed, plan=leg, rate=RATE))


def _poison(server: Server, outcome: Outcome, seed: int, count: int) -> None:
    line, outcome.poison = poisoned.ship(server, seed=seed, count=count)
    outcome.line("poisoned files").add(line)


def _crash(server: Server, outcome: Outcome) -> None:
    with Zygote() as zygote, tempfile.TemporaryDirectory(prefix="crash-") as name:
        database = crashes.make_database(server, Path(name))
        for number, point in enumerate(crashes.crash_points()):
            place = Path(name) / str(number)
            place.mkdir()
            outcome.line("every crash point").add(
                crashes.die_at(point, server, database, zygote, place, f"at-{number}")
            )
            outcome.kills += 1
