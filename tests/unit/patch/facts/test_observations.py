"""What an engine prints and warns while it works, read line by line."""

from __future__ import annotations

from indextts_patch.facts.observations import Observations


def test_stage_times_of_several_runs_add_up() -> None:
    seen = Observations()
    for line in (">> gpt_gen_time: 0.25 seconds", ">> gpt_gen_time: 0.50 seconds", ">> s2mel_time: 1.00 seconds", "x"):
        seen.line(line)
    assert seen.stages == {"gpt": 0.75, "s2mel": 1.0}


def test_segments_are_those_of_all_runs() -> None:
    seen = Observations()
    assert seen.segments is None
    for text in (
        "starting inference...",
        "speech synthesis 1/3...",
        "speech synthesis 2/3...",
        "start inference...",
        "1/2",
    ):
        seen.progress(text)
    assert seen.segments == 5


def test_truncation_is_unknown_until_the_engine_tells_its_progress_or_warns() -> None:
    seen = Observations()
    assert seen.truncated is None
    seen.progress("1/1")
    assert seen.truncated is False
    seen.line("  >> Warning: generation stopped due to exceeding `max_mel_tokens`")
    assert seen.truncated is True
    assert seen.warnings == ["generation stopped due to exceeding `max_mel_tokens`"]
