"""Trying again: exponential backoff with full jitter, without end, until told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    sleep_using_event,
    stop_after_delay,
    stop_when_event_set,
    wait_random_exponential,
)
from tenacity.stop import stop_base

from sidecar.errors import PositionLost, TemporarySinkError

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt that failed with a temporary error."""

    number: int
    """1, 2, 3 ... since the last success."""
    error: BaseException


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    initial_seconds: float = 0.05
    """Upper bound of the first wait."""
    max_seconds: float = 2.0
    """Upper bound of every later wait. It also bounds how late a recovered database is noticed."""
    give_up_seconds: float | None = None
    """Raise the temporary error after this long; None never gives up."""


class Retry:
    """Calls a function until it succeeds, fails for good, or the stop event is set.

    Args:
        policy: how long to wait.
        stop: once set, the next failure is raised instead of retried, and a wait ends at once.
        on_failure: told of each failed attempt that will be followed by another.
        on_success: told of each success.
        sleep: waits that many seconds; tests pass one that does not.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        *,
        stop: threading.Event,
        on_failure: Callable[[Attempt], None],
        on_success: Callable[[], None],
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._on_failure = on_failure
        self._on_success = on_success
        until: stop_base = stop_when_event_set(stop)
        if policy.give_up_seconds is not None:
            until = until | stop_after_delay(policy.give_up_seconds)
        self._retrying = Retrying(
            retry=retry_if_exception(_is_retried),
            wait=wait_random_exponential(multiplier=policy.initial_seconds, max=policy.max_seconds),
            stop=until,
            sleep=sleep_using_event(stop) if sleep is None else sleep,
            before_sleep=self._report,
            reraise=True,
        )

    def __call__(self, function: Callable[[], T]) -> T:
        """
        Raises:
            TemporarySinkError: the stop event was set before the function succeeded.
            Exception: whatever else the function raises, at once.
        """
        result = self._retrying(function)
        self._on_success()
        return result

    def _report(self, state: RetryCallState) -> None:
        assert state.outcome is not None, "tenacity sleeps after an attempt only"
        error = state.outcome.exception()
        assert error is not None, "it retries failures only"
        self._on_failure(Attempt(number=state.attempt_number, error=error))


def _is_retried(error: BaseException) -> bool:
    """Trying the same batch again cannot bring a lost position back; the shipper reconciles instead."""
    return isinstance(error, TemporarySinkError) and not isinstance(error, PositionLost)
