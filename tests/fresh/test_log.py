"""What shows that a command is alive, and what measures it."""

from __future__ import annotations

import os
import runpy
import time
from pathlib import Path

import pytest

from tests.fresh.log import Log

ALIVE = Path(__file__).parents[2] / "deploy" / "alive.py"


def test_the_longest_silence_is_measured_and_the_line_before_it_kept(capsys: pytest.CaptureFixture[str]) -> None:
    log = Log(began=time.monotonic())
    code, shown = log.run(["sh", "-c", "echo first; echo before; sleep 0.4; printf after; exit 3"], os.environ)
    assert (code, shown) == (3, "first\nbefore\nafter")
    assert log.longest >= 0.3
    assert log.before == "before"
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("] ")[1] for line in lines] == ["first", "before", "after"]


@pytest.mark.parametrize("code", [0, 3])
def test_a_quiet_command_gives_signs_of_life_and_a_failed_one_its_last_lines(
    capfd: pytest.CaptureFixture[str], code: int
) -> None:
    main = runpy.run_path(str(ALIVE))["main"]
    main.__globals__["PAUSE"] = 0.05
    assert main("Waiting", ["sh", "-c", f"echo unpacking; sleep 0.4; exit {code}"]) == code
    shown, failed = capfd.readouterr()
    assert shown.startswith("Waiting ...\n")
    assert shown.count("s  unpacking\n") > 1
    assert ("unpacking" in failed and "failed (3)" in failed) is bool(code)


def test_a_command_ends_with_the_run_that_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    pids = []

    def interrupted(self: Log, text: str, now: float, fresh_line: bool) -> bool:
        pids.append(int(text))
        raise KeyboardInterrupt

    monkeypatch.setattr(Log, "_pass_on", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Log(began=time.monotonic()).run(["sh", "-c", "echo $$; exec sleep 1000"], os.environ)
    assert not Path(f"/proc/{pids[0]}").exists()
