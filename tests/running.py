"""How a run of pytest tells where it stands, which tests take long and what was left out; and ends what hangs."""

from __future__ import annotations

import collections
import contextlib
import faulthandler
import os
import threading
import time
from collections.abc import Generator, Iterator
from typing import NoReturn

import pytest

SILENCE = 5.0  # seconds after which the longest running test is named
LONGEST = 900.0  # seconds after which a test fails, and its process ends with its stacks shown; another one goes on


def missing(reason: str) -> NoReturn:
    """Leave a test out because this machine lacks what `make test` installs as root; where CI=true, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


class Progress:
    """Names the test that is waited for, where no result came for a while."""

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self._reporter = reporter
        self._running: dict[str, float] = {}
        self._began = self._heard = time.monotonic()
        self._otherwise = "starting"
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._running[nodeid] = time.monotonic()
        self._otherwise = "ending"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or not report.passed:  # and is shown
            self._heard = time.monotonic()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._running.pop(nodeid, None)

    def pytest_unconfigure(self) -> None:
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            now = time.monotonic()
            if now - self._heard < SILENCE:
                continue
            self._heard = now
            nothing = self._otherwise, self._began
            what, began = min(list(self._running.items()), key=lambda item: item[1], default=nothing)
            screen = self._reporter._tw
            if screen.width_of_current_line:
                screen.line()
            screen.line(f"... {what} ({now - began:.0f} s)")
            screen.flush()


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    # Only where the tests run in other processes: in this one, what is printed beside a test is taken for its own.
    if reporter is not None and session.config.getoption("numprocesses", None):
        session.config.pluginmanager.register(Progress(reporter))


_SCREEN = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_SCREEN] = os.dup(2)  # what is printed beside a test goes elsewhere


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    # Not by pytest's faulthandler_timeout: it stops counting when a test fails, before what clears up after it.
    if not hasattr(item.config, "workerinput"):
        return (yield)  # somebody looks at it, perhaps in a debugger
    over = threading.Timer(LONGEST, _give_up, [item.nodeid, item.config.stash[_SCREEN]])
    over.daemon = True
    over.start()
    try:
        return (yield)
    finally:
        over.cancel()


def _give_up(nodeid: str, screen: int) -> None:
    os.write(screen, f"\n{nodeid} has not ended in {LONGEST:g} s:\n".encode())
    faulthandler.dump_traceback(screen)
    os._exit(1)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons: collections.Counter[str] = collections.Counter(_reasons(terminalreporter))
    if reasons:
        terminalreporter.section("left out")
        for reason, count in reasons.most_common():
            terminalreporter.write_line(f"{count:5d}  {reason}")


def _reasons(reporter: pytest.TerminalReporter) -> Iterator[str]:
    for report in reporter.stats.get("skipped", []):
        with contextlib.suppress(TypeError, ValueError):  # of another kind than path, line and reason
            _, _, reason = report.longrepr
            yield reason.removeprefix("Skipped: ")
