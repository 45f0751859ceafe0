"""The real commands: the servers in processes of their own, the others in this one."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

from click.testing import CliRunner

from sidecar.cli.main import sidecar as root_command
from tests.answers.scene import Scene

_DEADLINE = 20.0  # seconds


def environment(scene: Scene, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIDECAR_")}
    return kept | {
        "SIDECAR_DATABASE_URL": scene.url,
        "SIDECAR_WATCH_DIR": str(scene.folder),
        "SIDECAR_TIMEZONE": "UTC",
        "SIDECAR_LISTEN": "127.0.0.1:0",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


@contextlib.contextmanager
def library(scene: Scene, log: Path, **more: str) -> Iterator[str]:
    """`sidecar web` on a free port; its address without the last slash."""
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "sidecar", "web", "--web-listen", "127.0.0.1:0"],
            env=environment(scene, **more),
            cwd=scene.folder.parent,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "http://" in line, log.read_text()
        yield line.strip().rpartition(" ")[2].rstrip("/")
    finally:
        process.terminate()
        process.wait(_DEADLINE)
        if process.stdout is not None:
            process.stdout.close()


@contextlib.contextmanager
def flawless(scene: Scene, folder: Path, **more: str) -> Iterator[str]:
    """The same; in the end its log, which lies in that folder, has no traceback."""
    log = folder / "web.log"
    with library(scene, log, **more) as found:
        yield found
    assert "Traceback" not in log.read_text()


@contextlib.contextmanager
def shipper(scene: Scene, log: Path, port: int) -> Iterator[None]:
    """`sidecar run`, once it says that it is ready."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "sidecar", "run", "--settle-seconds", "0"],
            env=environment(scene, SIDECAR_LISTEN=f"127.0.0.1:{port}"),
            cwd=scene.folder.parent,
            stdout=said,
            stderr=said,
        )
    try:
        deadline = time.monotonic() + _DEADLINE
        while _status(port) != 200:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(_DEADLINE)


def _status(port: int) -> int:
    with contextlib.suppress(OSError), contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
        connection.request("GET", "/readyz")
        return connection.getresponse().status
    return 0


def sidecar(scene: Scene, *arguments: str, **more: str) -> str:
    """Run a command to its end, in this process, with further settings; what it said."""
    done = CliRunner().invoke(root_command, arguments, env=environment(scene, **more))
    assert done.exit_code == 0, done.output
    return done.output


def ship(scene: Scene) -> None:
    """What a running shipper would have done by now."""
    subprocess.run(
        [sys.executable, "-m", "sidecar", "run", "--once", "--listen", "off", "--settle-seconds", "0"],
        env=environment(scene),
        cwd=scene.folder.parent,
        capture_output=True,
        check=True,
        timeout=120,
    )
