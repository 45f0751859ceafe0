"""Runs a program with IndexTTS doubles in a process of its own, and reads what it left behind."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

REPO = Path(__file__).resolve().parents[2]
DOUBLE = Path(__file__).resolve().parent / "double"
WAYS = ("install", "launcher", "startup", "line")
DEADLINE_SECONDS = 120
STARTED = "indextts.process.started"

HEAD = """\
import os
import sys

current_dir = os.path.dirname(os.path.abspath(__file__))
sys.path.append(current_dir)
sys.path.append(os.path.join(current_dir, "indextts"))

"""


@functools.cache
def python(version: str) -> str | None:
    """A Python of this version: the one that runs the tests, on PATH, or one of pyenv's."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(f"python{version}"), *map(str, sorted(pyenv.glob(f"{version}.*/bin/python")))]
    for candidate in candidates:
        if candidate and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
            return candidate
    return None


PYTHONS = [
    pytest.param(version, marks=pytest.mark.skipif(python(version) is None, reason=f"no Python {version} here"))
    for version in ("3.10", "3.11")
]


@functools.cache
def validator() -> jsonschema_rs.Validator:
    schema = json.loads((REPO / "schema/event/1.0.schema.json").read_text(encoding="utf-8"))
    return jsonschema_rs.validator_for(schema)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one process did."""

    root: Path
    code: int
    stdout: str
    stderr: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """What the events below the root say of calls, each of them valid, by source and sequence."""
        return events(self.root)

    @property
    def processes(self) -> list[dict[str, Any]]:
        """What they say of processes."""
        return [event for event in all_events(self.root) if event["type"] == STARTED]

    def said(self) -> list[str]:
        return [line for line in self.stderr.splitlines() if line.startswith("indextts_patch: ")]


def events(root: Path) -> list[dict[str, Any]]:
    """Those events below a folder that are not about a process."""
    return [event for event in all_events(root) if event["type"] != STARTED]


def event_files(root: Path) -> list[Path]:
    """The files of the same."""
    return [path for path in sorted(root.rglob("*.json")) if json.loads(path.read_bytes()).get("type") != STARTED]


def all_events(root: Path) -> list[dict[str, Any]]:
    """All events below a folder, each checked against the contract; no half-written file may lie there."""
    found = []
    for path in sorted(root.rglob("*.json")):
        if ".inflight" in path.parts:
            continue
        content = path.read_bytes()
        assert content.endswith(b"\n"), path
        assert content.count(b"\n") == 1, path
        event = json.loads(content)
        errors = [f"{list(error.instance_path)}: {error.message}" for error in validator().iter_errors(event)]
        assert not errors, (path, errors)
        found.append(event)
    return sorted(found, key=lambda event: (event["source"], event["sequence"]))


def voice(root: Path, name: str = "voice.wav") -> Path:
    """A short valid WAV."""
    with wave.open(str(root / name), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22050)
        file.writeframes(name.encode().ljust(32, b"v") * 64)
    return root / name


def environment(version: str, extra: dict[str, str] | None = None) -> dict[str, str]:
    """The environment of a TTS process: nothing of the patch's but what a test asks for."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("INDEXTTS_PATCH", "PYTHON"))}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(map(str, (REPO, DOUBLE, DOUBLE / version))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        **(extra or {}),
    }


def run(
    root: Path,
    body: str,
    *,
    version: str = "head",
    way: str | None = "install",
    interpreter: str = "3.11",
    env: dict[str, str] | None = None,
    arguments: tuple[str, ...] = (),
) -> Run:
    """Run a program with `body` in a folder, its IndexTTS the double of a version.

    way: how the patch comes in (one of WAYS), None for not at all.
    """
    executable = python(interpreter)
    assert executable is not None
    voice(root)
    script = root / "program.py"
    environ = environment(version, env)
    command = [executable, str(script), *arguments]
    if way == "install":
        body = "import indextts_patch\nindextts_patch.install()\n" + body
    script.write_text(HEAD + body, encoding="utf-8")
    if way == "launcher":
        command[1:1] = ["-m", "indextts_patch"]
    elif way == "startup":
        environ["INDEXTTS_PATCH_AUTOSTART"] = "1"
        environ["PYTHONPATH"] = str(REPO / "indextts_patch" / "startup") + os.pathsep + environ["PYTHONPATH"]
    elif way == "line":
        insert = [executable, "-m", "indextts_patch", "webui", "insert", str(script)]
        subprocess.run(insert, env=environ, check=True, capture_output=True)
    return finish(subprocess.Popen(command, cwd=root, env=environ, stdout=-1, stderr=-1), root)


def finish(process: subprocess.Popen[bytes], root: Path) -> Run:
    try:
        stdout, stderr = process.communicate(timeout=DEADLINE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Run(
        root=root,
        code=process.returncode,
        stdout=stdout.decode(errors="replace"),
        stderr=stderr.decode(errors="replace"),
    )


def ok(result: Run) -> Run:
    assert result.code == 0, result.stderr
    return result


def one_event(result: Run) -> dict[str, Any]:
    """The data of the one event of a program that succeeded."""
    [event] = ok(result).events
    assert event["type"] == "indextts.synthesis.succeeded"
    data: dict[str, Any] = event["data"]
    return data
