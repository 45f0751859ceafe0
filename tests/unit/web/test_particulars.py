"""A take's page lists whatever was recorded, also what this program has never heard of."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sidecar.event import contract
from sidecar.storage.columns import COLUMNS, PROCESS_COLUMNS, Kind
from sidecar.web.particulars import Section, sections
from sidecar.wording import codes, translator
from tests.events import failed, succeeded

ZONE = ZoneInfo("Asia/Shanghai")
EXAMPLES = Path(__file__).parents[3] / "schema" / "event" / "examples" / "valid"
RECORD: dict[str, Any] = dict.fromkeys((column.name for column in COLUMNS), None)


def shown(document: dict[str, Any], language: str = "en") -> dict[str, dict[str, str]]:
    """Texts by section and member."""
    made = sections(document, RECORD, None, translator(language), ZONE)
    return {section.name: {fact.path: fact.text for fact in section.facts} for section in made}


def leaves(value: Any, path: str = "") -> list[str]:
    if isinstance(value, dict):
        return [leaf for name, each in value.items() for leaf in leaves(each, f"{path}.{name}".lstrip("."))]
    return [] if value is None or value == [] else [path]


@pytest.mark.parametrize("language", codes())
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: str(path.stem))
def test_every_member_of_every_published_example_is_shown_and_has_a_word(path: Path, language: str) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    if not document["type"].startswith("indextts.synthesis."):
        return
    made = shown(document, language)
    listed = {member for facts in made.values() for member in facts}
    word = translator(language)
    for leaf in leaves(document["data"]):
        top = leaf.partition(".")[0]
        if top in ("text", "error"):
            continue  # at the top of the page
        if top == "params":
            assert leaf.split(".", 2)[2] in listed
            continue
        assert leaf in listed
        known = contract.member(leaf.split("."))
        if known.kind or known.description:
            assert word(f"member_{leaf}") != leaf, f"say in wording/{language}.toml what {leaf} is"
    for name in {*made} & {*contract.names(), "general", "event"}:
        assert word(f"section_{name}") != name, f"say in wording/{language}.toml what {name} is"


def test_values_have_their_units() -> None:
    made = shown(succeeded(data={"caller": {"user": "anna", "queue_wait": 65.5}}))
    assert made["audio"]["audio.duration"] == "4.3 s"
    assert made["audio"]["audio.bytes"] == "187 kB"
    assert made["audio"]["audio.sample_rate"] == "22,050 Hz"
    assert made["audio"]["audio.peak"] == "81.0%"
    assert made["timing"]["timing.rtf"] == "1.04"
    assert made["timing"]["timing.started_at"] == "2026-11-22 18:00:00 +08:00"
    assert made["caller"]["caller.queue_wait"] == "1 min 06 s"
    assert made["emotion"]["emotion.mode"] == "from weights"


def test_an_argument_shows_what_was_asked_for_where_it_was_not_used() -> None:
    params = {"requested": {"top_k": 50, "num_beams": 3, "lost": None}, "effective": {"top_k": 30, "num_beams": 3}}
    assert shown(failed(data={"params": params}))["params"] == {
        "top_k": "30 (asked for: 50)",
        "num_beams": "3",
        "lost": "(asked for: null)",
    }


def test_what_nobody_foresaw_is_listed_under_its_own_name() -> None:
    made = shown(succeeded(data={"machine": {"gpu": {"name": "H100", "memory": 80}}, "mood": "odd"}))
    assert made["machine"] == {"machine.gpu.name": "H100", "machine.gpu.memory": "80"}
    assert made["general"]["mood"] == "odd"


def test_the_machine_is_told_of_column_by_column() -> None:
    process = {
        "source": "indextts://studio/1", "host": "studio", "gpu": "NVIDIA H100", "gpu_memory": 85 * 2**30,
        "torch": "2.8.0", "packages": {"torch": "2.8.0", "numpy": "2.3"}, "driver": None,
        "started_at": datetime(2026, 11, 22, 10, tzinfo=timezone.utc),
    }  # fmt: skip
    made = sections(succeeded(), RECORD, process, translator("en"), ZONE)
    (machine,) = [section for section in made if section.name == "machine"]
    assert {fact.path: fact.text for fact in machine.facts} == {
        "machine.started_at": "2026-11-22 18:00:00 +08:00",
        "machine.host": "studio",
        "machine.torch": "2.8.0",
        "machine.gpu": "NVIDIA H100",
        "machine.gpu_memory": "85 GiB",
        "numpy": "2.3",
    }


@pytest.mark.parametrize("language", codes())
def test_every_column_of_a_process_has_a_word(language: str) -> None:
    named = [column.name for column in PROCESS_COLUMNS if column.kind is not Kind.JSON]
    word = translator(language)
    unnamed = [name for name in named if word(f"member_machine.{name}") == f"machine.{name}"]
    assert set(unnamed) <= {"source", "event_id"}


def test_without_its_event_the_columns_speak() -> None:
    """Another program's row, or one whose events were pruned."""
    record = RECORD | {
        "event_id": "01a00000-0000-7000-8000-000000000000",
        "source": None,
        "duration": 4.25,
        "started_at": datetime(2026, 11, 22, 10, tzinfo=timezone.utc),
        "params": {"top_k": 30},
    }
    made: list[Section] = sections(None, record, None, translator("en"), ZONE)
    facts = {fact.path: fact.text for section in made for fact in section.facts}
    assert facts["audio.duration"] == "4.3 s"
    assert facts["timing.started_at"] == "2026-11-22 18:00:00 +08:00"
    assert facts["top_k"] == "30"
