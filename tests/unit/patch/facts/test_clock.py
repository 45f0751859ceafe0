"""The time of an engine is told apart from that of its stream's consumer."""

from __future__ import annotations

import time

from indextts_patch.facts.clock import Clock


def test_a_call_without_pieces_lasts_as_long_as_its_engine() -> None:
    clock = Clock()
    time.sleep(0.01)
    clock.stop()
    facts = clock.facts(duration=0.5)
    assert facts["wall"] is not None
    assert facts["wall"] >= 0.01
    assert facts["rtf"] == round(facts["wall"] / 0.5, 6) or abs(facts["rtf"] - facts["wall"] / 0.5) < 1e-5  # type: ignore[operator]
    assert facts["elapsed"] is None
    assert facts["first_chunk"] is None


def test_pauses_of_the_consumer_are_not_the_engines() -> None:
    clock, paused = Clock(), 0.0
    for _ in range(3):
        clock.pause()
        began = time.perf_counter()
        time.sleep(0.01)
        paused += time.perf_counter() - began
        clock.resume()
    clock.resume()  # nothing was handed over in between
    clock.stop()
    facts = clock.facts(duration=None)
    assert facts["elapsed"] is not None
    assert facts["wall"] is not None
    assert facts["elapsed"] - facts["wall"] >= paused - 1e-5
    assert facts["rtf"] is None


def test_the_pause_in_which_a_stream_is_given_up_is_none_of_the_engines() -> None:
    clock = Clock()
    clock.pause()
    time.sleep(0.01)
    clock.stop()
    facts = clock.facts(duration=None)
    assert facts["elapsed"] is not None
    assert facts["wall"] is not None
    assert facts["elapsed"] - facts["wall"] >= 0.01
