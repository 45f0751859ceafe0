"""Who or what is to be forgotten, and where event files speak of it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from sidecar.event.names import is_event_name
from sidecar.event.opening import open_regular

_MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Target:
    """Whose traces go; one of them is given."""

    user: str = ""
    text: str = ""
    """Part of a text."""
    voice: str = ""
    """Part of the voice's path, or the SHA-256 of its content."""
    record: str = ""
    """A record's event_id."""

    def holds(self, event: dict[str, Any]) -> bool:
        """Whether an event file speaks of it."""
        data = event.get("data") if isinstance(event.get("data"), dict) else {}
        assert isinstance(data, dict)
        voice = data.get("voice") or {}
        if self.record:
            return event.get("subject") == self.record
        if self.user:
            return (data.get("caller") or {}).get("user") == self.user
        if self.voice:
            return self.voice == voice.get("sha256") or self.voice in (voice.get("path") or "")
        return self.text.lower() in json.dumps(data, ensure_ascii=False).lower() or self.text in _strings(data)

    @property
    def forms(self) -> set[str]:
        """Its words as they may stand in JSON: as they are, or escaped."""
        value = self.record or self.user or self.voice or self.text
        return {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}

    def in_bytes(self, content: bytes) -> bool:
        """Whether bytes that are no event may speak of it."""
        if self.user:
            return any(re.search(rb'"user"\s*:\s*"' + re.escape(form.encode()) + rb'"', content) for form in self.forms)
        return any(form.encode() in content for form in self.forms)


def events(folders: Sequence[Path]) -> Iterator[tuple[Path, dict[str, Any] | None]]:
    """Every event file; None for one that cannot be read as JSON."""
    for folder in folders:
        for name in sorted(filter(is_event_name, os.listdir(folder))):
            path = folder / name
            try:
                event = orjson.loads(content(path))
            except orjson.JSONDecodeError:
                yield path, None
                continue
            yield path, event if isinstance(event, dict) else None


def content(path: Path) -> bytes:
    """The first bytes of a regular file; none where there is no such file."""
    file = open_regular(path)
    if file is None:
        return b""
    with file:
        return file.read(_MAX_BYTES)


def _strings(value: object) -> str:
    """All strings of a JSON value, one after the other."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "\n".join(_strings(item) for item in value.values())
    if isinstance(value, list):
        return "\n".join(map(_strings, value))
    return ""
