"""How often a key may ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from sidecar.proxy.gate import Gate
from sidecar.proxy.keys import Key, Keyring
from sidecar.proxy.refusal import Refusal

KEY = Key(name="a", sha256="0" * 64, per_minute=3)


def refused(gate: Gate) -> Refusal | None:
    try:
        gate.count(KEY)
    except Refusal as refusal:
        return refusal
    return None


def test_in_no_sixty_seconds_are_there_more_requests_than_allowed(tmp_path: Path) -> None:
    now = 0.0
    gate = Gate(Keyring(tmp_path / "none"), clock=lambda: now)
    allowed: list[float] = []
    for step in range(2000):
        now = step * 0.1
        refusal = refused(gate)
        if refusal is None:
            allowed.append(now)
            continue
        waited = min(at for at in allowed if at > now - 60) + 60 - now
        assert refusal.retry_seconds is not None
        assert waited <= refusal.retry_seconds <= waited + 1
    assert all(later - earlier >= 60 for earlier, later in zip(allowed, allowed[3:], strict=False))
    assert len(allowed) == 12  # all that fit into 200 s


def test_each_key_has_its_own_count_and_one_without_a_limit_has_none(tmp_path: Path) -> None:
    gate = Gate(Keyring(tmp_path / "none"), clock=lambda: 0.0)
    other, free = Key(name="b", sha256="1" * 64, per_minute=1), Key(name="c", sha256="2" * 64)
    for _ in range(3):
        gate.count(KEY)
    gate.count(other)
    for _ in range(100):
        gate.count(free)
        gate.count(None)
    for key in (KEY, other):
        with pytest.raises(Refusal):
            gate.count(key)
