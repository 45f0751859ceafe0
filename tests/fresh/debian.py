"""A bare Debian root: made once by debootstrap, kept in the cache, copied for each run."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

SUITE = "bookworm"
PACKAGES = "ca-certificates,git,make,python3"  # what the README asks for, and what https needs
MAX_AGE = 7 * 86400.0  # seconds
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "indextts-sidecar" / "fresh"
ALIVE = Path(__file__).parents[2] / "deploy" / "alive.py"
ENTER = Path(__file__).with_name("enter.sh")

# What this machine's own apt and pip are told, so that a machine behind a mirror is tested behind it too.
SETTINGS = (
    "/etc/apt/sources.list",
    "/etc/apt/sources.list.d",
    "/etc/apt/apt.conf.d",
    "/etc/apt/auth.conf.d",
    "/etc/apt/keyrings",
    "/etc/apt/preferences.d",
    "/etc/pip.conf",
    "/etc/xdg/pip",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/hosts",
    "/etc/resolv.conf",
)
KEPT_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "http_proxy", "https_proxy", "no_proxy")


class FreshError(Exception):
    """No bare system can be had; the message says why and what to do."""


def mirror() -> str:
    """The Debian mirror that this machine's apt uses."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)"]
    wanted = ["Identifier: Packages", "Origin: Debian", "Component: main"]
    lines = subprocess.run([*command, *wanted], capture_output=True, text=True, check=False).stdout.splitlines()
    for uri, _, release in (line.partition(" ") for line in lines):
        if "-" not in release and uri.startswith(("http", "file:")):
            return uri
    raise FreshError("apt has no Debian mirror configured, or never read it: run apt-get update")


def base() -> Path:
    """The root that nothing was installed in since debootstrap; made anew when it is old or the mirror another."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise FreshError("make fresh needs root on Debian: it makes a root file system and changes into it")
    found, stamp = CACHE / "base", CACHE / "base.from"
    source = f"{SUITE} {PACKAGES} {mirror()}"
    if stamp.exists() and stamp.read_text() == source and time.time() - stamp.stat().st_mtime < MAX_AGE:
        return found
    if shutil.which("debootstrap") is None:
        _alive("Installing debootstrap", "apt-get", "install", "-y", "--no-install-recommends", "debootstrap")
    stamp.unlink(missing_ok=True)
    for old in (found, CACHE / "mysql"):
        remove(old)
    CACHE.mkdir(parents=True, exist_ok=True)
    _alive(
        f"Making a bare Debian in {found} (once a week)",
        *("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(found), mirror()),
    )
    stamp.write_text(source)
    return found


@contextlib.contextmanager
def copy(name: str) -> Iterator[Path]:
    """A root of one's own, with this machine's settings of apt and pip; removed at the end, also after a failure."""
    source = base()
    root = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=CACHE)) / "root"
    try:
        _alive("Copying it", "cp", "--archive", "--reflink=auto", str(source), str(root))
        # As Debian's image for containers has it: a package is not written to the disk file by file.
        (root / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text("force-unsafe-io\n")
        (root / "etc/apt/sources.list").unlink()
        for path in map(Path, SETTINGS):
            target = root / path.relative_to("/")
            if path.is_dir():
                shutil.copytree(path, target, dirs_exist_ok=True)
            elif path.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.unlink(missing_ok=True)
                shutil.copyfile(path, target)
        # Packages of this machine hook into apt there, and the programs that they call are not here.
        for hook in (root / "etc/apt/apt.conf.d").iterdir():
            if "-Invoke" in hook.read_text("utf-8", "replace") or "Pre-Install-Pkgs" in hook.read_text():
                hook.unlink()
        yield root
    finally:
        remove(root.parent)


def remove(folder: Path) -> None:
    """Whatever a killed run left mounted there went with its namespace, so nothing else is reached."""
    if folder.exists():
        _alive(f"Removing {folder}", "rm", "-rf", "--one-file-system", str(folder))


def inside(root: Path, user: str, folder: str, command: str, binds: Sequence[str] = ()) -> list[str]:
    """The command line that runs a shell command in the root as one of its users, in a folder of it.

    Everything that it starts ends with it, and its mounts go with it, however it ends.

    Args:
        binds: pairs of paths joined by a colon: of this machine, of the root. ":ro" at the end protects it.
    """
    spaces = ("unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child")
    return [*spaces, "sh", str(ENTER), str(root), user, folder, command, *binds]


def environment(home: str, more: Mapping[str, str]) -> dict[str, str]:
    """What a person has who typed nothing: no TERM, the locale C, 80 columns; and what this machine tells pip."""
    kept = {
        name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_")) or name in KEPT_VARIABLES
    }
    path = "/usr/local/bin:/usr/bin:/bin" + (":/usr/local/sbin:/usr/sbin:/sbin" if home == "/root" else "")
    return {**kept, "HOME": home, "PATH": path, "LC_ALL": "C", "COLUMNS": "80", "LINES": "24", **more}


def wheels() -> list[str]:
    """Folders on this machine that its pip takes packages from."""
    shown = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    words = shown.replace("'", " ").replace("file://", " ").split()
    return sorted({word for word in words if word.startswith("/") and Path(word).is_dir()})


def _alive(what: str, *command: str) -> None:
    if subprocess.run([sys.executable, str(ALIVE), what, *command], check=False).returncode:
        raise FreshError(f"{what}: failed")
