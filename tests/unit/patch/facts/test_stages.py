"""Where a call is, told from the calls of its model's parts."""

from __future__ import annotations

import time

from indextts_patch.facts.stages import Stages
from indextts_patch.upstream.stages import MEASURED, PARTS

GPT, LATENT, FLOW, VOCODER = (
    next(part for part in PARTS if (part.path, part.method) == name)
    for name in (
        ("gpt", "inference_speech"), ("gpt", "__call__"), ("s2mel.models.cfm", "inference"), ("bigvgan", "__call__"),
    )
)  # fmt: skip


def test_a_synthesis_goes_from_stage_to_stage() -> None:
    stages = Stages()
    seen = [stages.where()["stage"]]
    for part in (GPT, LATENT, FLOW, VOCODER) * 2:
        assert stages.enter(part) == (part.stage != seen[-1])
        seen.append(str(stages.where()["stage"]))
        time.sleep(0.002)
        assert stages.leave(part)
        seen.append(str(stages.where()["stage"]))
    assert seen[:9] == [
        "preparing", "gpt", "s2mel", "gpt_forward", "s2mel", "s2mel", "bigvgan", "bigvgan", "finishing",
    ]  # fmt: skip
    assert set(stages.seconds()) == set(MEASURED)
    assert min(stages.seconds().values()) >= 0.004, "those of two segments"


def test_what_lies_between_the_gpt_and_the_flow_belongs_to_the_flow() -> None:
    stages = Stages()
    stages.enter(GPT)
    stages.leave(GPT)
    time.sleep(0.01)
    stages.enter(FLOW)
    stages.leave(FLOW)
    assert stages.seconds()["s2mel"] >= 0.01 > stages.seconds()["gpt"]


def test_a_call_that_breaks_off_counts_what_there_was_of_its_last_stage() -> None:
    stages = Stages()
    time.sleep(0.002)
    stages.enter(GPT)
    time.sleep(0.01)
    assert "gpt" not in stages.where()
    stopped = stages.stop()
    assert stopped["stage"] == "gpt"
    assert stopped["stage_began"] >= 0.002
    assert stopped["gpt"] >= 0.01


def test_between_two_segments_and_at_the_end_no_stage_runs() -> None:
    stages = Stages()
    stages.enter(VOCODER)
    stages.leave(VOCODER)
    spoken = stages.seconds()
    time.sleep(0.002)
    stopped = stages.stop()
    assert stopped["stage"] == "finishing"
    assert stopped["bigvgan"] == spoken["bigvgan"]
