"""python -m tests.scoring.killing [--takes N] [--kills N]: processes that score a backlog are killed -9 at random.

Each shows its progress bar on a terminal of its own. In the end every take must have exactly one score, in the folder
and in the tables.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sidecar.upkeep.scores import score_id
from tests.integration.processes import environment
from tests.operate.scene import Scene, set_scene
from tests.servers import sqlite_url

_PAUSE_SECONDS = 0.05
_MOST_SECONDS = 600.0
"""Without a new score: processes of the lowest priority wait long for their turn beside other programs."""


@dataclass
class Backlog:
    """Takes that were spoken and shipped, and what became of their scoring.

    Args:
        ids: their event_ids.
    """

    scene: Scene
    ids: list[str]
    shown: bytes = b""
    """What the last process wrote to its terminal."""
    killed_at: list[int] = field(default_factory=list)
    """How many scores there were at each kill."""

    @functools.cached_property
    def _files(self) -> set[str]:
        return {f"{score_id(each)}.json" for each in self.ids}

    def scores(self) -> int:
        """In the folder."""
        # One look at the folder: a thousand stats a turn would take from the scorer what it needs itself.
        return len(self._files & set(os.listdir(self.scene.folder)))

    def kill(self, times: int, chance: random.Random) -> None:
        """Let a process score until it has done some more, kill it wherever it is then; ship now and then."""
        step = max(1, 2 * len(self.ids) // (3 * times))
        for _ in range(times):
            goal = min(self.scores() + chance.randint(1, step), len(self.ids))
            with self.scoring() as process:
                self.wait_for(goal, process)
                time.sleep(chance.random() * 0.3)
                process.send_signal(signal.SIGKILL)
            self.killed_at.append(self.scores())
            if chance.random() < 0.5:
                self.scene.ship()

    def finish(self) -> None:
        """Score what is left, and ship everything."""
        with self.scoring() as process:
            self.wait_for(len(self.ids), process)
            assert process.wait(_MOST_SECONDS) == 0, self.shown
        self.scene.ship()

    def doubled_or_missing(self) -> list[str]:
        """Takes whose scores are not exactly one in the log and one in the table."""
        events = self.scene.query("SELECT subject FROM tts_events WHERE type = 'indextts.audio.scored'")
        rows = self.scene.query("SELECT event_id FROM tts_scores WHERE problem IS NULL")
        logged, folded = (Counter(row[0] for row in found) for found in (events, rows))
        return [each for each in {*self.ids, *logged, *folded} if (logged[each], folded[each]) != (1, 1)]

    def wait_for(self, scores: int, process: subprocess.Popen[bytes]) -> None:
        """Until so many are in the folder, or the process has ended."""
        seen, deadline = -1, 0.0
        while seen < scores and process.poll() is None:
            now = self.scores()
            if now > seen:
                seen, deadline = now, time.monotonic() + _MOST_SECONDS
            assert time.monotonic() < deadline, f"no score in {_MOST_SECONDS:.0f} s: {self.shown!r}"
            time.sleep(_PAUSE_SECONDS)

    @contextlib.contextmanager
    def scoring(self) -> Iterator[subprocess.Popen[bytes]]:
        """`sidecar score --once` on a terminal, which is killed where it has not ended when the block does."""
        ours, theirs = os.openpty()
        command = [sys.executable, "-m", "sidecar", "score", "--once"]
        given = environment(self.scene.settings)
        self.shown = b""
        process = subprocess.Popen(command, cwd=self.scene.place, env=given, stdout=theirs, stderr=theirs)
        os.close(theirs)
        reader = threading.Thread(target=self._read, args=(ours,))
        reader.start()
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            reader.join()
            os.close(ours)

    def _read(self, terminal: int) -> None:
        with contextlib.suppress(OSError):  # how Linux says that nobody writes any more
            while read := os.read(terminal, 65536):
                self.shown += read


def spoken(scene: Scene, count: int, seconds: float = 1.0) -> Backlog:
    """So many takes, noise each, shipped; oldest first."""
    ids = [str(scene.speak(f"spk_{number:04}.wav", seconds=seconds)["id"]) for number in range(1, count + 1)]
    scene.ship()
    return Backlog(scene, ids)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.scoring.killing", description=__doc__)
    parser.add_argument("--takes", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place, began = Path(temporary), time.monotonic()
        backlog = spoken(set_scene(place, sqlite_url(place / "sidecar.db")), given.takes)
        backlog.kill(given.kills, random.Random(given.seed))
        print("scores at each kill:", *backlog.killed_at)
        backlog.finish()
        wrong = backlog.doubled_or_missing()
        took, right = time.monotonic() - began, given.takes - len(wrong)
        print("a progress bar was" + ("" if "━".encode() in backlog.shown else " NOT") + " shown")
        print(f"{given.takes} takes, {given.kills} kills, {took:.0f} s: {right} scored exactly once, {len(wrong)} not")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
