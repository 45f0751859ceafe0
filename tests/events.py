"""Events for tests: plausible, valid, each with its own id."""

from __future__ import annotations

import itertools
import json
import os
import secrets
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

_COUNTER = itertools.count(1)
_START = datetime(2026, 11, 22, 10, 0, tzinfo=timezone.utc)


def uuid7(number: int | None = None) -> str:
    """A UUIDv7 whose time is the number's own millisecond; random otherwise."""
    milliseconds = int(_START.timestamp() * 1000) + (number if number is not None else next(_COUNTER))
    random = secrets.randbits(74)
    value = milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | (random & (1 << 62) - 1)
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def envelope(type_: str, data: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An event as a dictionary; `changes` replace members of the envelope."""
    number = next(_COUNTER)
    id_ = changes.get("id") or uuid7()
    return {
        "specversion": "1.0",
        "id": id_,
        "source": "indextts://studio/20261122T100000-1-abcd",
        "sequence": number,
        "type": f"indextts.{type_}",
        "subject": id_,
        "time": rfc3339(_START + timedelta(seconds=number)),
        "datacontenttype": "application/json",
        "dataschema": "urn:indextts:event:1.0",
        "data": data,
    } | changes


def succeeded(text: str = "欢迎使用语音合成", *, emotion: str = "happy", **changes: Any) -> dict[str, Any]:
    data = {
        "text": text,
        "language": "ZH",
        "emotion": {"mode": "vector", "label": emotion, "vector_effective": [0.6, 0, 0, 0, 0, 0, 0.1, 0]},
        "voice": {"path": "examples/voice_01.wav", "sha256": "9f" * 32},
        "params": {"requested": {"top_k": 30}, "effective": {"top_k": 30, "temperature": 0.8}},
        "audio": {
            "path": f"outputs/spk_{next(_COUNTER)}.wav",
            "sha256": "2c" * 32,
            "bytes": 187436,
            "sample_rate": 22050,
            "duration": 4.25,
            "peak": 0.81,
            "full_scale_share": 0.0,
        },
        "timing": {"started_at": rfc3339(_START), "wall": 4.4, "gpt": 2.9, "s2mel": 0.9, "bigvgan": 0.3, "rtf": 1.04},
        "model": {"version": "2", "device": "cuda:0", "precision": "fp16"},
        "caller": {"user": "anna", "session": "s1"},
        "request_hash": "fc" * 32,
    }
    return envelope("synthesis.succeeded", data | changes.pop("data", {}), **changes)


def failed(text: str = "it runs out", **changes: Any) -> dict[str, Any]:
    data = {
        "text": text,
        "timing": {"wall": 0.4},
        "model": {"version": "2"},
        "error": {"type": "torch.OutOfMemoryError", "message": "CUDA out of memory", "traceback": "Traceback ..."},
    }
    return envelope("synthesis.failed", data | changes.pop("data", {}), **changes)


def started(**changes: Any) -> dict[str, Any]:
    """A process, and its machine."""
    data = {
        "python": "cpython 3.11.9",
        "platform": "Linux 6.8.0 x86_64",
        "cpu": {"name": "EPYC", "cores": 32},
        "memory": 2**37,
        "gpus": [{"device": f"cuda:{index}", "name": "NVIDIA L40S", "memory": 2**35} for index in range(2)],
        "driver": "570.86.15",
        "cuda": "12.8",
        "engines": {"vox-indextts": "0.1.19", "indextts2-inference": "2.1.1"},
        "packages": {"torch": "2.8.0+cu128"},
        "options": {"text": "store"},
        "recorder": "indextts_patch 0.1.0",
    }
    return envelope("process.started", data | changes.pop("data", {}), **changes)


def scored(subject: str, *, scorer: str = "1.0", **measures: Any) -> dict[str, Any]:
    """What a scorer heard in a take."""
    heard = {"mos_overall": 3.2, "loudness": -20.4, "speech_seconds": 3.6, "syllables": 17, "text_script": "zh"}
    data = {"scorer": scorer, "models": {"speechmos": "0.0.1.1"}, "measures": heard | measures}
    return envelope("audio.scored", data, subject=subject)


def encode(event: dict[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def publish(folder: Path, event: dict[str, Any] | bytes, name: str | None = None) -> Path:
    """Write the file as the patch does: hidden, then under its name at once."""
    raw = event if isinstance(event, bytes) else encode(event)
    name = name or f"spk_{next(_COUNTER)}.wav.json"
    hidden = folder / f".{name}.tmp"
    hidden.write_bytes(raw)
    os.link(hidden, folder / name)
    hidden.unlink()
    return folder / name
