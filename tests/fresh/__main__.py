"""`make fresh`: the README's commands on a bare Debian, as root and as a user who may install nothing.

It fails where a command does, or where the screen stood still for longer than ten seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.fresh.debian import CACHE, FreshError, copy, environment, inside, wheels
from tests.fresh.log import Log

COMMANDS = ("make demo", "make test")  # as the README has them
AGAIN = ("make demo", "make test ARGS=tests/servers")  # everything is there already; a part of the tests
SILENCE = 10.0  # seconds
CLONE = "声音 clone"
BUNDLE = "/srv/indextts-sidecar.bundle"
GIT_CLONE = f"git -c advice.detachedHead=false clone --quiet {BUNDLE} '{CLONE}'"
USER = "studio"
PORT = 9790  # the shipper's own: somebody else has it
REPOSITORY = Path(__file__).parents[2]


class Person:
    """Somebody at a bare machine: types commands, and what comes of each is kept."""

    def __init__(self, log: Log, root: Path, user: str, rows: list[str], variables: dict[str, str]) -> None:
        self.log = log
        self.root = root
        self.user = user
        self.rows = rows
        self.variables = variables
        self.home = "/root" if user == "root" else f"/home/{user}"
        self.failed = False

    def types(self, command: str, *, folder: str = CLONE, user: str | None = None, fails: bool = False) -> str:
        """Run a command. Returns what it printed.

        Args:
            folder: below the home folder.
            user: somebody else, such as root.
            fails: whether it is to fail.
        """
        user = user or self.user
        home = "/root" if user == "root" else self.home
        self.log.say(f"{user}$ {command}")
        binds = [f"{path}:{path}:ro" for path in wheels()]
        if self.variables.get("MYSQL") == "1":
            # The chroot with MySQL is made in there, and kept for the next run.
            kept = CACHE / "mysql"
            kept.mkdir(exist_ok=True)
            binds.append(f"{kept}:{home}/.cache/indextts-sidecar")
        began, used, longest = time.monotonic(), _cpu_seconds(), self.log.longest
        self.log.longest = 0.0
        place = f"{home}/{folder}" if user == self.user else home
        done, shown = self.log.run(inside(self.root, user, place, command, binds), environment(home, self.variables))
        wrong = (done == 0) is fails
        still = self.log.longest > SILENCE
        self.failed |= wrong or still
        self.rows.append(
            f"{time.monotonic() - began:6.0f} s  {_cpu_seconds() - used:6.0f} s  {self.log.longest:5.1f} s  "
            f"{user}: {command}{f'  FAILED ({done})' if wrong else ''}{'  SILENT' if still else ''}"
        )
        if still:
            self.rows.append(f"{'':27}after: {self.log.before}")
        self.rows += [line for line in shown.splitlines() if "NOT tested" in line]
        self.log.longest = max(longest, self.log.longest)
        return shown


def as_root(person: Person) -> None:
    """Installs what is missing, and no test is skipped for want of it."""
    person.types(GIT_CLONE, folder="")
    test = "make test MYSQL=1" if person.variables.get("MYSQL") == "1" else COMMANDS[1]
    for command in (COMMANDS[0], test, *AGAIN):
        person.types(command)


def as_user(person: Person) -> None:
    """Is told what to ask root for, and tests what can be tested then."""
    person.types(f"useradd --create-home --shell /bin/bash {USER}", user="root", folder="")
    person.types(GIT_CLONE, folder="")
    shown = person.types(COMMANDS[0], fails=True)
    advice = re.search(r"apt-get install ([a-z0-9 .-]+)", shown)
    if advice is None:
        person.failed = True
        person.rows.append("no line said what to install")
        return
    person.types(f"apt-get update && apt-get install -y --no-install-recommends {advice[1]}", user="root", folder="")
    for command in (*COMMANDS, *AGAIN):
        person.types(command)


PEOPLE = {"root": as_root, "user": as_user}
PASSED_ON = {"root": ("CI", "MYSQL", "ENGINES"), "user": ("ENGINES",)}  # variables of whoever types `make fresh`


class _Other(BaseHTTPRequestHandler):
    """Another program: it answers, as programs do, so that nobody waits for it in vain, and knows no path of ours."""

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def port_taken() -> Iterator[None]:
    """Somebody serves on the port that is the shipper's by default."""
    try:
        other = ThreadingHTTPServer(("127.0.0.1", PORT), _Other)
    except OSError:  # somebody else does already
        yield
        return
    with other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        yield
        other.shutdown()


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _bundle(root: Path) -> None:
    target = root / BUNDLE.lstrip("/")
    subprocess.run(["git", "bundle", "create", "--quiet", str(target), "HEAD"], cwd=REPOSITORY, check=True)
    target.chmod(0o644)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fresh", description=__doc__)
    parser.add_argument("--people", nargs="*", choices=PEOPLE, default=list(PEOPLE))
    people = parser.parse_args().people or list(PEOPLE)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    log = Log(began=time.monotonic())
    rows: list[str] = []
    failed = False
    for name in people:
        variables = {key: os.environ[key] for key in PASSED_ON[name] if os.environ.get(key)}
        with port_taken(), copy(name) as root:
            _bundle(root)
            rows.append(f"as {name}")
            person = Person(log, root, "root" if name == "root" else USER, rows, variables)
            PEOPLE[name](person)
            failed |= person.failed
    print("\n  took    processor   longest silence", *rows, sep="\n", flush=True)
    print(f"The longest silence was {log.longest:.1f} s.", "FAILED" if failed else "Everything held.", flush=True)
    return int(failed)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FreshError as error:
        sys.exit(f"make fresh: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
