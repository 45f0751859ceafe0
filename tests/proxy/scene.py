"""The proxy before a speech server, both as processes of their own, and what they leave."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sidecar.event.event import Event

DEADLINE = 30.0  # seconds
SPEECH = "/v1/audio/speech"


@dataclass
class Server:
    """A process that listens."""

    process: subprocess.Popen[str]
    port: int
    log: Path
    secure: bool = False

    @property
    def url(self) -> str:
        return f"http{'s' if self.secure else ''}://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """As `kill -9` does."""
        self.process.kill()
        self.process.wait(DEADLINE)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(DEADLINE)


@dataclass
class Proxied(Server):
    """The proxy."""

    folder: Path = Path()
    """Where its events go."""
    metrics: int = 0
    """The port of its metrics."""

    def client(self, **arguments: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=DEADLINE, **arguments)

    def counted(self, name: str) -> float:
        """The sum of a metric."""
        page = httpx.get(f"http://127.0.0.1:{self.metrics}/metrics", trust_env=False).text
        return sum(float(line.rpartition(" ")[2]) for line in page.splitlines() if re.match(rf"{name}[ {{]", line))


@contextlib.contextmanager
def started(arguments: list[str], log: Path, environment: Mapping[str, str]) -> Iterator[tuple[Any, str]]:
    """A process, and the first line that it says."""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, *arguments], env={**environment}, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, log.read_text()
        yield process, line
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        assert process.stdout is not None
        process.stdout.close()


@contextlib.contextmanager
def speech_server(tmp: Path, *, port: int = 0, certificate: Path | None = None) -> Iterator[Server]:
    arguments = ["-m", "tests.proxy.speech", str(port), *([str(certificate)] if certificate else [])]
    root = str(Path(__file__).parents[2])
    with started(arguments, tmp / "speech.log", {**os.environ, "PYTHONPATH": root}) as (process, line):
        yield Server(process, int(line), tmp / "speech.log", secure=certificate is not None)


@contextlib.contextmanager
def proxy(tmp: Path, upstream: str, *, port: int = 0, folder: Path | None = None, **settings: str) -> Iterator[Proxied]:
    """
    Args:
        folder: for events; tmp/outputs, unless given.
        settings: SIDECAR_... by their field names.
    """
    tmp.mkdir(exist_ok=True)
    folder = tmp / "outputs" if folder is None else folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    given = {
        "upstream": upstream,
        "watch_dir": str(folder),
        "keys_file": str(tmp / "keys.json"),
        "proxy_listen": f"127.0.0.1:{port}",
        "proxy_metrics": "127.0.0.1:0",
        "database_url": f"sqlite:///{tmp / 'sidecar.db'}",
    } | settings
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIDECAR_")}
    environment = kept | {f"SIDECAR_{name.upper()}": value for name, value in given.items()} | {"PYTHONUNBUFFERED": "1"}
    root = str(Path(__file__).parents[2])
    log = tmp / "proxy.log"
    with started(["-m", "sidecar", "proxy"], log, environment | {"PYTHONPATH": root}) as (process, line):
        assert "speech is at http" in line, line + log.read_text()
        found = re.search(r":(\d+)/v1", line)
        assert found is not None
        metrics = 0
        while "metrics are at" not in line:
            line = process.stdout.readline()
            assert line, log.read_text()
        metrics = int(line.rpartition(":")[2].partition("/")[0])
        yield Proxied(process, int(found[1]), log, folder=folder, metrics=metrics)


def written(asked: Mapping[str, Any], path: str = SPEECH) -> bytes:
    """A request for speech as it goes over the wire."""
    body = json.dumps(asked).encode()
    return b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b" % (path.encode(), len(body), body)


def events(folder: Path) -> list[Event]:
    """Every event of a folder, each valid, the oldest first."""
    found = [Event.decode(path.read_bytes()) for path in folder.glob("*.json") if not path.name.startswith(".")]
    return sorted(found, key=lambda event: event.id)


def wait_for_events(folder: Path, count: int) -> list[Event]:
    """Wait until there are that many: a record is written after the answer."""
    until = time.monotonic() + DEADLINE
    while len(found := events(folder)) < count and time.monotonic() < until:
        time.sleep(0.02)
    assert len(found) == count, [json.loads(event.raw) for event in found]
    return found
