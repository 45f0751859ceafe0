"""Mutated event files, by the seed: some still valid, most not, all of the kind that breaks a careless reader."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.events import uuid7

EXAMPLES = Path(__file__).parents[2] / "schema" / "event" / "examples"
HOSTILE = "'; DROP TABLE tts_events; -- \" \\' %s {0} ` \x00 \x1a \ufeff \u202e 欢迎 🎙️"
_DEPTHS = (20, 33, 101, 255, 300, 900)
# Values that some layer may trip over. Nesting is put in as text, because Python's own writer gives up on it.
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 0.1, -0.0, 1.0, 1e3, 1e308, -1e308, 5e-324, 2**31 - 1, 2**31, 2**53, 2**63),
    *(2**63 - 1, -(2**63), 2**64 - 1, 2**64, 10**30, -(10**400), "", " ", "\x00", "\ud7ff", "\ufffe", HOSTILE),
    *("x" * 256, "y" * 65_536, "欢" * 300, "🎙" * 70_000, [], {}, [[]], [None], {"": ""}, {"\x00": 1}),
    *(f"nested {depth}" for depth in _DEPTHS),
    *({"k" * 70_000: 1}, {str(number): number for number in range(3000)}, list(range(5000))),
    *("2026-02-30T00:00:00.000000Z", "1000-01-01T00:00:00.000000Z", "2999-12-31T23:59:59.999999Z"),
    *("2026-11-22T10:15:42.318207+14:00", "urn:indextts:event:" + "9" * 5000 + ".0", "urn:indextts:event:1.9999"),
    *("../../etc/passwd", "a" * 2049, "indextts.synthesis." + "z" * 60, "indextts.audio.rated", "NaN", "1e999"),
)
_NESTED = {f'"nested {depth}"'.encode(): b'[{"a":' * (depth // 2) + b"1" + b"}]" * (depth // 2) for depth in _DEPTHS}


def _members(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _members(inner, (*path, key))


def _mutate_structure(document: Any, chance: random.Random) -> None:
    path = chance.choice([path for path in _members(document) if path])
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    match chance.randrange(5):
        case 0:
            del holder[path[-1]]
        case 1 if isinstance(holder, dict):
            holder[chance.choice(["x", HOSTILE, "k" * 70_000, "", *list(document)])] = copy.deepcopy(
                chance.choice(_VALUES)
            )
        case _:
            holder[path[-1]] = copy.deepcopy(chance.choice(_VALUES))


def _mutate_bytes(raw: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(raw))
    match chance.randrange(11):
        case 0:
            return raw[:at]
        case 1:
            return raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :]
        case 2:
            return raw[:at] + chance.randbytes(chance.randrange(1, 50)) + raw[at:]
        case 3:
            return b"\xef\xbb\xbf" + raw
        case 4:
            return raw.decode().encode("utf-16")
        case 5:
            return raw.replace(b"{", b'{"id":"taken","id":1,', 1)
        case 6:
            return raw.replace(
                b":", chance.choice([b":1e999", b":NaN", b":-Infinity", b":0123", b':"\\ud800"']) + b",:", 1
            )
        case 7:
            return raw + raw
        case 8:
            return chance.randbytes(chance.randrange(0, 300))
        case 9:
            return b"[" * chance.choice([100, 2000, 200_000]) + raw
        case _:
            return raw.replace(
                b'"data":{', b'"data":{"x":' + chance.choice([b"1e400", b"-1e-400", b"1" * 5000]) + b",", 1
            )


def mutated(document: dict[str, Any], chance: random.Random) -> bytes:
    """The document with up to three mutations of its structure."""
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        if document:
            _mutate_structure(document, chance)
    return _encoded(document, chance)


def _encoded(document: dict[str, Any], chance: random.Random) -> bytes:
    raw = json.dumps(document, ensure_ascii=chance.random() < 0.3, separators=(",", ":")).encode("utf-8", "replace")
    for mark, nested in _NESTED.items():
        raw = raw.replace(mark, nested)
    return raw


def corpus(seed: int, count: int) -> Iterator[bytes]:
    """That many files' contents; ids are new unless a mutation touched them."""
    chance = random.Random(seed)
    examples = [json.loads(path.read_bytes()) for path in sorted((EXAMPLES / "valid").glob("*.json"))]
    for _ in range(count):
        document = json.loads(json.dumps(chance.choice(examples)))
        before = document["id"]
        document["id"] = uuid7()
        if document["subject"] == before:
            document["subject"] = document["id"]
        structural = chance.random() < 0.75
        raw = mutated(document, chance) if structural else _encoded(document, chance)
        yield raw if structural and chance.random() < 0.9 else _mutate_bytes(raw, chance)
