"""What a run of tests tells: what it waits for, and what it left out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = """
import threading
import pytest
from tests import running

@pytest.mark.parametrize("number", range(3))
def test_lacking(number): running.missing("no such program: install it")
def test_odd(): pytest.skip("of no use here")
def test_long(): threading.Event().wait(1.5)
"""


CONFTEST = """
from tests import running
running.SILENCE = 0.2
running.LONGEST = 5.0
"""

HANGING = """
import threading
import pytest

@pytest.fixture
def hanging():
    yield
    threading.Event().wait()

def test_that_fails(hanging): assert False
@pytest.mark.parametrize("number", range(5))
def test_further(number): pass
"""


def run(folder: Path, *arguments: str, tests: str = TESTS, **variables: str) -> tuple[int, str]:
    (folder / "test_them.py").write_text(tests)
    (folder / "conftest.py").write_text(CONFTEST)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CI", "PYTEST"))}
    alone = ["-c", os.devnull, "--rootdir", str(folder), "-p", "no:cacheprovider", "-p", "no:schemathesis"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *alone, "-p", "tests.running", *arguments, str(folder)],
        env={**kept, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("processes", [[], ["--numprocesses", "2"]], ids=["one", "two"])
def test_what_was_left_out_is_summed_by_reason_and_what_takes_long_is_named(
    tmp_path: Path, processes: list[str]
) -> None:
    code, shown = run(tmp_path, *processes)
    assert code == 0, shown
    lines = [line for line in shown.splitlines() if line]
    section = next(number for number, line in enumerate(lines) if " left out " in line)
    assert lines[section + 1 : section + 3] == ["    3  no such program: install it", "    1  of no use here"]
    assert any(line.startswith("... ") and "test_long" in line for line in lines) is bool(processes), shown


def test_in_ci_nothing_that_can_be_installed_is_left_out(tmp_path: Path) -> None:
    code, shown = run(tmp_path, CI="true")
    assert code == 1
    assert "3 failed" in shown
    assert "no such program: install it" in shown


def test_what_hangs_while_it_clears_up_ends_and_the_others_go_on(tmp_path: Path) -> None:
    code, shown = run(tmp_path, "--numprocesses", "2", tests=HANGING)
    assert code == 1
    assert "test_that_fails has not ended in 5 s" in shown
    assert "in hanging" in shown  # of the stack
    assert "2 failed, 5 passed" in shown  # it failed, and it did not end
