"""The kinds of machine that are shown are few, whatever the events say."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from sidecar.event.event import Event
from sidecar.service.metrics.processes import Processes
from tests.events import encode, started, succeeded


def shown(*events: object) -> tuple[float | None, list[dict[str, str]]]:
    registry = CollectorRegistry()
    processes = Processes(registry)
    processes.committed([Event.decode(encode(event)) for event in events])  # type: ignore[arg-type]
    (family,) = (each for each in registry.collect() if each.name == "tts_process_info")
    return registry.get_sample_value("tts_processes_total"), [sample.labels for sample in family.samples]


def test_a_kind_of_machine_is_one_series_however_many_processes_it_has() -> None:
    count, kinds = shown(started(), succeeded(), started())
    assert count == 2
    assert kinds == [
        {
            "gpu": "NVIDIA L40S",
            "torch": "2.8.0+cu128",
            "cuda": "12.8",
            "engine": "indextts2-inference 2.1.1, vox-indextts 0.1.19",
        }
    ]


def test_only_the_latest_kinds_stay_and_no_text_gets_in() -> None:
    events = [started(data={"cuda": f"12.{number}"}) for number in range(40)]
    count, kinds = shown(*events, started(data={"cuda": 'anna said "hello"\n'}), started(data={"packages": None}))
    assert count == 42
    assert [kind["cuda"] for kind in kinds] == [*(f"12.{number}" for number in range(26, 40)), "other", "12.8"]
    assert kinds[-1]["torch"] == ""
