"""Who or what is to be forgotten, and which event files mention it."""

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
    """What is to be forgotten; exactly one of these is given."""

    user: str = ""
    text: str = ""
    """Part of a text."""
    voice: str = ""
    """Part of the voice's path, or the SHA-256 of its content."""
    record: str = ""
    """A record's event_id."""

    def matches(self, event: dict[str, Any]) -> bool:
        """Whether an event mentions it."""
        data: dict[str, Any] = event["data"] if isinstance(event.get("data"), dict) else {}
        voice = data.get("voice") or {}
        if self.record:
            return event.get("subject") == self.record
        if self.user:
            return (data.get("caller") or {}).get("user") == self.user
        if self.voice:
            return self.voice == voice.get("sha256") or self.voice in (voice.get("path") or "")
        return self.text.lower() in json.dumps(data, ensure_ascii=False).lower() or self.text in _strings(data)

    @property
    def spellings(self) -> set[str]:
        """Its words as JSON may spell them: as they are, or escaped."""
        value = self.record or self.user or self.voice or self.text
        return {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}

    def may_match(self, content: bytes) -> bool:
        """Whether bytes that are no valid event may mention it."""
        if self.user:
            pattern = rb'"user"\s*:\s*"%b"'
            return any(re.search(pattern % re.escape(each.encode()), content) for each in self.spellings)
        return any(each.encode() in content for each in self.spellings)


def read_event_documents(folders: Sequence[Path]) -> Iterator[tuple[Path, dict[str, Any] | None]]:
    """Every event file and what it says, valid event or not; None for one that holds no JSON object."""
    for folder in folders:
        for name in sorted(filter(is_event_name, os.listdir(folder))):
            path = folder / name
            try:
                event = orjson.loads(read_content(path))
            except orjson.JSONDecodeError:
                yield path, None
                continue
            yield path, event if isinstance(event, dict) else None


def read_content(path: Path) -> bytes:
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
