"""The peak of a call is told where it is certain, from counters that are only read."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from indextts_patch.facts import memory


@pytest.fixture
def counters(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What torch counts on cuda:1; it shows a function only for reading."""
    counted = {"current": 100, "peak": 500, "allocated": 0, "freed": 0}
    cuda, allocator = ModuleType("torch.cuda"), ModuleType("torch.cuda.memory")
    vars(allocator)["memory_stats_as_nested_dict"] = lambda index: (
        {"allocated_bytes": {"all": dict(counted), "large_pool": {}}} if index == 1 else {}
    )
    vars(cuda).update(is_initialized=lambda: True, memory=allocator)
    monkeypatch.setitem(sys.modules, "torch.cuda", cuda)
    return counted


def test_a_call_that_rises_above_every_earlier_peak_has_that_peak(counters: dict[str, int]) -> None:
    before = memory.peak("cuda:1")
    counters.update(current=120, peak=900)
    assert memory.during("cuda:1", before) == {"peak": 900, "process_peak": 900, "allocated": 120}


@pytest.mark.parametrize("peak", [500, 300])
def test_of_one_that_stays_below_or_resets_the_counter_only_the_bound_is_told(
    counters: dict[str, int], peak: int
) -> None:
    before = memory.peak("cuda:1")
    counters.update(peak=peak)
    assert memory.during("cuda:1", before) == {"peak": None, "process_peak": peak, "allocated": 100}


@pytest.mark.parametrize("device", [None, "cpu", "cuda", "cuda:0", "mps", "xpu:0", "cuda:x"])
def test_without_a_counter_nothing_is_told(counters: dict[str, int], device: str | None) -> None:
    assert counters
    assert memory.during(device, memory.peak(device)) is None


def test_what_the_host_has_not_initialised_is_not_asked(counters: dict[str, int]) -> None:
    assert counters
    vars(sys.modules["torch.cuda"])["is_initialized"] = lambda: False
    assert memory.peak("cuda:1") is None
