"""The shipper as a service of the person who set it up: a unit of the user's own systemd."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from sidecar.errors import SidecarError
from sidecar.setup.files import write_private

NAME = "indextts-sidecar.service"
_TEMPLATE = """# Written by `sidecar init`. Own changes belong into a drop-in: systemctl --user edit {name}
[Unit]
Description=Ships IndexTTS events into the database
StartLimitIntervalSec=0

[Service]
Type=notify
WorkingDirectory={folder}
ExecStart={program} run
WatchdogSec=120
TimeoutStopSec=30
Restart=always
RestartSec=2
Nice=5

[Install]
WantedBy=default.target
"""


def is_possible() -> bool:
    """Whether this person's systemd runs and answers."""
    return shutil.which("systemctl") is not None and _systemctl("show-environment").returncode == 0


def machine_has_systemd() -> bool:
    """Whether systemd is the machine's first process, as sd_booted(3) tells it."""
    return Path("/run/systemd/system").is_dir()


def path() -> Path:
    """Where the unit is."""
    return Path.home() / ".config" / "systemd" / "user" / NAME


def install(folder: Path, program: Path, *, anew: bool) -> bool:
    """Write the unit, have it start with this person's sessions, and start it.

    Args:
        folder: IndexTTS's, where .env is.
        program: the installed `sidecar`.
        anew: something changed that a running shipper has not read.

    Returns:
        Whether anything was changed.

    Raises:
        SidecarError: the unit ships another folder, or systemd refuses.
    """
    wanted = _TEMPLATE.format(name=NAME, folder=_escaped(str(folder)), program=f'"{_escaped(str(program))}"')
    unit = path()
    there = unit.read_text(encoding="utf-8") if unit.exists() else ""
    if there and f"WorkingDirectory={_escaped(str(folder))}\n" not in there:
        raise SidecarError(
            f"{unit} ships another folder", hint="Ship both by it: SIDECAR_WATCH_DIR takes several. Or remove it first."
        )
    if not anew and there == wanted and _systemctl("is-active", "--quiet", NAME).returncode == 0:
        return False
    if there != wanted:
        unit.parent.mkdir(parents=True, exist_ok=True)
        write_private(unit, wanted)
        _must("daemon-reload")
    _must("enable", "--quiet", NAME)
    _must("restart", NAME)
    return True


def _systemctl(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemctl", "--user", *words], capture_output=True, text=True, check=False)


def _must(*words: str) -> None:
    done = _systemctl(*words)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[0]
        raise SidecarError(f"systemctl --user {' '.join(words)}: {said}", hint=f"Look: systemctl --user status {NAME}")


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
