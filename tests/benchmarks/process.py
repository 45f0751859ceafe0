"""The subject: the real `sidecar` command as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.benchmarks.measure import peak_resident_bytes

_DEADLINE_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one command took."""

    seconds: float
    """Wall time of the process."""
    cpu_seconds: float
    max_resident_bytes: int


def migrate(url: str) -> None:
    subprocess.run(
        sidecar_command("migrate"), env=sidecar_environment(url, Path("/nonexistent")), check=True, capture_output=True
    )


def ship_once(url: str, folder: Path, settings: Mapping[str, str] | None = None) -> Run:
    """Ship what is in the folder and come back."""
    return _measured(sidecar_command("run", "--once"), sidecar_environment(url, folder, settings))


def catch_up(url: str, folder: Path, empty: Path) -> Run:
    """Make the tables, ship what is in the folder and come back; without what that takes beside an empty folder."""
    migrate(url)
    idle = ship_once(url, empty, {"NAME": "idle"})
    run = ship_once(url, folder)
    return replace(run, seconds=run.seconds - idle.seconds, cpu_seconds=run.cpu_seconds - idle.cpu_seconds)


def once(url: str, *arguments: str, folder: Path = Path("/nonexistent")) -> Run:
    """Run a verb to its end."""
    return _measured(sidecar_command(*arguments), sidecar_environment(url, folder))


def _measured(command: list[str], environment: dict[str, str]) -> Run:
    with tempfile.TemporaryFile() as log:
        started = time.monotonic()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log)
        resident = 0
        while True:
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            resident = max(resident, peak_resident_bytes(process.pid))
            time.sleep(0.02)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            raise RuntimeError(f"{command} ended with {process.returncode}: {log.read()[-2000:]!r}")
    return Run(seconds=seconds, cpu_seconds=usage.ru_utime + usage.ru_stime, max_resident_bytes=resident)


class Shipper:
    """A running `sidecar run`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.pid = process.pid
        self._process = process
        self._port = port

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"sidecar run ended with {self._process.returncode}")
            try:
                self._get("readyz")
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.005)
        raise TimeoutError("sidecar run did not get ready")

    def metric(self, name: str) -> float:
        """The value of a metric without labels."""
        for line in self._get("metrics").splitlines():
            if line.startswith(f"{name} "):
                return float(line.split()[1])
        raise KeyError(name)

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/{path}", timeout=5) as answer:
            return str(answer.read().decode())


@contextmanager
def shipping(url: str, folder: Path, port: int, settings: Mapping[str, str] | None = None) -> Iterator[Shipper]:
    """`sidecar run` beside the folder until the block ends."""
    environment = sidecar_environment(url, folder, {"LISTEN": f"127.0.0.1:{port}", **(settings or {})})
    process = subprocess.Popen(
        sidecar_command("run"), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield Shipper(process, port)
    finally:
        process.terminate()
        process.wait(30)


def sidecar_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "sidecar", *arguments]


def sidecar_environment(url: str, folder: Path, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SIDECAR_")}
    given = {"DATABASE_URL": url, "WATCH_DIR": str(folder), "LISTEN": "off", "NAME": "bench", **(settings or {})}
    return clean | {f"SIDECAR_{name}": value for name, value in given.items()}
