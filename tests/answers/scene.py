"""A studio with its folder: a database of records, and real sound files for the newest of them."""

from __future__ import annotations

import hashlib
import io
import math
import wave
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sidecar.storage.dsn import MysqlDsn, SqliteDsn, parse_dsn
from tests.answers.generate import Studio
from tests.answers.load import load
from tests.servers import sqlite_url

RATE = 22050


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a library is served from."""

    url: str
    folder: Path
    """The watched folder."""
    documents: list[dict[str, Any]]
    """Every event, in order."""

    @property
    def audible(self) -> list[dict[str, Any]]:
        """The syntheses whose audio lies in the folder, the newest first."""
        return [item for item in reversed(self.documents) if _name(item) and (self.folder / _name(item)).is_file()]


def make(root: Path, *, count: int = 1500, sounds: int = 60, more: Iterable[dict[str, Any]] = ()) -> Scene:
    """Make it in an empty folder, on SQLite.

    Args:
        count: syntheses.
        sounds: how many of the newest get their audio.
        more: further events.
    """
    folder = root / "outputs"
    folder.mkdir()
    documents = [*Studio(count, end=datetime.now(timezone.utc)).events(), *more]
    audible = [item for item in documents if _name(item)][-sounds:]
    for item in audible:
        audio = item["data"]["audio"]
        content = sound(audio["duration"])
        audio.update(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
        (folder / _name(item)).write_bytes(content)
    url = sqlite_url(root / "sidecar.db")
    dsn: SqliteDsn | MysqlDsn = parse_dsn(url)
    load(dsn, documents, folder=str(folder))
    return Scene(url=url, folder=folder, documents=documents)


def sound(duration: float) -> bytes:
    """A WAV of syllables on a falling tune, so that its outline looks like speech."""
    samples = array("h")
    for index in range(int(duration * RATE)):
        seconds = index / RATE
        syllable = max(0.0, math.sin(seconds * 2 * math.pi * 2.1)) * (0.55 + 0.45 * math.sin(seconds * 1.7))
        pitch = 190 - 25 * math.sin(seconds * 0.9)
        samples.append(int(14000 * syllable * math.sin(2 * math.pi * pitch * seconds)))
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


def _name(item: dict[str, Any]) -> str:
    path = (item["data"].get("audio") or {}).get("path") or ""
    return str(path).rpartition("/")[2]
