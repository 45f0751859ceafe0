"""Starts shippers in milliseconds: a process that has imported everything already and forks one for each order.

It is a real process of its own each time, to be killed and stopped as such. An order is a line of JSON on standard
input: {"run": {"env": {...}, "log": "file", "arguments": [...], "seam": "name:count"}} or {"wait": pid}; each is
answered with one line.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_DEADLINE = 30.0
_PR_SET_PDEATHSIG = 1


class Zygote:
    """The end that gives the orders. A context manager; what it started ends with it.

    Args:
        environment: further variables, such as LD_PRELOAD.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._lock = threading.Lock()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SIDECAR_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.zygote"],
            cwd=ROOT,
            env=kept | dict(environment or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Zygote:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(_DEADLINE)
        self._process.stdout.close()

    def start(self, settings: Mapping[str, str], log: Path, *arguments: str, seam: str = "") -> Child:
        order = {"env": dict(settings), "log": str(log), "arguments": list(arguments), "seam": seam}
        return Child(self, int(self.ask({"run": order})), log)

    def ask(self, order: Mapping[str, Any]) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return self._process.stdout.readline()


class Child:
    """A shipper that runs."""

    def __init__(self, zygote: Zygote, pid: int, log: Path) -> None:
        self._zygote = zygote
        self.pid = pid
        self.log = log
        self.status: int | None = None
        self._lock = threading.Lock()

    def send(self, what: signal.Signals) -> None:
        os.kill(self.pid, what)

    @property
    def stopped(self) -> bool:
        """Whether SIGSTOP has taken hold."""
        return self._state() == "T"

    @property
    def running(self) -> bool:
        return self.status is None and self._state() not in ("Z", "")

    def _state(self) -> str:
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):  # it ended, perhaps while it was read
            return ""

    def wait(self) -> int:
        """Its exit code; the signal's number, negative, where one ended it."""
        with self._lock:
            if self.status is None:
                self.status = int(self._zygote.ask({"wait": self.pid}))
        return self.status

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.wait()

    @property
    def port(self) -> int:
        """Where it listens; 0 until its log says so."""
        for line in self.log.read_text(encoding="utf-8").splitlines():
            if '"started"' in line:
                return int(str(json.loads(line)["listen"]).rpartition(":")[2] or 0)
        return 0


def _serve() -> None:
    from sidecar.cli.run import run
    from sidecar.event.event import Event
    from tests.torture import seams

    for import_too in (run, Event):
        assert import_too
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            _, status = os.waitpid(order["wait"], 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            _become_shipper(order["run"], seams)
        print(pid, flush=True)


def _become_shipper(order: Mapping[str, Any], seams: Any) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, null), (1, log), (2, log)):
        os.dup2(source, target)
    os.environ.update(order["env"])
    if order["seam"]:
        name, _, count = order["seam"].partition(":")
        seams.die_at(name, int(count or 1))
    _run(order["arguments"])


def _run(arguments: Sequence[str]) -> None:
    from sidecar.cli.main import sidecar

    code: Any = 1
    try:
        sidecar(list(arguments) or ["run"], standalone_mode=True)
    except SystemExit as ended:
        code = ended.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    _serve()
