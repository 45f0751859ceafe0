"""The studio that the pictures show: a year of believable takes, those of the last day by hand and with sound.

All of it comes from a seed and ends at NOW, which is also what the programs that are pictured take for the time.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from tests.answers.generate import EMOTIONS, Studio, file_name
from tests.pictures.lines import LINES, TODAY, Line, Today

DEMO = Path(__file__).parents[2] / "deploy" / "demo"
sys.path.append(str(DEMO))
from indextts import voice  # noqa: E402 - the demo's engine, which programs import by this name

TIMEZONE = "Asia/Shanghai"
NOW = datetime(2026, 11, 27, 9, 40, tzinfo=timezone.utc)
COUNT = 3600  # takes before the last day


class Pictured(Studio):
    """A studio that speaks LINES, each for its usual user, in its voice and emotions."""

    def __init__(self) -> None:
        super().__init__(COUNT, end=NOW.replace(hour=0, minute=0))
        self._line: Line | None = None

    def events(self) -> Iterator[dict[str, Any]]:
        yield from super().events()
        for take in TODAY:
            yield from self._taken(take)

    def _request(self, time: datetime) -> dict[str, Any]:
        line = self._line or self._random.choice(LINES)
        numbers = {"n": self._random.randrange(2, 12), "hour": self._random.randrange(7, 11)}
        return {
            "text": line.text.format(**numbers),
            "language": line.language,
            "emotion": self._random.choice(line.emotions),
            "voice": line.voice,
            "temperature": self._random.randrange(60, 105, 5) / 100,
            "model": self._model(time),
            "user": line.user,
        }

    def _user(self, request: dict[str, Any]) -> str:
        return str(request["user"])

    def _taken(self, take: Today) -> Iterator[dict[str, Any]]:
        self._line = take.line
        self._recent.clear()
        made = self._synthesis(NOW - timedelta(minutes=take.minutes_ago))
        data = made["data"]
        if take.error:
            made["type"] = "indextts.synthesis.failed"
            data["error"] = {"type": take.error[0], "message": take.error[1], "traceback": None}
            data["audio"] = {"path": None, "requested_path": data["audio"]["path"]}
            data["timing"]["rtf"] = None
        yield made
        if take.rating:
            at = NOW - timedelta(minutes=take.minutes_ago - 1)
            rated = {"rating": take.rating, "note": take.note or None, "caller": {"user": "studio"}}
            yield self._event(self._uuid7(at), "indextts.audio.rated", made["subject"], at, rated)


def write(folder: Path) -> None:
    """The event files of it all, and the audio of the last day, into the folder that a shipper watches."""
    documents = list(Pictured().events())
    heard = NOW.replace(hour=0, minute=0).isoformat()
    for document in documents:
        audio = document["data"].get("audio") or {}
        if document["time"] >= heard and audio.get("sha256"):
            path = folder / file_name(document).removesuffix(".json")
            _speak(document["data"], path)
            content = path.read_bytes()
            length = (len(content) - 44) / 2 / audio["sample_rate"]
            timing = document["data"]["timing"]
            for stage in ("wall", "gpt", "s2mel", "bigvgan"):
                timing[stage] *= length / audio["duration"]
            audio.update(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content), duration=length)
        text = json.dumps(document, ensure_ascii=False)
        (folder / file_name(document)).write_text(text, encoding="utf-8")


def _speak(data: dict[str, Any], path: Path) -> None:
    weights = [0.8 * (name == data["emotion"]["label"]) for name in EMOTIONS]
    style = voice.mixed(weights)
    plan = voice.syllables(data["text"], style)
    voice.write_wav(path, voice.pcm(voice.vocal_tract(voice.excitation(plan, style)), style.loudness))
