"""A folder with WAVs and a database, and the commands run on both."""

from __future__ import annotations

import hashlib
import json
import os
import random
import wave
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from sidecar.cli.main import sidecar as root_command
from sidecar.cli.support.databases import open_database
from sidecar.service import config
from sidecar.storage.database import Database
from tests.events import publish, succeeded
from tests.integration.processes import sidecar

BEGAN = 1_780_000_000  # unix time of the first WAV


def make_wav(path: Path, seconds: float = 0.25, *, seed: int = 0) -> bytes:
    """A mono 16-bit WAV; returns its bytes."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22050)
        file.writeframes(random.Random(seed).randbytes(2 * round(22050 * seconds)))
    return path.read_bytes()


def make_old_wavs(folder: Path, count: int) -> list[str]:
    """WAVs as the WebUI left them before the recording: spk_<when it began>.wav, written five seconds later."""
    names = []
    for number in range(count):
        began = BEGAN + 60 * number
        path = folder / f"spk_{began}.wav"
        make_wav(path, 0.05, seed=number)
        os.utime(path, (began + 5, began + 5.25))
        names.append(path.name)
    return names


@dataclass
class Scene:
    place: Path
    settings: Mapping[str, str]

    @property
    def folder(self) -> Path:
        return self.place / "outputs"

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command in this process, which saves a start of Python each time; returns what it printed."""
        cleared = dict.fromkeys((name for name in os.environ if name.startswith("SIDECAR_")), None)
        chosen = {**cleared, "SIDECAR_LISTEN": "127.0.0.1:0", **self.settings}
        done = CliRunner().invoke(root_command, arguments, env=chosen)
        assert done.exit_code == code, f"{arguments}: {done.exit_code}\n{done.output}\n{done.exception}"
        return done.stdout

    def facts(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """What a command prints with --json."""
        (line,) = self.run(*arguments, "--json", code=code).splitlines()
        found: dict[str, Any] = json.loads(line)
        return found

    def ship(self) -> None:
        """Ship what is there, with the real shipper as a process of its own."""
        sidecar("run", "--once", "--listen", "off", "--settle-seconds", "0", cwd=self.place, settings=self.settings)

    def speak(self, name: str, *, seconds: float = 0.25, **changes: Any) -> dict[str, Any]:
        """A WAV and its event, as the recording leaves them."""
        raw = make_wav(self.folder / name, seconds, seed=len(name))
        audio = {"path": f"outputs/{name}", "sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw)}
        event = succeeded(data={"audio": audio, **changes.pop("data", {})}, **changes)
        publish(self.folder, event, name=f"{name}.json")
        return event

    def database(self) -> Database:
        return open_database(config.load(self.given()))

    def given(self) -> dict[str, Any]:
        """The settings as `config.load` takes them."""
        return {name[8:].lower(): value for name, value in self.settings.items()}

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(self.database()) as database:
            return database.query(sql)

    def execute(self, sql: str) -> None:
        with closing(self.database()) as database:
            database.execute(sql)

    def records(self) -> list[tuple[Any, ...]]:
        """Everything that is folded, in an order of its own."""
        with closing(self.database()) as database:
            return database.query("SELECT * FROM tts_records ORDER BY event_id, id")


def set_scene(place: Path, url: str) -> Scene:
    """Tables and an empty folder."""
    (place / "outputs").mkdir()
    settings = {"SIDECAR_DATABASE_URL": url, "SIDECAR_WATCH_DIR": str(place / "outputs"), "SIDECAR_NAME": "studio"}
    scene = Scene(place, settings)
    scene.run("migrate")
    return scene
