"""Commands as people see them: in a terminal of so many columns."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
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


class Dialogue:
    """A command on a terminal of its own, with somebody at the keyboard.

    Args:
        command: the program and its words.
    """

    def __init__(self, *command: str, cwd: Path, environment: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environment) | {"TERM": "xterm-256color"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(theirs)
        self.shown = ""

    def answer(self, question: str, keys: str) -> None:
        """Wait until the question is on the screen, anew, and type."""
        self._wait_for(question)
        os.write(self._ours, keys.encode())

    def interrupt(self, question: str) -> None:
        """Wait until the question is on the screen, and press Ctrl-C as often as it takes."""
        self._wait_for(question)
        while self.process.poll() is None:
            os.write(self._ours, b"\x03")
            while select.select([self._ours], [], [], 2)[0]:
                if not self._read():
                    return

    def end(self) -> int:
        """Let it come to its end. Returns the exit code."""
        while self._read():
            pass
        os.close(self._ours)
        return self.process.wait(DEADLINE_SECONDS)

    def _wait_for(self, question: str) -> None:
        before = self.shown.count(question)
        while self.shown.count(question) <= before:
            assert self._read(), f"it ended without {question!r}: {self.shown}"

    def _read(self) -> bool:
        ready, _, _ = select.select([self._ours], [], [], DEADLINE_SECONDS)
        assert ready, f"silent for {DEADLINE_SECONDS} s: {self.shown}"
        try:
            read = os.read(self._ours, 65536)
        except OSError:  # how Linux says that nobody writes any more
            return False
        self.shown += _SEQUENCE.sub("", read.decode()).replace("\r\n", "\n")
        return bool(read)


def _take_terminal() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # what runs in a shell's background inherits that it is ignored
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
