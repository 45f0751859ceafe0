"""What a peer holds while it works, with all that it started: memory, descriptors, processor time."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.measure import cpu_seconds, peak_resident_bytes

_GLANCE_SECONDS = 0.1
"""Between two looks; a look at 20,000 descriptors takes 10 ms."""


@dataclass(kw_only=True)
class Usage:
    """The most that was seen at one time."""

    resident_bytes: int = 0
    descriptors: int = 0
    cpu_seconds: float = 0.0

    def look(self, pid: int) -> None:
        family = _family(pid)
        self.resident_bytes = max(self.resident_bytes, sum(peak_resident_bytes(each) for each in family))
        self.descriptors = max(self.descriptors, sum(_descriptors(each) for each in family))

    def look_at_time(self, pid: int) -> None:
        """Ask for the processor time so far of one who goes on; who ends leaves a more exact figure."""
        self.cpu_seconds = sum(_cpu_seconds(each) for each in _family(pid))


def until_ended(process: subprocess.Popen[bytes], usage: Usage, limit: float) -> bool:
    """Wait for the end of a process, at most so many seconds, and note what it uses.

    Returns:
        Whether it ended in time; process.returncode is set then.
    """
    deadline = time.monotonic() + limit
    descriptor = os.pidfd_open(process.pid)
    try:
        while not select.select([descriptor], [], [], _GLANCE_SECONDS)[0]:
            usage.look(process.pid)
            if time.monotonic() > deadline:
                return False
    finally:
        os.close(descriptor)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    usage.cpu_seconds = used.ru_utime + used.ru_stime
    return True


def until_true(process: subprocess.Popen[bytes], usage: Usage, limit: float, done: Callable[[], bool]) -> bool:
    """Ask a question until it is answered with yes. Where asking takes long it is done once a second, for it is asked
    of the server that the peer writes to.

    Returns:
        Whether the answer came in time, and before the process ended.
    """
    deadline = time.monotonic() + limit
    looked = 0.0
    while True:
        asked = time.monotonic()
        if done():
            usage.look_at_time(process.pid)
            return True
        if process.poll() is not None or asked > deadline:
            return False
        if asked > looked + _GLANCE_SECONDS * 2:
            usage.look(process.pid)
            looked = asked
        time.sleep(min(1.0, max(0.01, 9 * (time.monotonic() - asked))))


def _family(pid: int) -> list[int]:
    found = [pid]
    for each in found:  # grows on the way
        with suppress(OSError):  # it has ended
            tasks = list(Path(f"/proc/{each}/task").iterdir())
            found += [int(child) for task in tasks for child in (task / "children").read_text().split()]
    return found


def _descriptors(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def _cpu_seconds(pid: int) -> float:
    try:
        return cpu_seconds(pid)
    except OSError:
        return 0.0
