"""A failure of the patch's own work does not reach the host; what is meant for the host does."""

from __future__ import annotations

import functools
import signal
from typing import Any

import pytest

from indextts_patch.guard import attempt


def test_a_failure_is_reported_once_and_gives_none(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> None:
        raise ValueError("no")

    assert attempt(broken) is None
    assert attempt(broken) is None
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("indextts_patch: could not do ")
    assert "ValueError: no (test_guard.py:" in line


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_is_meant_for_the_host_goes_through(error: type[BaseException]) -> None:
    def stopped() -> None:
        raise error

    with pytest.raises(error):
        attempt(stopped)


class _Host:
    def too_late(self, number: int, frame: object) -> None:
        raise TimeoutError("the host gives a call a second")


@pytest.mark.parametrize("handler", [_Host().too_late, functools.partial(_Host.too_late, _Host())])
def test_what_a_signal_handler_of_the_host_raises_goes_through(handler: Any) -> None:
    before = signal.signal(signal.SIGTERM, handler)
    try:
        with pytest.raises(TimeoutError, match="the host"):
            attempt(signal.raise_signal, signal.SIGTERM)
        assert attempt(int, "an error of our own") is None
    finally:
        signal.signal(signal.SIGTERM, before)
