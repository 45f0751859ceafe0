"""Runs programs in the engines' environment, and reads what they left."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.patch.helpers import events
from tests.running import missing

REPO = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 3600
"""For an engine that hangs. All scenes take half a minute; a quarter of an hour where forty others want the cores."""


def root() -> Path:
    """Where get-engines.sh puts the environment: $ENGINES_ROOT, else in the user's cache."""
    if configured := os.environ.get("ENGINES_ROOT"):
        return Path(configured)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "indextts-sidecar" / "engines"


def python() -> str:
    """The Python of the engines; without it the test that asks is left out, and fails in CI."""
    if os.environ.get("ENGINES") == "0" and os.environ.get("CI") != "true":
        pytest.skip("the engines' real code is left out by ENGINES=0")
    found = root() / "bin" / "python"
    if not found.exists():
        missing(f"the engines are not installed in {root()}: sh tests/engines/get-engines.sh {root()} .venv/bin/python")
    return str(found)


def packages() -> None:
    """Whoever asks is left out, and fails in CI, where the packages of packages/requirements.txt are not installed."""
    python()
    if not (root() / "packages.txt").exists():
        missing(f"the packages beside the engines are not installed in {root()}")


def run(module: str, *arguments: str) -> str:
    """What a module of this folder prints in the engines' environment.

    Raises:
        AssertionError: it failed; the message is the end of what it said.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("INDEXTTS", "PYTHON"))}
    quiet = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [python(), "-W", "ignore", "-m", module, *arguments],
        cwd=REPO, env={**kept, **quiet}, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-8000:]
    return done.stdout


@dataclass(frozen=True)
class Scene:
    """One scene: what it came to without the patch and with it, and the events that it left."""

    name: str
    bare: dict[str, Any]
    patched: dict[str, Any]
    complaints: list[str]
    folder: Path

    @property
    def events(self) -> list[dict[str, Any]]:
        return events(self.folder / "patched")

    @property
    def event(self) -> dict[str, Any]:
        [only] = self.events
        return only

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.event["data"]
        return data

    @property
    def used(self) -> dict[str, Any]:
        """What the engine used in the call that was recorded."""
        used: dict[str, Any] = self.patched["used"]
        return used


def shared(paths: pytest.TempPathFactory) -> Path:
    """A folder of all processes of the tests."""
    base = paths.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@functools.cache
def played(program: str, engine: str, folder: Path) -> dict[str, Scene]:
    """All scenes that a program plays on an engine, played once, whichever process of the tests asks first."""
    place = folder / f"{program}-{engine}"
    with open(folder / f"{place.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "scenes.json").exists():
            place.mkdir()
            run(program, engine, str(place))
    told = json.loads((place / "scenes.json").read_text(encoding="utf-8"))
    return {name: Scene(name=name, folder=place / name, **each) for name, each in told.items()}
