"""The real command as a process, asked through its metrics, each wait with a deadline."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

DEADLINE_SECONDS = 60.0


def sidecar(
    *arguments: str, cwd: Path, settings: Mapping[str, str] | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "sidecar", *arguments],
        cwd=cwd,
        env=environment(settings or {}),
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=check,
    )


def prepare(place: Path, database_url: str, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Make an empty watched folder, outputs, and the tables.

    Returns:
        The settings given and those that name both.
    """
    folder = place / "outputs"
    folder.mkdir()
    found = {"SIDECAR_DATABASE_URL": database_url, "SIDECAR_WATCH_DIR": str(folder)} | dict(settings or {})
    sidecar("migrate", cwd=place, settings=found)
    return found


class Running:
    """`sidecar run` under way.

    Args:
        within: a command that runs the one it is given, such as unshare.
    """

    def __init__(self, *arguments: str, cwd: Path, settings: Mapping[str, str], within: Sequence[str] = ()) -> None:
        self.log_path = cwd / f"sidecar-{time.monotonic_ns()}.log"
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [*within, sys.executable, "-m", "sidecar", "run", *arguments],
                cwd=cwd,
                env=environment(settings),
                stdout=log,
                stderr=log,
            )
        found = eventually(
            lambda: re.findall(r'"listen": "127\.0\.0\.1:(\d+)"', self.log), f"the start of the shipper: {self.log}"
        )
        self.port = int(found[0])

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8")

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page; 0 where nothing answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metrics(self) -> dict[str, float]:
        """Every sample by name and labels as written on the page."""
        lines = [line for line in self.get("/metrics")[1].splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    def total(self, name: str) -> float:
        """The sum over all labels."""
        return sum(value for key, value in self.metrics().items() if key.partition("{")[0] == name)

    def shipped(self, count: int) -> None:
        """Wait until that many event files are committed and nothing is pending."""
        eventually(
            lambda: self.total("sidecar_events_shipped_total") >= count and not self.total("sidecar_pending_events"),
            f"{count} shipped: {self.log}",
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE_SECONDS)

    def stop(self) -> int:
        """End it as systemd does. Returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE_SECONDS)


@contextlib.contextmanager
def running(*arguments: str, cwd: Path, settings: Mapping[str, str], within: Sequence[str] = ()) -> Iterator[Running]:
    shipper = Running(*arguments, cwd=cwd, settings=settings, within=within)
    try:
        yield shipper
    finally:
        if shipper.process.poll() is None:
            shipper.kill()


def eventually(look: Callable[[], T], what: str, seconds: float = DEADLINE_SECONDS, *, pause: float = 0.02) -> T:
    """What `look` returns as soon as it is true; an AssertionError that says `what` after the deadline.

    Args:
        pause: seconds between two looks.
    """
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(pause)
    return found


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """A command's: without settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIDECAR_")}
    private = {"PYTHONPATH": str(Path(__file__).parents[2]), "SIDECAR_LISTEN": "127.0.0.1:0"}
    return kept | private | dict(settings)
