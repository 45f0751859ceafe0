"""Folds events into rows of tts_records.

Every event becomes at most a few rows, each of one kind; a kind owns some columns and a rule that decides which of two
values stays. The rules look at the values alone, never at the order of arrival, so any order gives the same record:

- a base row (a synthesis: succeeded, failed, interrupted, discovered, reused) sets the base columns where its
  fold_key is the greater. The key is a rank digit and the event's id: what the process itself reported outranks
  what was concluded after its death.
- a replacement row sets replaced_by on the record whose audio file was overwritten.
- a rating row sets the rating columns where its rating_key, time and id of the rating, is the greater.
- a removal row sets deleted_at or forgotten_at: the earliest stays.

A row whose record has not arrived yet makes a stub with status 'pending', which its base row then fills.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from sidecar.event.event import Event

_SYNTHESIS = "indextts.synthesis."

Value = str | int | float | datetime | None
Row = tuple[Value, ...]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One way of writing to tts_records: which columns, and which of two values stays.

    Sinks build their statements from it.
    """

    name: str
    columns: tuple[str, ...]
    """Columns of the inserted row, in the order of the row's values."""
    guarded: tuple[str, ...]
    """Columns that are overwritten where the row's guard is the greater one."""
    guard: str
    """The column that decides. It is compared as text or time; null loses; the greater wins, or the lesser where
    `lesser_wins`."""
    lesser_wins: bool = False


_BASE_COLUMNS = (
    "event_id",
    "fold_key",
    "text_input",
    "emotion",
    "audio_path",
    "created_at",
    "duration",
    "user_id",
    "model_version",
    "status",
    "source",
    "started_at",
    "language",
    "emotion_mode",
    "emotion_vector",
    "emotion_alpha",
    "voice",
    "voice_sha256",
    "params",
    "wall_time",
    "first_chunk_time",
    "gpt_time",
    "s2mel_time",
    "bigvgan_time",
    "queue_wait",
    "rtf",
    "segments",
    "sample_rate",
    "audio_bytes",
    "audio_sha256",
    "peak",
    "full_scale_share",
    "truncated",
    "device",
    "model_precision",
    "session_id",
    "request_id",
    "error_type",
    "error_message",
    "request_hash",
    "reused_from",
)
_STUB_COLUMNS = ("event_id", "fold_key", "text_input", "audio_path", "created_at", "status")

BASE = Kind(name="base", columns=_BASE_COLUMNS, guarded=_BASE_COLUMNS[2:], guard="fold_key")
REPLACEMENT = Kind(name="replacement", columns=(*_STUB_COLUMNS, "replaced_by"), guarded=(), guard="replaced_by")
RATING = Kind(
    name="rating",
    columns=(*_STUB_COLUMNS, "rating_key", "rating", "rating_note", "rated_by"),
    guarded=("rating", "rating_note", "rated_by"),
    guard="rating_key",
)
DELETION = Kind(
    name="deletion", columns=(*_STUB_COLUMNS, "deleted_at"), guarded=(), guard="deleted_at", lesser_wins=True
)
KINDS = (BASE, REPLACEMENT, RATING, DELETION)

_NONE: Mapping[str, Any] = {}
_LAST_WORD, _CONCLUDED, _STUB = "2:", "1:", "0:"
_UNKNOWN = "unknown"  # nobody knows what was asked for when the audio was found later


def project(event: Event) -> Iterator[tuple[Kind, Row]]:
    """Rows that one event folds into, none for a type this program does not know."""
    if event.type.startswith(_SYNTHESIS):
        return _synthesis(event)
    fold = _FOLDS.get(event.type)
    return fold(event) if fold else iter(())


def _synthesis(event: Event) -> Iterator[tuple[Kind, Row]]:
    data = event.data
    emotion = data.get("emotion") or _NONE
    voice = data.get("voice") or _NONE
    audio = data.get("audio") or _NONE
    timing = data.get("timing") or _NONE
    model = data.get("model") or _NONE
    caller = data.get("caller") or _NONE
    error = data.get("error") or _NONE
    params = data.get("params") or _NONE
    status = event.type[len(_SYNTHESIS) :]
    vector = emotion.get("vector_effective") or emotion.get("vector_input")
    parameters = params.get("effective") or params.get("requested")
    yield (
        BASE,
        (
            event.subject,
            (_CONCLUDED if status == "interrupted" else _LAST_WORD) + event.id,
            _text(data),
            emotion.get("label") or (_UNKNOWN if status == "discovered" else "neutral"),
            audio.get("path") or "",
            event.time,
            audio.get("duration"),
            caller.get("user"),
            model.get("version"),
            status,
            event.source,
            _time(timing.get("started_at")),
            data.get("language"),
            emotion.get("mode"),
            _json(vector),
            _first(emotion.get("alpha_effective"), emotion.get("alpha_requested")),
            voice.get("path"),
            voice.get("sha256"),
            _json(parameters),
            timing.get("wall"),
            timing.get("first_chunk"),
            timing.get("gpt"),
            timing.get("s2mel"),
            timing.get("bigvgan"),
            caller.get("queue_wait"),
            timing.get("rtf"),
            timing.get("segments"),
            audio.get("sample_rate"),
            audio.get("bytes"),
            audio.get("sha256"),
            audio.get("peak"),
            audio.get("full_scale_share"),
            _flag(data.get("truncated")),
            model.get("device"),
            model.get("precision"),
            caller.get("session"),
            caller.get("request"),
            error.get("type"),
            error.get("message"),
            data.get("request_hash"),
            audio.get("reused_from"),
        ),
    )
    replaced = audio.get("replaces")
    if replaced and replaced != event.subject:
        yield REPLACEMENT, (*_stub(event, replaced), event.subject)


def _rating(event: Event) -> Iterator[tuple[Kind, Row]]:
    data = event.data
    caller = data.get("caller") or _NONE
    key = f"{event.time:%Y-%m-%dT%H:%M:%S.%f}:{event.id}"
    yield (
        RATING,
        (*_stub(event, event.subject), key, data.get("rating"), data.get("note"), caller.get("user")),
    )


def _deletion(event: Event) -> Iterator[tuple[Kind, Row]]:
    yield DELETION, (*_stub(event, event.subject), event.time)


_FOLDS: Mapping[str, Callable[[Event], Iterator[tuple[Kind, Row]]]] = {
    "indextts.audio.rated": _rating,
    "indextts.audio.deleted": _deletion,
}


def _stub(event: Event, subject: str) -> Row:
    return (subject, _STUB, "", "", event.time, "pending")


def _text(data: Mapping[str, Any]) -> str:
    """The text; where the installation keeps only its hash, "sha256:<hex>", so that equal texts stay equal."""
    text = data.get("text")
    if text is not None:
        return str(text)
    digest = data.get("text_sha256")
    return f"sha256:{digest}" if digest else ""


def _time(value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:  # the schema's pattern lets 30 February pass; an optional fact is not worth an event
        return None


def _json(value: object) -> str | None:
    try:
        return None if not value else orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # nested deeper than it writes; an optional fact is not worth an event
        return None


def _flag(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)
