"""Commands as people see them: in a terminal of so many columns."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_LIVE = re.compile(r"\x1b\[\?1049h.*\x1b\[\?1049l", re.DOTALL)
DEADLINE_SECONDS = 60.0


def on_terminal(*arguments: str, columns: int, cwd: Path, settings: Mapping[str, str]) -> list[str]:
    """Run a command; the lines that are on the terminal when it is over, without colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SIDECAR_", "COLUMNS", "LINES"))}
    command = [sys.executable, "-m", "sidecar", *arguments]
    shown = typed(command, columns=columns, cwd=cwd, environment={**kept, **settings})
    return plain(shown).split("\n")


def plain(shown: str) -> str:
    """What stays on the screen, without colours."""
    return _SEQUENCE.sub("", _LIVE.sub("", shown))


def typed(command: Sequence[str], *, columns: int, cwd: Path, environment: Mapping[str, str], keys: bytes = b"") -> str:
    """Run a command; what it wrote to a terminal, colours and all, its lines ended by \\n alone.

    Args:
        keys: what somebody has typed ahead.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(environment) | {"TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, keys)
    shown = b""
    while True:
        try:
            read = os.read(ours, 65536)
        except OSError:  # how Linux says that nobody writes any more
            break
        if not read:
            break
        shown += read
    os.close(ours)
    assert process.wait(DEADLINE_SECONDS) == 0, shown
    return shown.decode().replace("\r\n", "\n")
