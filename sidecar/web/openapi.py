"""The API's own description, in OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sidecar import __version__
from sidecar.answers.audio import AudioState
from sidecar.answers.doubts import Kind as Kinds
from sidecar.answers.filters import PROBLEMS, SEVERAL
from sidecar.answers.search import MAX_LIMIT
from sidecar.event.types import STATUSES
from sidecar.storage.columns import BY_NAME, LISTED, Column, Kind
from sidecar.upkeep.preferring import MAX_COMPARED
from sidecar.upkeep.reviewing import VERDICTS
from sidecar.upkeep.tagging import MAX_TAG
from sidecar.web.bodies import MAX_LISTED, MAX_NAME, MAX_REASON, MAX_REMARK

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


_SAID: Schema = {
    "tags": {"type": "array", "items": {"type": "string", "maxLength": MAX_TAG}},
    "favourite": {"type": "boolean"},
    "wins": {"type": "integer", "description": "How often it was preferred to another one."},
    "losses": {"type": "integer", "description": "How often another one was preferred to it."},
}
_VERDICT = ("verdict", "reviewed_at", "reviewed_by")
_BEST = "Whether it is the best take of its request; null where that was made once."
_DOUBT: Schema = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": list(Kinds)},
        "weight": {"type": "number", "description": "How many times its limit was exceeded."},
        "sentence": _TEXT,
        "seen": {"type": "number"},
        "usual": {"type": "number", "description": "For its voice in its language, as the sentence says."},
        "takes": {"type": "number", "description": "How many takes say what is usual."},
    },
    "required": ["kind", "weight", "sentence"],
}
_STATUS = {"type": "string", "enum": [*STATUSES, PROBLEMS, ""]}
_FILTERS = (
    ("text", "Words that must all occur; words in double quotes must occur as written.", _TEXT),
    ("since", "Ended at or after: 3d (s, m, h, d, w ago), a day or an ISO 8601 time.", _TEXT),
    ("until", "Ended before; written like since. A day is counted to its end.", _TEXT),
    ("user", "Made by that user.", _TEXT),
    ("emotion", "With that emotion.", _TEXT),
    ("status", "Outcome.", _STATUS),
    ("model", "Model version.", _TEXT),
    ("voice", "Part of the speaker prompt's path, or its SHA-256.", _TEXT),
    ("request", "request_hash.", _TEXT),
    ("rating", "Rated this or better.", {"type": "string", "enum": ["", "1", "2", "3", "4", "5"]}),
    ("language", "Language of the text.", _TEXT),
    ("error", "Ended by an exception of that class.", _TEXT),
    ("tag", "Tags that it has, with commas between, or several times; one after a minus it has not.", _TEXT),
    ("favourite", "Whether it is one of the favourites.", {"type": "string", "enum": ["", "yes", "no"]}),
)
_DOUBTFUL = ("doubtful", "yes: those alone that a person should hear.", {"type": "string", "enum": ["", "yes"]})
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
    422: "The body is not what it should be.",
    503: "The database or the folder cannot serve now.",
}
_DOWNLOADS = {
    "zip": ("The audio, with records.csv,", "application/zip"),
    "csv": ("Every column as CSV", "text/csv"),
    "jsonl": ("Every column as JSON Lines", "application/jsonl"),
    "parquet": ("Every column as Parquet", "application/vnd.apache.parquet"),
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
    filters = [_query(name, text, _several(name, schema)) for name, text, schema in _FILTERS]
    filters += [
        _query(f"-{name}", f"Not {text[0].lower()}{text[1:]}", _several(name, schema))
        for name, text, schema in _FILTERS
        if name in SEVERAL
    ]
    code = {"type": "string", "enum": list(AudioState), "description": "Why there is no audio."}
    error = {"message": _TEXT, "hint": _TEXT, "code": code}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "IndexTTS library",
            "version": __version__,
            "description": "Everything that IndexTTS synthesised, and what people say of it. Times: UTC. "
            "Who asks GET /api/changes hears of new takes, by server-sent events `change` with the greatest record id.",
        },
        "paths": {**_records(filters), **_said(), **_selection(filters), **_stats(filters)},
        "components": {
            "schemas": {
                "Record": _object(
                    {
                        **{name: _property(BY_NAME[name]) for name in LISTED},
                        "doubts": {**_list(_DOUBT), "description": "Why a person should hear it, the gravest first."},
                        **{name: _property(BY_NAME[name]) for name in _VERDICT},
                        "best": _nullable("boolean", description=_BEST),
                        **_SAID,
                    }
                ),
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
    count: Schema = {"type": "integer", "minimum": 0}
    queue = _object(
        {
            "records": {**page["properties"]["records"], "description": "The first of them."},
            "waiting": {**count, "description": "How many are in doubt and not decided."},
            "scored": {**count, "description": "How many of the newest takes have a score."},
            "doubts": {"type": "object", "additionalProperties": count, "description": "How many takes by reason."},
            "verdicts": _verdicts(),
        }
    )
    events = _object({"events": _list({"type": "object"})})
    peaks = _object(
        {
            "peaks": _list({"type": "number", "minimum": 0, "maximum": 1}),
            "seconds": _nullable("number", minimum=0),
            "name": {**_TEXT, "description": "What its file is called when it is saved."},
            "type": {**_TEXT, "description": "The file's media type."},
            "level": _nullable("number", description="Where it was asked for: root mean square, dBFS."),
        },
        required=["peaks", "seconds", "name", "type"],
    )
    level = _query("level", "yes: its level as well.", {"type": "string", "enum": ["", "yes"]})
    audio = {
        "200": {"description": "The whole file.", "content": {"audio/*": {}}},
        "206": {"description": "The part that was asked for.", "content": {"audio/*": {}}},
        "416": {"description": "No such part."},
    }
    new = _object({"new": {**count, "description": "100 where there are more."}})
    after = {**_query("after", "The record id that the last change told.", count), "required": True}
    return {
        "/api/arrived": _get("How many takes came since.", [*filters, after], _ok(new), 400),
        "/api/records": _get(
            "Find records, the newest first.", [*filters, _query(*_DOUBTFUL), *paging], _ok(page), 400
        ),
        "/api/review": _get("What a person should hear, the most doubtful first.", [], _ok(queue)),
        _RECORD: _get(
            "One record with every detail; as `process`, the machine that it was made on.",
            [_IDENTITY],
            _ok({"type": "object"}),
            404,
        ),
        f"{_RECORD}/timeline": _get("What happened to it, oldest first.", [_IDENTITY], _ok(events), 404),
        f"{_RECORD}/audio": _get("Its audio; ranges are served.", [_IDENTITY], audio, 404),
        f"{_RECORD}/waveform": _get("Its waveform.", [_IDENTITY, level], _ok(peaks), 404),
    }


def _verdicts() -> Schema:
    """How often doubts are right."""
    count: Schema = {"type": "integer", "minimum": 0}
    share: Schema = {"minimum": 0, "maximum": 1}
    reason = _object(
        {
            "kind": {"enum": list(Kinds), "description": "What the takes were in doubt for."},
            "rejected": count,
            "kept": count,
            "precision": {"type": "number", **share, "description": "The share that people rejected."},
            "limit_times": {"type": "number", "description": "How many times as far as built in its limit is now."},
        }
    )
    return _object(
        {
            "reasons": _list(reason),
            "rejected": {**count, "description": "Takes in doubt that people rejected."},
            "kept": {**count, "description": "Takes in doubt that people kept."},
            "missed": {**count, "description": "Takes not in doubt that people rejected."},
            "agreed": {**count, "description": "Takes not in doubt that people kept."},
            "precision": _nullable("number", **share),
            "recall": _nullable(
                "number", **share, description="Of the rejected takes, the share in doubt: of those that people heard."
            ),
            "recall_of_all": _nullable(
                "number", **share, description="Of all bad takes, if those heard without a doubt stand for the others."
            ),
        }
    )


def _said() -> Schema:
    """What people say of a record."""
    by = _nullable("string", maxLength=MAX_NAME)
    rating = _object(
        {
            "rating": _nullable("integer", minimum=1, maximum=5, description="Null takes the rating back."),
            "note": _nullable("string", maxLength=MAX_REMARK),
            "by": by,
        },
        required=["rating"],
    )
    verdict = _object(
        {"verdict": {"enum": [*VERDICTS, None], "description": "Null takes the verdict back."}, "by": by},
        required=["verdict"],
    )
    tags = {"type": "array", "items": _TEXT, "maxItems": MAX_LISTED}
    tagging = {**_object({"add": tags, "remove": tags, "by": by}, required=[]), "minProperties": 1}
    favourite = _object({"favourite": {"type": "boolean"}, "by": by}, required=["favourite"])
    note = _object(
        {"note": _nullable("string", maxLength=MAX_REMARK, description="Null takes the note away."), "by": by},
        required=["note"],
    )
    identity = {"type": "string", "format": "uuid"}
    over = {"type": "array", "items": identity, "minItems": 1, "maxItems": MAX_COMPARED}
    preference = _object({"preferred": identity, "over": over, "by": by}, required=["preferred", "over"])
    return {
        f"{_RECORD}/rating": _published("Rate it", rating),
        f"{_RECORD}/verdict": _published("Keep or reject it, having heard it", verdict),
        f"{_RECORD}/tags": _published("Give it tags, or take them away", tagging),
        f"{_RECORD}/favourite": _published("Make it one of the favourites, or not any more", favourite),
        f"{_RECORD}/note": _published("Write a note", note),
        "/api/preferences": _published("Prefer one take to others that it was compared with", preference, []),
    }


def _selection(filters: list[Schema]) -> Schema:
    """Acting on many records."""
    by = _nullable("string", maxLength=MAX_NAME)
    ids = {"type": "array", "items": {"type": "string", "format": "uuid"}, "description": "event_ids."}
    query = {**_TEXT, "description": "What follows the ? in the library's address: what it finds is meant."}
    tags = {"type": "array", "items": _TEXT, "maxItems": MAX_LISTED}
    remark = _nullable("string", maxLength=MAX_REMARK)
    acts: list[tuple[str, str, Schema, list[str]]] = [
        ("rate", "Rate", {"rating": _nullable("integer", minimum=1, maximum=5), "note": remark}, ["rating"]),
        ("tag", "Give tags to, or take them from,", {"add": tags, "remove": tags}, []),
        ("favourite", "Make favourites, or not any more, of", {"favourite": {"type": "boolean"}}, ["favourite"]),
        ("delete", "Delete the audio of", {"reason": _nullable("string", maxLength=MAX_REASON)}, []),
    ]
    done = _object({"records": {"type": "integer", "minimum": 0}, "kept": {"type": "object"}}, required=["records"])
    answers = {
        "202": {
            "description": "Of how many it was published; kept: how many had no audio to delete, by why.",
            "content": _json(done),
        },
        **_refusals(400, 401, 403, 404, 413, 415, 422, 503),
    }
    paths: Schema = {}
    for name, what, members, required in acts:
        which = {"ids": ids, "query": query}
        body = {**_object({**which, **members, "by": by}, required=required), "additionalProperties": False}
        body["oneOf"] = [{"required": ["ids"]}, {"required": ["query"]}]
        paths[f"/api/selection/{name}"] = {
            "post": {
                "summary": f"{what} the records that are named, or that a query finds.",
                "requestBody": {"required": True, "content": _json(body)},
                "responses": answers,
            }
        }
    chosen = [*filters, _query(*_DOUBTFUL), _query("ids", "event_ids with commas between, in place of filters.", _TEXT)]
    form = {"type": "object", "properties": {"ids": _TEXT, "query": _TEXT}}
    sent = {"content": {"application/x-www-form-urlencoded": {"schema": form}}}
    for ending, (what, kind) in _DOWNLOADS.items():
        found = {"200": {"description": "The file.", "content": {kind: {}}}}
        asked = _get(f"{what} of the records that a query finds, or that are named.", chosen, found, 400, 404)
        posted = {
            "summary": "The same; a form says which records: ids, or query.",
            "requestBody": sent,
            "responses": {**found, **_refusals(400, 401, 403, 404, 413, 415, 503)},
        }
        paths[f"/api/selection.{ending}"] = {**asked, "post": posted}
    return paths


def _published(what: str, body: Schema, parameters: Sequence[Schema] = (_IDENTITY,)) -> Schema:
    published = {
        "description": "Published; it reaches the tables once the shipper has delivered it.",
        "content": _json(_object({"event_id": {"type": "string", "format": "uuid"}})),
    }
    return {
        "post": {
            "summary": f"{what}: publishes an event into the watched folder, from which the shipper delivers it.",
            "parameters": list(parameters),
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


def _several(name: str, schema: Schema) -> Schema:
    """Of a filter that may stand in an address more than once: any of its values."""
    return _list(schema) if name in SEVERAL else schema


def _refusals(*codes: int) -> Schema:
    return {str(code): {"$ref": f"#/components/responses/{code}"} for code in codes}


def _get(summary: str, parameters: list[Schema], responses: Schema, *refused: int) -> Schema:
    answers = {**responses, **_refusals(*refused, 401, 503)}
    return {"get": {"summary": summary, "parameters": parameters, "responses": answers}}
