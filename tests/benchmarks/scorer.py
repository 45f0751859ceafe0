"""Deliveries and syntheses, while `sidecar score` works on a backlog and while it does not."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from pymysql.connections import Connection
from pymysql.cursors import Cursor

from tests.benchmarks import dataset, process
from tests.benchmarks.context import Context
from tests.benchmarks.latency import deliver, seen_by
from tests.benchmarks.measure import Row, percentile
from tests.operate.scene import Scene, set_scene
from tests.scoring.killing import Backlog, spoken
from tests.servers.instance import free_port

_DEMO = Path(__file__).parents[2] / "deploy" / "demo"
_PER_SECOND = 20
_TAKE_SECONDS = 10.0
_TAKES_A_ROUND = 40  # more than a core scores meanwhile
_AT_MOST = 1.1


@dataclass(frozen=True, kw_only=True)
class _Heard:
    """What was seen in one turn."""

    delivered: list[float]
    """Milliseconds from a file's publication to its row, each."""
    spoken: list[float]
    """Milliseconds of each synthesis, as the recording measured it."""


def scorer(context: Context) -> list[Row]:
    """Turns with and without take each other's place, on one server, one shipper and one backlog."""
    count, rounds = context.scale(200, 20), context.scale(2 * context.rounds, context.rounds)
    without, beside = list[_Heard](), list[_Heard]()
    with context.database() as database:
        (place := context.folder / "scorer").mkdir()
        scene = _also_watching(place / "studio" / "outputs", set_scene(place, context.server.url(database)))
        backlog = spoken(scene, context.scale(_TAKES_A_ROUND, 8) * rounds, _TAKE_SECONDS)
        url = scene.settings["SIDECAR_DATABASE_URL"]
        named = {"NAME": scene.settings["SIDECAR_NAME"]}
        with (
            process.shipping(url, scene.folder, free_port(), named) as shipper,
            context.server.connect(database, context.server.owner) as connection,
        ):
            shipper.wait_until_ready()
            connection.autocommit(True)
            for turn in range(2 * rounds):
                context.progress(f"{count} deliveries beside syntheses, turn {turn + 1} of {2 * rounds}")
                at_work = turn % 4 in (1, 2)  # neither is always the first
                with _scoring(backlog) if at_work else contextlib.nullcontext():
                    (beside if at_work else without).append(_turn(scene, connection, turn * count, count))
    return [
        Row(
            what=f"{what}, beside sidecar score",
            unit="ms",
            ours=[figure(each) for each in beside],
            against="the same without it, in turns",
            theirs=[figure(each) for each in without],
            at_most=_AT_MOST,
            details=details,
        )
        for what, figure, details in (
            ("a delivery, p50", lambda turn: percentile(turn.delivered, 0.5), {}),
            ("a delivery, p99", lambda turn: percentile(turn.delivered, 0.99), {}),
            (
                "a synthesis of the demo's engine, mean",
                lambda turn: statistics.mean(turn.spoken),
                {
                    "scored meanwhile": f"{backlog.scores()} takes of {_TAKE_SECONDS:.0f} s",
                    "load average": f"{os.getloadavg()[0]:.1f}",
                },
            ),
        )
    ]


def _also_watching(folder: Path, scene: Scene) -> Scene:
    """The scorer sees when the studio speaks there. The shipper does not look: the backlog stays the same."""
    folder.mkdir(parents=True)
    both = os.pathsep.join([scene.settings["SIDECAR_WATCH_DIR"], str(folder)])
    return Scene(scene.place, {**scene.settings, "SIDECAR_WATCH_DIR": both})


def _turn(scene: Scene, connection: Connection[Cursor], first: int, count: int) -> _Heard:
    enough, delivered = Event(), list[float]()
    with ThreadPoolExecutor(1) as other, connection.cursor() as cursor:
        studio = other.submit(_speaking, scene.place / "studio", enough)
        try:
            for number in range(first, first + count):
                tick = time.monotonic()
                delivered.append(deliver(scene.folder, seen_by(cursor), number, dataset.small(number)) * 1000)
                time.sleep(max(0.0, tick + 1 / _PER_SECOND - time.monotonic()))
        finally:
            enough.set()
        return _Heard(delivered=delivered, spoken=studio.result())


def _speaking(place: Path, enough: Event) -> list[float]:
    """The demo's studio again and again; milliseconds of each synthesis."""
    before = set((place / "outputs").iterdir())
    while not enough.is_set():
        subprocess.run(
            [sys.executable, "-m", "indextts_patch", str(_DEMO / "studio.py")],
            cwd=place,
            env={**os.environ, "PYTHONPATH": f"{_DEMO.parents[1]}{os.pathsep}{_DEMO}"},
            check=True,
            capture_output=True,
        )
    new = set((place / "outputs").glob("*.json")) - before
    events = [json.loads(path.read_bytes()) for path in new]
    return [1000 * each["data"]["timing"]["wall"] for each in events if each["type"].endswith("synthesis.succeeded")]


@contextlib.contextmanager
def _scoring(backlog: Backlog) -> Iterator[None]:
    """`sidecar score --once`, at work until the block ends."""
    with backlog.scoring() as scorer:
        backlog.wait_for(backlog.scores() + 1, scorer)
        yield
        if scorer.poll() is not None:
            raise RuntimeError(f"sidecar score had ended: {backlog.shown[-2000:]!r}")
