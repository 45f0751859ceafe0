"""Runs a command that says too much or too little: one line every few seconds, and its last lines where it fails.

Usage: alive.py WHAT COMMAND... It needs nothing but Python, because it shows how everything else is installed.
"""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from collections import deque
from typing import IO

PAUSE = 4.0  # seconds between two lines
WIDTH = 79  # columns, so that nothing wraps on the narrowest terminal
KEPT = 40  # lines shown of a command that failed


def main(what: str, command: list[str]) -> int:
    """Run it to its end. Returns its exit code."""
    print(f"{what} ...", flush=True)
    began = time.monotonic()
    last: deque[str] = deque(maxlen=KEPT)
    shown = began
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        said: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=_read, args=(process.stdout, said), daemon=True).start()
        while True:
            try:
                line = said.get(timeout=max(0.0, shown + PAUSE - time.monotonic()))
            except queue.Empty:
                shown = time.monotonic()
                print(f"{shown - began:5.0f} s  {' '.join(last[-1].split()) if last else '...'}"[:WIDTH], flush=True)
                continue
            if line is None:
                break
            last.append(line)
    code = process.returncode
    if code:
        print(*last, f"{what}: failed ({code}), and this is what it said last.", sep="\n", file=sys.stderr, flush=True)
    return code


def _read(output: IO[str], said: queue.SimpleQueue[str | None]) -> None:
    for line in output:
        if line.strip():
            said.put(line.rstrip())
    said.put(None)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.argv[2:]))
    except KeyboardInterrupt:
        sys.exit(130)
