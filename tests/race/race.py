"""Who runs what, and in which order."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import dataset
from tests.race import legs
from tests.race.files import Files
from tests.race.legs import Course, Figures
from tests.race.peer import Peer, StoppedError
from tests.race.sizes import Sizes
from tests.race.tables import Leg

_SEED = 20
"""Of the moments of kill -9: the same shares of each peer's own time in every race."""
STEPS = ("backlog", "long", "follow", "kill", "twice")
_HELD = ("MB", "fds", "lost", "twice")
_BACKLOG = ("files", "rows/s", "CPU us/row", "server us/row", *_HELD)


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one peer runs at a time, and the tables that its figures go into, one after the other."""

    what: str
    run: Callable[[Peer], Iterator[Figures]]
    legs: Sequence[Leg]
    once: bool = False
    """In the first round only."""


def steps(sizes: Sizes, course: Course, folder: Path) -> list[Step]:
    """Write the files into the folder, and say what is run over them."""
    small = Files(folder / "small", dataset.small, sizes.small)
    large = Files(folder / "large", dataset.large, sizes.large)

    def backlog(files: Files) -> Leg:
        title = f"A backlog of {files.count:,} files of {files.bytes} bytes, start included"
        return Leg(title=title, columns=_BACKLOG, spread="rows/s")

    beside = Leg(
        title=f"{sizes.more:,} new files beside them, started anew",
        columns=("beside", "s", "CPU s", "server s", *_HELD),
        spread="s",
    )
    following = Leg(
        title=f"From file to row, {sizes.followed} files, {legs.PER_SECOND} a second",
        columns=("p50 ms", "p99 ms", "lost"),
        spread="p50 ms",
    )
    killed = Leg(
        title=f"kill -9 at {sizes.kills} random moments, {sizes.batch} new files before each",
        columns=("files", "lost", "twice"),
    )
    doubled = Leg(title="Each file twice, the copy under another name, key on", columns=("files", "lost", "twice"))
    return [
        Step(
            what="backlog",
            run=lambda peer: legs.backlog(course, peer, small, sizes.more),
            legs=(backlog(small), beside),
        ),
        Step(what="long", run=lambda peer: legs.backlog(course, peer, large), legs=(backlog(large),)),
        Step(what="follow", run=lambda peer: legs.following(course, peer, small, sizes.followed), legs=(following,)),
        Step(
            what="kill",
            run=lambda peer: legs.killing(course, peer, small, sizes.batch, sizes.kills, random.Random(_SEED)),
            legs=(killed,),
            once=True,
        ),
        Step(
            what="twice",
            run=lambda peer: legs.twice(course, peer, small, sizes.twice),
            legs=(doubled,),
            once=True,
        ),
    ]


def run(
    sizes: Sizes, course: Course, peers: Sequence[Peer], todo: Sequence[Step], progress: Callable[[str], None]
) -> None:
    """Everybody runs every step, round by round, while there is time."""
    began = time.monotonic()
    for number in range(sizes.rounds):
        # Who goes first changes from round to round: who comes later finds warmer or dirtier caches.
        first = number % len(peers)
        for step in todo:
            if step.once and number:
                continue
            for peer in (*peers[first:], *peers[:first]):
                if time.monotonic() > began + sizes.last_start_seconds:
                    progress(f"no more time for: round {number + 1}, {step.what}, {peer.name}")
                    _leave_out(step, peer, "the race's time was over")
                    continue
                progress(f"round {number + 1}, {step.what}: {peer.name}")
                _run(step, peer, course)


def _run(step: Step, peer: Peer, course: Course) -> None:
    left = [leg for leg in step.legs if peer.name not in leg.stopped]
    if len(left) < len(step.legs):
        return  # it would be stopped again
    why = peer.stopped_by(course.peers)
    if why:
        _leave_out(step, peer, why)
        return
    done = 0
    try:
        for leg, figures in zip(step.legs, step.run(peer), strict=True):
            leg.add(peer.name, figures)
            done += 1
    except StoppedError as error:
        for leg in step.legs[done:]:
            leg.stop(peer.name, str(error))


def _leave_out(step: Step, peer: Peer, why: str) -> None:
    for leg in step.legs:
        if peer.name not in leg.rounds:
            leg.stop(peer.name, why)
