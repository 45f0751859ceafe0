"""Event files to ship: valid, different from each other, the same in every run."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)
SOURCE = "indextts://studio/20260101T000000-4711"
EMOTIONS = ("happy", "angry", "sad", "afraid", "disgusted", "melancholic", "surprised", "calm")
PHRASES = (
    "欢迎使用 IndexTTS2，",
    "今天天气很好，我们去公园散步吧。",
    "The quick brown fox jumps over the lazy dog; ",
    "请在听到“滴”的一声后留言。",
    'Speech synthesis, said the "recorder", isn\'t magic. ',
    "订单已发货，预计明天下午三点送达。",
    "Train 4 to Hangzhou leaves from platform 12. ",
    "生日快乐🎂！\n",
)

Maker = Callable[[int], bytes]


def small(number: int) -> bytes:
    """An event of about 650 bytes: what a plain command-line synthesis leaves."""
    return _bytes(number, _small_data)


def large(number: int) -> bytes:
    """An event of about 4 KB: a long text and everything that the WebUI's path records."""
    return _bytes(number, _large_data)


def write(folder: Path, make: Maker, count: int) -> int:
    """Write that many event files, and wait for the disk: what is measured reads them from memory, and would share
    the disk and the processors with their way to it.

    Returns:
        Bytes of one file, on average.
    """
    folder.mkdir(parents=True)
    total = 0
    for number in range(count):
        raw = make(number)
        total += len(raw)
        (folder / names(number)[1]).write_bytes(raw)
    os.sync()
    return total // count


def names(number: int) -> tuple[str, str]:
    """A WAV's, and its event file's."""
    return f"spk_{number:08}.wav", f"spk_{number:08}.wav.json"


def write_take(folder: Path, number: int, user: str, wav_bytes: int) -> None:
    """As the recording leaves it: a WAV, or what has its name, and what is known of it."""
    wav, name = names(number)
    raw = number.to_bytes(8, "big") * (wav_bytes // 8)
    event = json.loads(small(number))
    event["data"]["audio"] |= {"sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw)}
    event["data"]["caller"] = {"user": user}
    (folder / wav).write_bytes(raw)
    (folder / name).write_bytes(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


def rows(make: Maker, count: int, *, start: int = 0) -> Iterator[bytes]:
    return (make(number) for number in range(start, start + count))


def event_id(number: int) -> str:
    """A UUIDv7: a millisecond each, so that ids ascend as they do in life."""
    milliseconds = int(BEGIN.timestamp() * 1000) + number
    noise = hashlib.blake2b(number.to_bytes(8, "big"), digest_size=10).hexdigest()
    return f"{milliseconds >> 16:08x}-{milliseconds & 0xFFFF:04x}-7{noise[:3]}-a{noise[3:6]}-{noise[6:18]}"


def _bytes(number: int, data: Callable[[random.Random, int, str], dict[str, Any]]) -> bytes:
    id_ = event_id(number)
    event = {
        "specversion": "1.0",
        "id": id_,
        "source": SOURCE,
        "sequence": number + 1,
        "type": "indextts.synthesis.succeeded",
        "subject": id_,
        "time": _time(number),
        "dataschema": "urn:indextts:event:1.0",
        "data": data(random.Random(number), number, _digest(number)),
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _time(number: int, seconds: float = 0.0) -> str:
    moment = BEGIN + timedelta(milliseconds=number, seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"


def _digest(number: int) -> str:
    return hashlib.sha256(number.to_bytes(8, "big")).hexdigest()


def _small_data(chance: random.Random, number: int, digest: str) -> dict[str, Any]:
    wall = round(chance.uniform(0.5, 20), 3)
    return {
        "text": f"{number} {chance.choice(PHRASES)}",
        "emotion": {"mode": "vector", "label": chance.choice(EMOTIONS)},
        "audio": {"path": f"outputs/spk_{number:08}.wav", "bytes": 187436, "duration": round(wall / 1.1, 3)},
        "timing": {"wall": wall, "rtf": 1.1},
        "model": {"version": "2", "device": "cuda:0"},
        "request_hash": digest,
    }


def _large_data(chance: random.Random, number: int, digest: str) -> dict[str, Any]:
    wall = round(chance.uniform(0.5, 20), 3)
    weights = [round(chance.random(), 4) for _ in range(8)]
    requested = {"top_p": 0.8, "top_k": 30, "temperature": 0.8, "num_beams": 3, "max_mel_tokens": 1500}
    effective = {
        "do_sample": True,
        **requested,
        "length_penalty": 0.0,
        "repetition_penalty": 10.0,
        "interval_silence": 200,
        "max_text_tokens_per_segment": 120,
    }
    return {
        "text": f"{number} " + "".join(chance.choices(PHRASES, k=48)),
        "language": "ZH",
        "emotion": {
            "mode": "vector",
            "label": chance.choice(EMOTIONS),
            "vector_raw": weights,
            "vector_input": weights,
            "vector_effective": [round(each * 0.65, 4) for each in weights],
            "alpha_requested": 0.65,
            "alpha_effective": 0.65,
            "random": False,
        },
        "voice": {"path": "examples/voice_01.wav", "sha256": digest, "bytes": 328044},
        "params": {"requested": requested, "effective": effective},
        "audio": {
            "path": f"outputs/spk_{number:08}.wav",
            "sha256": digest,
            "bytes": 187436,
            "sample_rate": 22050,
            "channels": 1,
            "bits_per_sample": 16,
            "samples": 93696,
            "duration": round(wall / 1.1, 3),
            "peak": round(chance.random(), 4),
            "full_scale_share": 0.0,
        },
        "timing": {
            "started_at": _time(number, -wall),
            "wall": wall,
            "gpt": round(wall * 0.6, 4),
            "gpt_forward": round(wall * 0.05, 4),
            "s2mel": round(wall * 0.2, 4),
            "bigvgan": round(wall * 0.1, 4),
            "rtf": 1.1,
            "segments": 1 + number % 5,
        },
        "model": {
            "version": "2",
            "class": "indextts.infer_v2.IndexTTS2",
            "dir": "checkpoints",
            "device": "cuda:0",
            "precision": "fp16",
        },
        "caller": {"user": f"user-{number % 50}", "session": digest[:10], "request": digest[10:20], "queue_wait": 0.02},
        "truncated": False,
        "warnings": [],
        "request_hash": digest,
        "recorder": "indextts_patch 0.1.0",
    }
