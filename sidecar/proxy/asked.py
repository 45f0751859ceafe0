"""What a request asks for, as members of an event's data."""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from sidecar.proxy import fields

_MAX_TEXT = 200_000  # characters; four bytes each, it still fits an event that the shipper takes
_MAX_VALUE = 4096  # characters of any other member
_MAX_PARAMS_BYTES = 64 * 1024
_MAX_PATH = 2048
_SHORTEST_AUDIO = 256  # characters of base64; what is shorter may be a name
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_UP = re.compile(r"(?<=/)\.\.(?=/|$)|^\.\.(?=/|$)")

Body = Mapping[str, Any]


def parse(body: bytes) -> dict[str, Any] | None:
    """The request's members, nested ones lifted; None where it is no JSON object."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(document, dict):
        return None
    lifted: dict[str, Any] = {}
    for name in fields.NESTED:
        if isinstance(document.get(name), dict):
            lifted |= document[name]
    return lifted | {name: value for name, value in document.items() if name not in fields.NESTED}


def text_of(body: Body) -> str | None:
    """The text to speak."""
    return next((body[name] for name in fields.TEXT if isinstance(body.get(name), str)), None)


class Asked:
    """
    Args:
        body: the request's members; None where they are not understood.
        texts: store, hash or omit, as for the recording in the TTS's own process.
    """

    def __init__(self, body: Body | None, texts: str) -> None:
        self._texts = texts
        self._body: Body = body or {}
        self.warnings: list[str] = []
        if body is None:
            self.warnings.append("the request's body is no JSON object: what it asks for is not known")
        self.text = text_of(self._body)
        self.format = _name(self._body.get(fields.FORMAT), 64)
        """What the caller wants, such as wav."""

    def facts(self) -> dict[str, Any]:
        """Members of the schema's `data`."""
        text, stored = self.text, self._texts == "store"
        voice, emotion, params = self._voice(), self._emotion(), self._params()
        members: dict[str, Any] = {
            "text": None,
            "language": _name(self._first(fields.LANGUAGE), 32),
            "emotion": emotion,
            "voice": voice,
            "params": {"requested": params},
            "model": self._model(),
        }
        if text is not None:
            members["text_length"] = len(text)
            if self._texts != "omit":
                members["text_sha256"] = hashlib.sha256(text.encode()).hexdigest()
                members["request_hash"] = self._hash(members)
            if stored and len(text) > _MAX_TEXT:
                self.warnings.append(f"only the first {_MAX_TEXT} characters of the text are kept")
            members["text"] = text[:_MAX_TEXT].replace("\0", "\ufffd") if stored else None
        if not stored and emotion is not None:
            emotion["text"] = None
        return members

    def private(self, message: str) -> str:
        """A message of the upstream, without the text where that is not kept."""
        if self._texts == "store" or not self.text:
            return message
        spelt = {self.text, orjson.dumps(self.text).decode()[1:-1], repr(self.text)[1:-1], ascii(self.text)[1:-1]}
        for each in sorted(spelt, key=len, reverse=True):
            message = message.replace(each, "[text]")
        return message

    @property
    def speaker(self) -> str:
        """The voice in a word, for a file's name."""
        voice = self._voice() or {}
        name = str(voice.get("path") or "").replace("\\", "/").rpartition("/")[2]
        return re.sub(r"[^\w-]+", "-", name.partition(".")[0]).strip("-_")[:40] or "speech"

    def _first(self, names: Sequence[str]) -> Any:
        return next((self._body[name] for name in names if self._body.get(name) is not None), None)

    def _voice(self) -> dict[str, Any] | None:
        name = _inner(self._first(fields.VOICE))
        reference = _file(self._first(fields.REFERENCE))
        if name is None:
            return reference
        named = _file(name)
        if named is None or reference is None:
            return named or reference
        return {**reference, "path": named.get("path") or reference.get("path")}

    def _emotion(self) -> dict[str, Any]:
        vector, alpha = _vector(self._first(fields.EMOTION_VECTOR)), _number(self._first(fields.EMOTION_ALPHA))
        text, audio = self._first(fields.EMOTION_TEXT), _file(self._first(fields.EMOTION_REFERENCE))
        mode = self._body.get(fields.EMOTION_MODE)
        if not isinstance(mode, int) or not 0 <= mode < len(fields.MODES):
            mode = 2 if vector and any(vector) else 1 if audio else 3 if isinstance(text, str) and text else 0
        members: dict[str, Any] = {"mode": fields.MODES[mode], "label": "neutral"}
        if mode == 1:
            members |= {"label": "reference", "audio": audio}
        if mode == 2:
            members["vector_input"] = vector
            if vector and max(vector) > 0:
                members["label"] = fields.LABELS[vector.index(max(vector))]
        if mode == 3:
            members |= {"label": None, "text": text[:_MAX_TEXT] if isinstance(text, str) else None}
        if alpha is not None:
            members["alpha_requested"] = alpha
        random = self._first(fields.EMOTION_RANDOM)
        if isinstance(random, bool):
            members["random"] = random
        return members

    def _params(self) -> dict[str, Any] | None:
        """Everything else that was passed: audio as its hash, long values cut."""
        left_out = {*fields.TEXT, *fields.EMOTION_TEXT}
        if self._texts != "store":
            left_out |= set(fields.WORDS)
        params = {name[:255]: _short(value) for name, value in self._body.items() if name not in left_out}
        if len(orjson.dumps(params, default=str)) > _MAX_PARAMS_BYTES:
            self.warnings.append("the request has more parameters than an event may hold")
            return None
        return params

    def _model(self) -> dict[str, Any]:
        name = _name(self._body.get(fields.MODEL), 255)
        return {"name": name, "version": name if name and len(name) <= 32 else None}

    def _hash(self, members: Mapping[str, Any]) -> str:
        """Of all that decides the audio, as far as the request says it."""
        keys = ("language", "emotion", "voice", "params", "model")
        decides = {"text": self.text, **{key: members[key] for key in keys}}
        return hashlib.sha256(orjson.dumps(decides, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _inner(value: Any) -> Any:
    """Of an object that names a voice or holds audio, or a list of such, what it names or holds."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        return next((value[name] for name in fields.REFERENCE_INNER if isinstance(value.get(name), str)), None)
    return value


def _file(value: Any) -> dict[str, Any] | None:
    """A file of the schema: a path or address; of audio in the request itself, its hash and size."""
    value = _inner(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value:
        return None
    content = _decoded(value)
    if content is not None:
        return {"path": None, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    path = _UP.sub("%2E%2E", value.replace("\\", "/").replace("\0", ""))[:_MAX_PATH]
    return {"path": path or None}


def _decoded(value: str) -> bytes | None:
    """The bytes of a data: address, or of a long string of base64; None of anything else."""
    head, comma, rest = value.partition(",")
    if head.startswith("data:") and comma:
        value = rest
    elif len(value) < _SHORTEST_AUDIO or not _BASE64.fullmatch(value):
        return None
    try:
        return base64.b64decode(value.translate(str.maketrans("-_", "+/")) + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        return None


def _short(value: Any) -> Any:
    if isinstance(value, str):
        content = _decoded(value)
        if content is not None:
            return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        return value if len(value) <= _MAX_VALUE else value[:_MAX_VALUE] + "..."
    if isinstance(value, dict):
        return {str(name)[:255]: _short(item) for name, item in list(value.items())[:100]}
    if isinstance(value, list):
        return [_short(item) for item in value[:100]]
    return value


def _name(value: Any, length: int) -> str | None:
    return value[:length] if isinstance(value, str) and value else None


def _number(value: Any) -> float | None:
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if usable else None


def _vector(value: Any) -> list[float] | None:
    if not isinstance(value, list) or len(value) != len(fields.LABELS):
        return None
    numbers = [_number(each) for each in value]
    return [each for each in numbers if each is not None and abs(each) <= 1e6] if None not in numbers else None
