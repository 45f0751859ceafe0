"""Who or what is to be forgotten, and whether an event, a row or some bytes mention it: compared byte by byte.

A collation holds names equal that are not: other case, other accents, any two emoji, a space at the end. So a database
is only asked for candidates, by its own rules, and who is meant is decided here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sidecar.event.types import ERASED, FORGOTTEN, SYNTHESIS
from sidecar.storage.database import Database, Parameter, Row
from sidecar.storage.tombstones import ids_in

_HASHED = re.compile("sha256:[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is to be forgotten; exactly one of these is given."""

    user: str = ""
    text: str = ""
    """Part of a text: of what was spoken, of what describes its emotion, or of a remark on it."""
    voice: str = ""
    """Part of the voice's path, or the SHA-256 of its content."""
    ids: frozenset[str] = frozenset()
    """event_ids of records, and ids of events."""

    def matches(self, event: dict[str, Any]) -> bool:
        """Whether an event mentions it."""
        if self.ids:
            return event.get("subject") in self.ids or event.get("id") in self.ids
        data: dict[str, Any] = event["data"] if isinstance(event.get("data"), dict) else {}
        if self.user:
            return _member(data, "caller", "user") == self.user
        if self.voice:
            return self.voice == _member(data, "voice", "sha256") or self.voice in _member(data, "voice", "path")
        return any(self._is_in(each) for each in _texts(data))

    def may_match(self, content: bytes) -> bool:
        """Whether bytes that are no whole event of ours may mention it."""
        if self.ids:
            return not self.ids.isdisjoint(ids_in(content))
        if self.user:
            pattern = rb'"user"\s*:\s*"%b"'
            return any(re.search(pattern % re.escape(each.encode()), content) for each in self._spellings)
        pattern = rb'"(?:text|note)"\s*:\s*"(?:[^"\\]|\\.)*?%b' if self.text else b"%b"
        return any(re.search(pattern % re.escape(each.encode()), content) for each in self._spellings)

    def subjects(self, database: Database) -> set[str]:
        """The event_ids of the records that are meant, as far as the database has them."""
        if self.ids:
            return set(self.ids)
        found = {str(row[0]) for row in self._records(database, "event_id") if row[0] is not None}
        for id_, subject, type_ in self._said(database):
            found.add(str(subject) if str(type_).startswith(SYNTHESIS) else str(id_))
        return found

    def strangers(self, database: Database) -> list[Row]:
        """Number and audio path of the rows that are meant and that other programs inserted."""
        if self.ids:
            return []
        rows = self._records(database, "event_id, id, audio_path")
        return [(number, path) for event_id, number, path in rows if event_id is None]

    def _records(self, database: Database, columns: str) -> list[Row]:
        """Rows of tts_records that are meant."""
        compared, condition, parameters = self._candidates()
        rows = database.query(f"SELECT {compared}, {columns} FROM tts_records WHERE {condition}", parameters)
        width = compared.count(",") + 1
        return [row[width:] for row in rows if self._is_meant(row[:width])]

    def _candidates(self) -> tuple[str, str, list[Parameter]]:
        if self.user:
            return "user_id", "user_id = ?", [self.user]
        if self.voice:
            return "voice, voice_sha256", "(INSTR(voice, ?) > 0 OR voice_sha256 = ?)", [self.voice, self.voice]
        return "text_input", "INSTR(text_input, ?) > 0", [self.text]

    def _is_meant(self, values: Row) -> bool:
        if self.user:
            return bool(values[0] == self.user)
        if self.voice:
            return self.voice in (values[0] or "") or values[1] == self.voice
        return self._is_in(values[0])

    def _is_in(self, text: str) -> bool:
        """Whether these are words of a text; of one that is kept as its hash, no part is."""
        return self.text == text if _HASHED.fullmatch(text) else self.text in text

    def _said(self, database: Database) -> Iterator[Row]:
        """Id, subject and type of the events that mention it, whatever their records say."""
        if self.voice:
            return
        spellings = sorted(self._spellings)
        condition = " OR ".join(["INSTR(event, ?) > 0"] * len(spellings))
        rows = database.stream(f"SELECT id, subject, type, event FROM tts_events WHERE {condition}", spellings)
        for id_, subject, type_, event in rows:
            document = json.loads(event)
            if type_ not in (FORGOTTEN, ERASED) and isinstance(document, dict) and self.matches(document):
                yield id_, subject, type_

    @property
    def _spellings(self) -> set[str]:
        """Its words as JSON may spell them: as they are, or escaped."""
        value = self.user or self.voice or self.text
        return {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}


def _member(data: dict[str, Any], section: str, name: str) -> str:
    found = data.get(section)
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""


def _texts(data: dict[str, Any]) -> tuple[str, ...]:
    """What was spoken, what describes its emotion, a remark: no name, path, identifier or error."""
    own = (value for value in (data.get("text"), data.get("note")) if isinstance(value, str))
    return (*own, _member(data, "emotion", "text"))
