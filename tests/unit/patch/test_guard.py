"""A failure of the patch's own work does not reach the host; what is meant for the host does."""

from __future__ import annotations

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
