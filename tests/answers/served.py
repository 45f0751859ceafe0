"""The real command in a process of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.answers.scene import Scene

_DEADLINE = 20.0  # seconds


def environment(scene: Scene, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIDECAR_")}
    return kept | {
        "SIDECAR_DATABASE_URL": scene.url,
        "SIDECAR_WATCH_DIR": str(scene.folder),
        "SIDECAR_TIMEZONE": "UTC",
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


def sidecar(scene: Scene, *arguments: str) -> str:
    """Run a command to its end; what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "sidecar", *arguments],
        env=environment(scene),
        cwd=scene.folder.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def ship(scene: Scene) -> None:
    """What a running shipper would have done by now."""
    sidecar(scene, "run", "--once", "--listen", "off")
