"""The event: its size limit and its identity."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from indextts_patch.writing import event
from tests.patch.helpers import validator


@pytest.mark.parametrize("size", [1000, 300_000, 1_048_576])
def test_an_event_stays_below_its_limit_and_keeps_the_hash_of_a_text_too_long(size: int) -> None:
    identity = event.uuid7()
    data: dict[str, Any] = {
        "text": "好" * size,
        "text_sha256": "0" * 64,
        "emotion": {"mode": "text", "text": "坏" * size},
        "params": {"requested": {"x": "y" * 4096}, "effective": {}},
        "error": {"type": "E", "message": "m" * 65_535, "traceback": "t" * 262_144},
        "timing": {},
        "model": {},
        "warnings": ["w" * 4096] * 100,
    }
    line = event.encode(
        identity=identity, subject=identity, source="indextts://h/i", sequence=1,
        event_type=event.FAILED, time=event.now(), data=data,
    )  # fmt: skip
    assert len(line) <= event.MAX_EVENT_BYTES
    told = json.loads(line)
    validator().validate(told)
    assert told["data"]["error"]["type"] == "E"
    assert told["data"]["text_sha256"] == "0" * 64
    assert (told["data"]["text"] is not None) == (size <= 300_000)


def test_uuid7_is_of_version_7_and_in_order_of_time() -> None:
    first = event.uuid7()
    time.sleep(0.002)
    second = event.uuid7()
    assert first < second
    assert first[14] == "7"
    assert first[19] in "89ab"
    assert abs(int(first.replace("-", "")[:12], 16) / 1000 - time.time()) < 60
