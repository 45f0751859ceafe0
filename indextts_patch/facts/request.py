"""What one call asks for, read from its arguments and from the model object."""

from __future__ import annotations

import contextlib
import os

from .. import jsontext
from ..guard import Any, attempt
from ..options import Options
from ..upstream import engines
from ..upstream.row import UNSCALED
from . import emotion
from .arguments import Arguments
from .digest import new_sha256
from .engine import kind_of
from .model import describe, engine_sampling, scaling
from .paths import absolute, fingerprint, portable
from .values import MAX_TEXT_CHARACTERS, clean, name, plain


class Request:
    """What a call asks for, as members of the event's data; read before the call, so that the caller may delete or
    change every file right after it.
    """

    def __init__(self, arguments: Arguments, model: object, options: Options) -> None:
        self._options = options
        meaning = arguments.meaning
        text = meaning.get("text")
        self.text = None if text is None else clean(text if isinstance(text, str) else str(text), MAX_TEXT_CHARACTERS)
        self.language = name(meaning.get("language"), 32)
        self.model = attempt(describe, model, options.root) or {}
        self.voice = attempt(self._file, meaning.get("voice"))
        scaled = attempt(scaling, kind_of(model)) or UNSCALED
        self.emotion = attempt(emotion.requested, meaning, self.text, scaling=scaled)
        if self.emotion is not None and self.emotion["mode"] == "reference":
            self.emotion["audio"] = attempt(self._file, meaning.get("emotion_audio"))
        self.params = attempt(params, arguments, model)
        self.hash = attempt(self._hash)

    def speak(self, text: str) -> None:
        """The text is this one: what is known was read from a call that may have been given a part of it."""
        if text != self.text:
            self.text = text
            self.hash = attempt(self._hash)

    def _file(self, path: object) -> dict[str, Any] | None:
        if isinstance(path, (list, tuple)) and path:
            path = path[0]  # infer_vllm takes a list of prompts
        if not isinstance(path, (str, os.PathLike)):
            return None
        full = absolute(path)
        if full is None:
            return None
        known: dict[str, Any] = {"path": portable(full, self._options.root)}
        with contextlib.suppress(OSError):  # infer is about to say so itself
            known["sha256"], known["bytes"] = fingerprint(full)
        return known

    def _hash(self) -> str | None:
        """SHA-256 over the canonical JSON of all that decides the audio and is known before the call."""
        if self._options.text == "omit":
            return None
        asked = dict(self.emotion or {})
        reference = asked.pop("audio", None) or {}
        audible = {key: asked.get(key) for key in ("mode", "vector_input", "alpha_effective", "text", "random")}
        effective = (self.params or {}).get("effective") or {}
        decides = {
            "text": self.text,
            "language": self.language,
            "voice": (self.voice or {}).get("sha256"),
            "emotion": {**audible, "audio": reference.get("sha256")} if asked else None,
            "params": {key: value for key, value in effective.items() if key not in engines.INAUDIBLE},
            "model": {key: self.model.get(key) for key in ("version", "class", "dir", "precision")},
        }
        return new_sha256(jsontext.canonical(decides).encode()).hexdigest()

    def facts(self) -> dict[str, Any]:
        """The request as members of `data`, as much of the texts as the options allow."""
        members: dict[str, Any] = {"text": self.text, "language": self.language, "emotion": self.emotion}
        if self.text is not None:
            members["text_length"] = len(self.text)
            members["text_sha256"] = new_sha256(self.text.encode()).hexdigest()
        members.update(voice=self.voice, params=self.params, model=self.model, request_hash=self.hash)
        return self.private(members)

    def private(self, data: dict[str, Any]) -> dict[str, Any]:
        """The data without the texts, where the options say so, nor any message or parameter that repeats them."""
        if self._options.text == "store":
            return data
        data = dict(data)
        texts: list[str] = [text for text in (self.text, (data.get("emotion") or {}).get("text")) if text]
        for key in ("params", "error", "warnings"):
            for text in texts:
                data[key] = without(data.get(key), text)
        data["text"] = None
        if data.get("emotion"):
            data["emotion"] = {**data["emotion"], "text": None}
        if self._options.text == "omit":
            data["text_sha256"] = None
        return data


def without(value: Any, text: str) -> Any:
    """The value with every occurrence of a text replaced by [text], in each way that a message may spell it; an
    error's type stays."""
    if isinstance(value, str):
        for spelled in _spellings(text):
            value = value.replace(spelled, "[text]")
        return value
    if isinstance(value, dict):
        return {key: item if key == "type" else without(item, text) for key, item in value.items()}
    return [without(item, text) for item in value] if isinstance(value, list) else value


def _spellings(text: str) -> list[str]:
    """As it is, and as repr, ascii, bytes and JSON write it between quotes; the longest first. repr chooses its quotes
    by those in the text, or in what else it writes."""
    spelled = {text, jsontext.quoted(text, ascii=True), jsontext.quoted(text, ascii=False)}
    for written in (repr(text), ascii(text), repr(text.encode("utf-8", "surrogatepass"))[1:]):
        bare = written[1:-1]
        plain = bare.replace("\\'", "'").replace('\\"', '"')
        spelled |= {bare, plain, plain.replace("'", "\\'"), plain.replace('"', '\\"')}
    return sorted(spelled, key=len, reverse=True)


def params(arguments: Arguments, model: object) -> dict[str, Any]:
    """Generation parameters: as passed, and as the model uses them."""
    requested, everything = (plain(each) for each in arguments.parameters())
    known = engine_sampling(model)
    if known is not None:
        declared = {key: value for key, value in everything.items() if key in arguments.declared}
        return {"requested": requested, "effective": {**known, **declared}}
    engine = arguments.engine
    return {"requested": requested, "effective": {**engine.generation, **everything, **engine.fixed}}
