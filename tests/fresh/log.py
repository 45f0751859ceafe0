"""What a person would see, each line with its second, and how long the screen stood still."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@contextlib.contextmanager
def _killed(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Where we are interrupted, so is the command: what it started ends with it (see enter.sh)."""
    try:
        yield
    except BaseException:
        process.kill()
        raise


@dataclass
class Log:
    """Passes on what commands print and measures the silences between."""

    began: float
    longest: float = 0.0
    """Seconds of the longest silence so far."""
    before: str = ""
    """The line after which it came."""

    def say(self, line: str) -> None:
        """A line of our own; no part of what is measured."""
        print(f"[{time.monotonic() - self.began:6.1f}] {line}", flush=True)

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
        """Run a command to its end. Returns its exit code and everything that it printed."""
        process = subprocess.Popen(
            command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert process.stdout is not None
        shown = bytearray()
        fresh_line = True
        heard = time.monotonic()
        with selectors.DefaultSelector() as selector, process, _killed(process):
            selector.register(process.stdout, selectors.EVENT_READ)
            while True:
                selector.select()
                piece = os.read(process.stdout.fileno(), 65536)
                now = time.monotonic()
                if now - heard > self.longest:
                    self.longest = now - heard
                    self.before = bytes(shown).decode("utf-8", "replace").rstrip("\n").rpartition("\n")[2]
                heard = now
                if not piece:
                    break
                shown += piece
                fresh_line = self._pass_on(piece.decode("utf-8", "replace"), now, fresh_line)
        return process.returncode, bytes(shown).decode("utf-8", "replace")

    def _pass_on(self, text: str, now: float, fresh_line: bool) -> bool:
        """Returns whether what comes next begins a line."""
        for line in text.splitlines(keepends=True):
            sys.stdout.write(f"[{now - self.began:6.1f}] {line}" if fresh_line else line)
            fresh_line = line.endswith("\n")
        sys.stdout.flush()
        return fresh_line
