"""torch.compile makes of a watched engine what it makes of the same engine unwatched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engines.engines import run
from tests.patch.helpers import events

pytestmark = pytest.mark.slow


def test_the_same_graphs_are_made_and_none_is_broken(tmp_path: Path) -> None:
    told = json.loads(run("tests.engines.compiled", str(tmp_path)).splitlines()[-1])
    assert told["bare"] == told["patched"]
    assert told["late"]["second"] == told["bare"]["second"], "nothing is compiled anew"
    graphs, breaks, _ = told["bare"]["first"]
    assert graphs >= 2
    assert breaks == 0
    assert told["bare"]["second"][0] == 0
    compiled, *_, plain = sorted(
        (event["data"]["timing"] for event in events(tmp_path / "events")), key=lambda each: "bigvgan" in each
    )
    assert "gpt" in compiled, "what is around a compiled vocoder is timed"
    assert "bigvgan" in plain
