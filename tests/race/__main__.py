"""python -m tests.race: see README.md of tests/benchmarks, "The race"."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from tests.benchmarks import report
from tests.race import race
from tests.race.legs import Course
from tests.race.peer import Peer
from tests.race.peers import PEERS
from tests.race.sizes import FULL, SMALL
from tests.servers import MariaDB, ServerMissingError

Chosen = TypeVar("Chosen")
_RESULTS = Path(".cache") / "race"


def main() -> int:
    """
    Environment:
        SMALL=1: three minutes instead of 40.
        PEERS: the names of some peers, with commas between; all unless given.
        LEGS: some of backlog, long, follow, kill, twice, likewise.
        RACE_ROOT: where get-peers.sh has put their programs.
    """
    sizes = SMALL if os.environ.get("SMALL") == "1" else FULL
    try:
        peers = _chosen("PEERS", {peer.name: peer for peer in PEERS})
        chosen = _chosen("LEGS", {name: name for name in race.STEPS})
    except KeyError as error:
        print(error.args[0])
        return 2
    folder = Path(tempfile.mkdtemp(prefix="sidecar-race-files-"))
    began = time.monotonic()

    def progress(text: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {text}", flush=True)

    try:
        with MariaDB() as server:
            version = server.version
            course = Course(server=server, peers=Path(os.environ["RACE_ROOT"]), limit_seconds=sizes.limit_seconds)
            progress("writing the files")
            todo = [step for step in race.steps(sizes, course, folder) if step.what in chosen]
            try:
                race.run(sizes, course, peers, todo, progress)
            except KeyboardInterrupt:
                progress("cut short")
    except ServerMissingError as error:
        print(error)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    said = {peer.name: _said(peer) for peer in peers}
    tables = [leg for step in todo for leg in step.legs]
    path = _RESULTS / f"{sizes.name}.json"
    report.write(
        path,
        {"size": sizes.name, "server": version, "legs": [leg.as_json() for leg in tables], "configurations": said},
    )
    print()
    for leg in tables:
        print(f"{leg.markdown()}\n")
    for name, text in said.items():
        print(f"- {name}: {text}.")
    load = os.getloadavg()[2]
    print(f"\n{version}, {time.monotonic() - began:.0f} s in all, a load of {load:.0f} at the end. Written to {path}")
    return 0


def _chosen(variable: str, there: Mapping[str, Chosen]) -> list[Chosen]:
    """Those that the environment names, or all. Raises KeyError with what to say where it names another."""
    names = [name.strip() for name in os.environ.get(variable, "").split(",") if name.strip()]
    for name in names:
        if name not in there:
            raise KeyError(f"{variable}: there is no {name}, but {', '.join(there)}.")
    return [each for name, each in there.items() if not names or name in names]


def _said(peer: Peer) -> str:
    most = f". {peer.takes:,} files at most: {peer.because}" if peer.takes else ""
    return f"{peer.configuration}{most}"


if __name__ == "__main__":
    sys.exit(main())
