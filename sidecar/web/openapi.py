"""The API's own description, in OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sidecar import __version__
from sidecar.answers.audio import AudioState
from sidecar.answers.search import MAX_LIMIT
from sidecar.event.types import STATUSES
from sidecar.storage.columns import BY_NAME, LISTED, Column, Kind

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}


def _nullable(kind: str, **more: Any) -> Schema:
    return {"type": [kind, "null"], **more}


_KINDS: Mapping[Kind, Schema] = {
    Kind.TEXT: _TEXT,
    Kind.INTEGER: {"type": "integer"},
    Kind.NUMBER: {"type": "number"},
    Kind.TIME: {"type": "string", "format": "date-time"},
    Kind.TRUTH: {"type": "integer"},
}


def _property(column: Column) -> Schema:
    """What a list's JSON has under the column's name."""
    form = {"format": "uuid"} if column.unit == "UUID" else {}
    meaning = f"{column.meaning.removesuffix('.')} ({column.unit})." if column.unit else column.meaning
    schema = {**_KINDS[column.kind], **form, "description": meaning}
    return {**schema, "type": [schema["type"], "null"]} if column.nullable else schema


_FILTERS = (
    ("text", "Words that must all occur; words in double quotes must occur as written.", _TEXT),
    ("since", "Ended at or after: 3d (s, m, h, d, w ago), a day or an ISO 8601 time.", _TEXT),
    ("until", "Ended before; written like since.", _TEXT),
    ("user", "Made by that user.", _TEXT),
    ("emotion", "With that emotion.", _TEXT),
    ("status", "Outcome.", {"type": "string", "enum": [*STATUSES, "problems", ""]}),
    ("model", "Model version.", _TEXT),
    ("voice", "Part of the speaker prompt's path, or its SHA-256.", _TEXT),
    ("request", "request_hash.", _TEXT),
    ("rating", "Rated this or better.", {"type": "string", "enum": ["", "1", "2", "3", "4", "5"]}),
    ("language", "Language of the text.", _TEXT),
)
_STATS = {
    "totals": "Everything in one line.",
    "emotions": "Emotions, the most used first.",
    "users": "Who made how much.",
    "duplicates": "Requests made more than once, the costliest first.",
    "repeats": "What all repeats cost together.",
    "activity": "One row for each hour (UTC) and model: takes, failures, saturation, seconds of audio and computing.",
    "voices": "Speaker prompts by failure rate.",
    "errors": "Kinds of error.",
}
_RESPONSES = {
    400: "A parameter is wrong.",
    401: "A token is needed.",
    403: "The request comes from another site's page.",
    404: "There is no such record, or no audio for it.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The body is not a rating.",
    503: "The database or the folder cannot serve now.",
}
_RECORD = "/api/records/{event_id}"
_IDENTITY: Schema = {
    "name": "event_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
    "description": "The record's event_id.",
}


@cache
def document() -> dict[str, Any]:
    """The description as JSON's own types."""
    filters = [_query(name, text, schema) for name, text, schema in _FILTERS]
    code = {"type": "string", "enum": list(AudioState), "description": "Why there is no audio."}
    error = {"message": _TEXT, "hint": _TEXT, "code": code}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "IndexTTS library",
            "version": __version__,
            "description": "Everything that IndexTTS synthesised. Read-only except for ratings. Times are UTC.",
        },
        "paths": {**_records(filters), f"{_RECORD}/rating": _rating(), **_stats(filters)},
        "components": {
            "schemas": {
                "Record": _object({name: _property(BY_NAME[name]) for name in LISTED}),
                "Error": _object({"error": _object(error, required=["message", "hint"])}),
            },
            "responses": {
                str(code): {"description": text}
                if code == 403
                else {"description": text, "content": _json({"$ref": "#/components/schemas/Error"})}
                for code, text in _RESPONSES.items()
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _records(filters: list[Schema]) -> Schema:
    """Paths to records and to what belongs to one."""
    page = _object({"records": _list({"$ref": "#/components/schemas/Record"}), "cursor": _nullable("string")})
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 100}
    paging = [_query("limit", "Records on a page.", limit), _query("cursor", "Of the page before.", _TEXT)]
    events = _object({"events": _list({"type": "object"})})
    peaks = _object({"peaks": _list({"type": "number", "minimum": 0, "maximum": 1})})
    audio = {
        "200": {"description": "The whole file.", "content": {"audio/*": {}}},
        "206": {"description": "The part that was asked for.", "content": {"audio/*": {}}},
        "416": {"description": "No such part."},
    }
    return {
        "/api/records": _get("Find records, the newest first.", [*filters, *paging], _ok(page), 400),
        _RECORD: _get("One record with every detail.", [_IDENTITY], _ok({"type": "object"}), 404),
        f"{_RECORD}/timeline": _get("What happened to it, oldest first.", [_IDENTITY], _ok(events), 404),
        f"{_RECORD}/audio": _get("Its audio; ranges are served.", [_IDENTITY], audio, 404),
        f"{_RECORD}/waveform": _get("Its waveform.", [_IDENTITY], _ok(peaks), 404),
    }


def _rating() -> Schema:
    body = _object(
        {
            "rating": _nullable("integer", minimum=1, maximum=5, description="Null takes the rating back."),
            "note": _nullable("string", maxLength=10_000),
            "by": _nullable("string", maxLength=255),
        },
        required=["rating"],
    )
    published = {
        "description": "Published; it reaches the tables once the shipper has delivered it.",
        "content": _json(_object({"event_id": {"type": "string", "format": "uuid"}})),
    }
    return {
        "post": {
            "summary": "Rate it: publishes an event into the watched folder, from which the shipper delivers it.",
            "parameters": [_IDENTITY],
            "requestBody": {"required": True, "content": _json({**body, "additionalProperties": False})},
            "responses": {"202": published, **_refusals(401, 403, 404, 413, 415, 422, 503)},
        }
    }


def _stats(filters: list[Schema]) -> Schema:
    paths = {}
    for name, summary in _STATS.items():
        schema = {"type": "object"} if name in ("totals", "repeats") else _list({"type": "object"})
        paths[f"/api/stats/{name}"] = _get(summary, filters, _ok(schema), 400)
    return paths


def _object(properties: Schema, required: list[str] | None = None) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties) if required is None else required,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def _ok(schema: Schema) -> Schema:
    return {"200": {"description": "The answer.", "content": _json(schema)}}


def _query(name: str, description: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _refusals(*codes: int) -> Schema:
    return {str(code): {"$ref": f"#/components/responses/{code}"} for code in codes}


def _get(summary: str, parameters: list[Schema], responses: Schema, refused: int) -> Schema:
    answers = {**responses, **_refusals(refused, 401, 503)}
    return {"get": {"summary": summary, "parameters": parameters, "responses": answers}}
