"""Retries, with the waiting turned off."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from sidecar.errors import PermanentSinkError, PositionLost, TemporarySinkError
from sidecar.service.retry import Attempt, Retry, RetryPolicy


class Flaky:
    """Fails some times, then answers."""

    def __init__(self, failures: int, error: Callable[[str], Exception] = TemporarySinkError) -> None:
        self.calls = 0
        self._failures = failures
        self._error = error

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self._failures:
            raise self._error("not now")
        return "done"


class Waits(list[float]):
    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def retry(waits: Waits, failures: list[Attempt], successes: list[int], stop: threading.Event | None = None) -> Retry:
    return Retry(
        RetryPolicy(initial_seconds=0.1, max_seconds=2.0),
        stop=stop or threading.Event(),
        on_failure=failures.append,
        on_success=lambda: successes.append(1),
        sleep=waits,
    )


def test_it_tries_until_it_succeeds_and_tells_of_every_attempt() -> None:
    waits, failures, successes, flaky = Waits(), list[Attempt](), list[int](), Flaky(40)
    assert retry(waits, failures, successes)(flaky) == "done"
    assert [attempt.number for attempt in failures] == list(range(1, 41))
    assert len(waits) == 40
    assert len(successes) == 1


def test_waits_grow_at_random_and_never_beyond_the_limit() -> None:
    waits = Waits()
    retry(waits, [], [])(Flaky(200))
    assert waits[0] <= 0.1
    assert max(waits) <= 2.0
    assert len(set(waits[20:])) > 50


@pytest.mark.parametrize("error", [PermanentSinkError, PositionLost, KeyError])
def test_what_is_not_temporary_is_raised_at_once(error: Callable[[str], Exception]) -> None:
    flaky = Flaky(3, error)
    with pytest.raises(Exception, match="not now"):
        retry(Waits(), [], [])(flaky)
    assert flaky.calls == 1


def test_once_told_to_stop_the_next_failure_is_raised() -> None:
    stop = threading.Event()
    stop.set()
    flaky = Flaky(1)
    with pytest.raises(TemporarySinkError):
        retry(Waits(), [], [], stop)(flaky)
    assert flaky.calls == 1
