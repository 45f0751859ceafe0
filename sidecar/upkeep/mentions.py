"""Who or what is to be forgotten, and whether an event, a row or some bytes mention it: compared byte by byte.

A collation holds names equal that are not: other case, other accents, any two emoji, a space at the end. So a database
is only asked for candidates, by its own rules, and who is meant is decided here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from sidecar.event.types import ERASED, FORGOTTEN, SYNTHESIS
from sidecar.storage.database import Database, Parameter, Row, marks
from sidecar.storage.tombstones import ids_in

_HASHED = re.compile("sha256:[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is to be forgotten; one of these is given, or none, and nothing is meant."""

    user: str = ""
    text: str = ""
    """Part of a text: of what was spoken, of what describes its emotion, or of a remark or a tag on it. Where only the
    hash of what was spoken is kept, all of it, or sha256: and the hash."""
    voice: str = ""
    """Part of the voice's path, or the SHA-256 of its content."""
    ids: frozenset[str] = frozenset()
    """event_ids of records, and ids of events."""

    def matches(self, event: dict[str, Any]) -> bool:
        """Whether an event mentions it."""
        if self._by_id:
            return any(isinstance(each, str) and each in self.ids for each in map(event.get, ("subject", "id")))
        data: dict[str, Any] = event["data"] if isinstance(event.get("data"), dict) else {}
        if self.user:
            return _member(data, "caller", "user") == self.user
        if self.voice:
            return self.voice == _member(data, "voice", "sha256") or self.voice in _member(data, "voice", "path")
        return self._is_hashed(data.get("text_sha256")) or any(self._is_in(each) for each in _texts(data))

    def may_match(self, content: bytes) -> bool:
        """Whether bytes that are no whole event of ours may mention it."""
        if self._by_id:
            return not self.ids.isdisjoint(ids_in(content))
        content = _unescaped(content)
        if self.user:
            pattern = rb'"user"\s*:\s*"%b"'
            return any(re.search(pattern % re.escape(each.encode()), content) for each in self._spellings)
        if self.voice:
            return any(each.encode() in content for each in self._spellings)
        pattern = (
            rb'"(?:(?:text|note)"\s*:\s*|(?:add|remove)"\s*:\s*\[(?:\s*"(?:[^"\\]|\\.)*"\s*,)*\s*)"(?:[^"\\]|\\.)*?%b'
        )
        return any(re.search(pattern % re.escape(each.encode()), content) for each in self._spellings) or any(
            re.search(rb'"text_sha256"\s*:\s*"%b"' % each.encode(), content) for each in self._hashes
        )

    def subjects(self, database: Database) -> set[str]:
        """The event_ids of the records that are meant, as far as the database has them."""
        if self._by_id:
            return set(self.ids)
        found = {str(row[0]) for row in self._records(database, "event_id") if row[0] is not None}
        for id_, subject, type_ in self._said(database, found):
            found.add(str(subject) if str(type_).startswith(SYNTHESIS) else str(id_))
        return found

    def strangers(self, database: Database) -> list[Row]:
        """Number and audio path of the rows that are meant and that other programs inserted."""
        if self._by_id:
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
        hashes = [f"sha256:{each}" for each in sorted(self._hashes)]
        return "text_input", f"(INSTR(text_input, ?) > 0 OR text_input IN ({marks(hashes)}))", [self.text, *hashes]

    def _is_meant(self, values: Row) -> bool:
        if self.user:
            return bool(values[0] == self.user)
        if self.voice:
            return self.voice in (values[0] or "") or values[1] == self.voice
        return self._is_in(values[0])

    def _is_in(self, text: str) -> bool:
        """Whether these are words of a text; of one that is kept as its hash, no part is."""
        return self._is_hashed(text.partition(":")[2]) if _HASHED.fullmatch(text) else self.text in text

    def _is_hashed(self, digest: object) -> bool:
        return isinstance(digest, str) and digest in self._hashes

    @property
    def _by_id(self) -> bool:
        return bool(self.ids) or not (self.user or self.text or self.voice)

    @property
    def _hashes(self) -> set[str]:
        """Of a text with exactly these words, as events keep it."""
        if not self.text:
            return set()
        named = {self.text.partition(":")[2]} if _HASHED.fullmatch(self.text) else set()
        return {hashlib.sha256(self.text.encode()).hexdigest()} | named

    def _said(self, database: Database, found: Container[str]) -> Iterator[Row]:
        """Id, subject and type of the events that mention it, whatever their records say.

        Args:
            found: records that are meant, of whose syntheses nothing more need be known.
        """
        if self.voice:
            return
        spellings = sorted(self._spellings | self._hashes | _ESCAPES)
        condition = " OR ".join(["INSTR(event, ?) > 0"] * len(spellings))
        rows = database.stream(f"SELECT id, subject, type, event FROM tts_events WHERE {condition}", spellings)
        for id_, subject, type_, event in rows:
            if subject in found and type_.startswith(SYNTHESIS):
                continue
            document = orjson.loads(event)
            if type_ not in (FORGOTTEN, ERASED) and isinstance(document, dict) and self.matches(document):
                yield id_, subject, type_

    @property
    def _spellings(self) -> set[str]:
        """Its words as JSON may spell them: as they are, or escaped."""
        value = self.user or self.voice or self.text
        return {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}


_ESCAPES = {"\\u", "\\/"}
"""What is in the JSON of a writer that spells characters otherwise than ours: which ones is seen when it is read."""
_ESCAPED = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|\\u([0-9a-f]{4})|\\/", re.I)


def _unescaped(content: bytes) -> bytes:
    """Bytes of JSON with each character as itself, but for quotes, backslashes and what is no character."""

    def plain(match: re.Match[str]) -> str:
        high, low, only = match.groups()
        if high:
            return bytes.fromhex(high + low).decode("utf-16-be")
        character = chr(int(only, 16)) if only else "/"
        return match[0] if character in '"\\' or character < " " or "\ud800" <= character <= "\udfff" else character

    if b"\\" not in content:
        return content
    return _ESCAPED.sub(plain, content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _member(data: dict[str, Any], section: str, name: str) -> str:
    found = data.get(section)
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""


def _texts(data: dict[str, Any]) -> tuple[str, ...]:
    """What was spoken, what describes its emotion, a remark, a tag: no name, path, identifier or error."""
    tags = (tag for name in ("add", "remove") if isinstance(data.get(name), list) for tag in data[name])
    own = (value for value in (data.get("text"), data.get("note"), *tags) if isinstance(value, str))
    return (*own, _member(data, "emotion", "text"))


def hashed_texts(database: Database) -> int:
    """How many records keep only the hash of their text, which no word is found in."""
    rows = database.query("SELECT text_input FROM tts_records WHERE text_input LIKE 'sha256:%'")
    return sum(bool(_HASHED.fullmatch(str(text))) for (text,) in rows)
