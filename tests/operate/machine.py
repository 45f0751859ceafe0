"""A bare Debian 12 with systemd as its first process, network of its own: booted in seconds from a root that is kept.

Needs root, debootstrap and systemd-nspawn (Debian: systemd-container).
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.fresh.debian import mirror
from tests.integration.processes import eventually

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "indextts-sidecar" / "machine"
PROJECT = Path(__file__).parents[2]
USER = "anna"
_PACKAGES = "systemd,systemd-sysv,dbus,python3,python3-venv,mariadb-server,sudo,curl,procps,iproute2"
_DEADLINE = 600  # seconds for one command: pip unpacks 300 MB beside other tests
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ENVIRONMENT = ["env", "-i", f"PATH={_PATH}", "HOME=/root", "TERM=xterm", "LANG=C.UTF-8"]


def what_is_missing() -> str:
    """Why no machine can be booted here; empty where one can."""
    if os.geteuid() != 0:
        return "only root boots a machine"
    for program, package in (("debootstrap", "debootstrap"), ("systemd-nspawn", "systemd-container")):
        if shutil.which(program) is None:
            return f"apt-get install {package}"
    return ""


def base() -> Path:
    """The root that machines are booted from; made once, in two minutes."""
    root = CACHE / "root"
    if not (CACHE / ".complete").exists():
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        command = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", str(root)]
        subprocess.run([*command, mirror()], check=True)
        (CACHE / ".complete").touch()
    return root


def wheels() -> Path:
    """What install.sh downloads: the machine has no network."""
    locks = sorted(PROJECT.glob("deploy/requirements*.lock"))
    pinned = b"".join(lock.read_bytes() for lock in locks)
    folder = CACHE / "wheels"
    mark = folder / "requirements.lock"
    if not mark.exists() or mark.read_bytes() != pinned:
        shutil.rmtree(folder, ignore_errors=True)
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder)]
        fitting = ["--python-version", "3.11", "--only-binary", ":all:"]
        wanted = [part for lock in locks for part in ("--requirement", str(lock))]
        subprocess.run([*download, *fitting, *wanted], check=True)
        subprocess.run([*download, *fitting, "hatchling>=1.27"], check=True)
        mark.write_bytes(pinned)
    return folder


class Machine:
    """
    Args:
        root: its file system.
        leader: the process that is its systemd.
    """

    def __init__(self, root: Path, leader: int) -> None:
        self.root = root
        self._inside = ["nsenter", "--target", str(leader), "--all", *_ENVIRONMENT]

    def run(self, command: str, *, user: str = "root", code: int | None = 0) -> str:
        """Run a shell's command as after a new login; returns what it printed.

        Args:
            code: the exit code that it must have; None for any.
        """
        done = subprocess.run(
            [
                *self._inside,
                *(["runuser", "-l", *user.split(), "-c", command] if user != "root" else ["bash", "-c", command]),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_DEADLINE,
            check=False,
        )
        assert code is None or done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def interrupted(self, command: str, *, at: str, meanwhile: Callable[[], None]) -> tuple[int, str]:
        """Run it as the user in a terminal, press Ctrl-C when it has said `at`; the exit code and what was shown."""
        child, terminal = pty.fork()
        if child == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # in a shell's background it is ignored, and that is inherited
            os.execvp("nsenter", [*self._inside, "runuser", "-l", USER, "--session-command", command])
        shown, pressed, deadline = b"", False, time.monotonic() + 60
        try:
            while time.monotonic() < deadline:
                if select.select([terminal], [], [], 0.2)[0]:
                    try:
                        shown += os.read(terminal, 4096)
                    except OSError:  # how Linux says that nobody writes any more
                        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode()
                if at.encode() in shown and not pressed:
                    pressed = True
                    meanwhile()
                    os.write(terminal, b"\x03")
        finally:
            os.close(terminal)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise AssertionError(f"{command} did not end: {shown.decode()}")

    def status_text(self, unit: str = "indextts-sidecar") -> str:
        return self.run(f"systemctl show --property=StatusText --value {unit}").strip()


@contextlib.contextmanager
def booted(place: Path) -> Iterator[Machine]:
    """A new machine with this project's files in /root/clone, in a folder that only root enters.

    Args:
        place: an empty folder.
    """
    root, changes, work = place / "root", place / "changes", place / "work"
    for folder in (root, changes, work):
        folder.mkdir()
    layers = f"lowerdir={base()},upperdir={changes},workdir={work}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, str(root)], check=True)
    try:
        _furnish(root)
        command = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--private-network"]
        with (
            (place / "console.log").open("wb") as log,
            subprocess.Popen(
                [*command, "--console=pipe", f"--directory={root}", f"--bind-ro={wheels()}:/wheels"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            ) as container,
        ):
            try:
                yield Machine(root, _leader(container.pid))
            finally:
                container.terminate()
                container.wait(60)
    finally:
        subprocess.run(["umount", "--lazy", str(root)], check=True)


def _furnish(root: Path) -> None:
    files = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=PROJECT, capture_output=True)
    for name in filter(None, files.stdout.decode().split("\0")):
        if (PROJECT / name).is_file() and not name.startswith("tests/"):
            target = root / "root" / "clone" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, target)
    (root / "etc" / "hostname").write_text("bare\n")
    (root / "etc" / "hosts").write_text("127.0.0.1 localhost bare\n")
    (root / "etc" / "pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
    (root / "etc" / "sudoers.d").mkdir(exist_ok=True)
    (root / "etc" / "sudoers.d" / USER).write_text(f"{USER} ALL=(ALL) NOPASSWD: ALL\n")
    subprocess.run(["chroot", str(root), "useradd", "--create-home", "--shell", "/bin/bash", USER], check=True)
    (root / "home" / USER).chmod(0o700)


def _leader(container: int) -> int:
    """The machine's first process, once it has started everything."""

    def look() -> int:
        children = Path(f"/proc/{container}/task/{container}/children").read_text().split()
        if not children:
            return 0
        asked = ["nsenter", "--target", children[0], "--all", "systemctl", "is-system-running"]
        state = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
        return int(children[0]) if state in ("running", "degraded") else 0

    return eventually(look, "the machine's start", pause=0.2)
