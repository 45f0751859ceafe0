"""Several machines with one database, each with a folder of its own, in which all files may have the same names."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from pathlib import Path
from typing import Any

from sidecar.service import config
from sidecar.service.settings import Settings
from tests.events import publish, succeeded
from tests.operate.scene import Scene, make_wav


class Host(Scene):
    """A scene that is one host of several; its commands are told its name where they ask for one."""

    def __init__(self, place: Path, url: str, name: str) -> None:
        (place / "outputs").mkdir(parents=True)
        super().__init__(
            place,
            {"SIDECAR_DATABASE_URL": url, "SIDECAR_WATCH_DIR": str(place / "outputs"), "SIDECAR_NAME": f"on-{name}"},
        )
        self.name = name

    def say(self, name: str, user: str, *, seed: int = 0, audio: str = "", **changes: Any) -> dict[str, Any]:
        """A WAV and its event, as the recording leaves them.

        Args:
            seed: of the sound; equal seeds sound equal.
            audio: its recorded path, where that is not in this folder.
        """
        raw = make_wav(self.folder / name, 0.05, seed=seed)
        facts = {"path": audio or f"outputs/{name}", "sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw)}
        data = {"audio": facts, "caller": {"user": user}, **changes.pop("data", {})}
        event = succeeded(f"words of {user}", source=f"indextts://{self.name}/1", data=data, **changes)
        publish(self.folder, event, name=f"{name}.json")
        return event

    @property
    def loaded(self) -> Settings:
        return config.load({name[8:].lower(): value for name, value in self.settings.items()})

    def forget(self, *arguments: str, code: int = 0) -> str:
        return self.run("forget", "--host", self.name, *arguments, "--yes", code=code)

    def wavs(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*.wav"))

    def users(self) -> list[str]:
        """Of all records, in order; and no event says anything else."""
        with closing(self.database()) as database:
            rows = database.query("SELECT user_id FROM tts_records WHERE status <> 'pending'")
            events = database.query("SELECT event FROM tts_events WHERE type LIKE 'indextts.synthesis.%'")
        recorded = sorted((str(row[0]) for row in rows if row[0] is not None), key=str.encode)
        told = sorted((json.loads(event)["data"]["caller"]["user"] for (event,) in events), key=str.encode)
        assert recorded == told
        return recorded


def make_hosts(place: Path, url: str, *names: str) -> list[Host]:
    made = [Host(place / name, url, name) for name in names]
    made[0].run("migrate")
    return made
