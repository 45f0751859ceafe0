"""How secrets are compared, and when a session ends."""

from __future__ import annotations

import time

import pytest

from sidecar.web import security
from sidecar.web.security import SESSION_SECONDS, Sessions, same_secret


def test_secrets_of_any_characters_can_be_compared() -> None:
    assert same_secret("密码", "密码")
    assert not same_secret("密码", "\ud800")


def test_a_session_ends_when_its_owner_or_its_time_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = Sessions()
    first, second = sessions.begin(), sessions.begin()
    assert sessions.knows(first)
    sessions.end(first)
    assert not sessions.knows(first)
    assert not sessions.knows("\ud800")
    assert sessions.knows(second)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + SESSION_SECONDS + 1)
    assert not sessions.knows(second)


def test_the_oldest_of_too_many_sessions_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "_MAX_SESSIONS", 2)
    sessions = Sessions()
    begun = [sessions.begin() for _ in range(3)]
    assert [sessions.knows(one) for one in begun] == [False, True, True]
