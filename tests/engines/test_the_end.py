"""Calls of the real code that no test could compare: beside each other, and one whose process was killed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.engines.engines import Scene
from tests.patch.helpers import events

pytestmark = pytest.mark.slow


def test_each_thread_tells_of_its_own_call(scenes: Mapping[str, Scene]) -> None:
    """The text of each call is the number of tokens that it asks for."""
    told = [event["data"] for event in events(scenes["plain"].folder.parent / "together") if "text" in event["data"]]
    assert sorted(int(data["text"]) for data in told) == list(range(3, 9))
    for data in told:
        assert data["generation"]["tokens"] == int(data["text"])
        assert data["params"]["effective"]["max_mel_tokens"] == int(data["text"])
        assert data["audio"]["path"] == f"{data['text']}.wav"
        stages = [data["timing"][stage] for stage in ("gpt", "s2mel", "bigvgan")]
        assert 0 < sum(stages) <= data["timing"]["wall"]


def test_a_call_that_was_killed_says_how_far_it_came(scenes: Mapping[str, Scene]) -> None:
    found = events(scenes["plain"].folder.parent / "killed")
    [interrupted] = [event for event in found if event["type"] == "indextts.synthesis.interrupted"]
    timing = interrupted["data"]["timing"]
    assert timing["stage"] == "bigvgan"
    assert timing["stage_began"] >= timing["gpt"] + timing["s2mel"] > 0
    assert interrupted["data"]["text"] == "Hello, this is a test."
