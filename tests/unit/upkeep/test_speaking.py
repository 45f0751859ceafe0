"""The scorer waits for a pause of the engine, by the markers that the recording itself writes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from indextts_patch.writing.inflight import InFlight
from sidecar.upkeep import speaking
from sidecar.upkeep.speaking import markers, wait_for_a_pause

AT_MOST = 5.0
CALL = {"data": {"text": "欢迎"}}


class _Clock:
    """Passes by sleeping alone."""

    def __init__(self) -> None:
        self.slept = 0.0

    def monotonic(self) -> float:
        return self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def time(self) -> float:
        return time.time() + self.slept


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    made = _Clock()
    monkeypatch.setattr(speaking, "time", made)
    return made


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[InFlight]:
    made = InFlight([str(tmp_path)], "20261128T100000-1")
    yield made
    made.close()


def long_ago(folder: Path) -> None:
    for marker in markers(folder):
        os.utime(marker, (10**9, 10**9))


def test_where_nothing_was_ever_recorded_nobody_waits(tmp_path: Path, clock: _Clock) -> None:
    wait_for_a_pause([tmp_path, tmp_path / "gone"], AT_MOST)
    assert clock.slept == 0


def test_while_a_call_runs_it_waits_as_long_as_it_may(tmp_path: Path, clock: _Clock, engine: InFlight) -> None:
    marker = engine.add("0192", CALL)
    assert marker is not None
    long_ago(tmp_path)
    wait_for_a_pause([tmp_path], AT_MOST)
    assert clock.slept == pytest.approx(AT_MOST, abs=0.2)
    wait_for_a_pause([tmp_path], 0)
    assert clock.slept == pytest.approx(AT_MOST, abs=0.2)


def test_a_call_that_has_just_ended_is_followed_by_a_second(tmp_path: Path, clock: _Clock, engine: InFlight) -> None:
    engine.remove(engine.add("0192", CALL))
    wait_for_a_pause([tmp_path], AT_MOST)
    assert 0.5 < clock.slept < AT_MOST
    long_ago(tmp_path)
    before = clock.slept
    wait_for_a_pause([tmp_path], AT_MOST)
    assert clock.slept == before


@pytest.mark.skipif(sys.platform == "win32", reason="there nobody can tell whether its process lives")
def test_a_call_whose_process_died_keeps_nobody_waiting(tmp_path: Path, clock: _Clock) -> None:
    killed = f"""
import os
from indextts_patch.writing.inflight import InFlight
InFlight([{str(tmp_path)!r}], "20261128T100000-2").add("0192", {CALL!r})
os._exit(1)
"""
    subprocess.run([sys.executable, "-c", killed], cwd=Path(__file__).parents[3], check=False)
    (marker,) = markers(tmp_path)
    assert marker.read_bytes().startswith(b"{")
    long_ago(tmp_path)
    wait_for_a_pause([tmp_path], AT_MOST)
    assert clock.slept == 0
