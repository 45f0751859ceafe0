"""The types of events stand in one module; the schema and the views, which spell them out, say the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from sidecar.event import types
from sidecar.storage.migrations import migrations

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "schema" / "event" / "1.0.schema.json").read_bytes())


def test_the_schema_lists_the_known_types_and_no_other() -> None:
    described = SCHEMA["properties"]["type"]["description"]
    listed: list[str] = []
    for name in re.findall(r"(indextts\.[a-z]+\.[a-z]+|(?<= )\.[a-z]+)\b", described):
        listed.append(name if not name.startswith(".") else listed[-1].rpartition(".")[0] + name)
    assert sorted(listed) == sorted(types.KNOWN)


def test_the_schema_says_what_the_data_of_each_known_type_is() -> None:
    def fits(condition: dict[str, Any], type_: str) -> bool:
        if "pattern" in condition:
            return re.search(condition["pattern"], type_) is not None
        return type_ in condition.get("enum", [condition.get("const")])

    conditions = [rule["if"]["properties"]["type"] for rule in SCHEMA["allOf"]]
    for type_ in types.KNOWN:
        assert any(fits(condition, type_) for condition in conditions), type_
    named = {name for each in conditions for name in each.get("enum", [each.get("const")]) if name}
    assert named <= set(types.KNOWN)


def test_the_views_name_known_outcomes_alone() -> None:
    for dialect in ("mysql", "sqlite"):
        script = "\n".join(statement for each in migrations(dialect) for statement in each.statements)
        lists = re.findall(r"status (?:IN \(([^)]*)\)|(?:=|<>) ('[a-z]+'))", script)
        named = {name for found in lists for text in found for name in re.findall(r"'([a-z]+)'", text)}
        assert named
        assert named <= {*types.STATUSES, "pending", "quarantined"}


def test_no_other_module_spells_a_type_out() -> None:
    spelt = re.compile(r"""["'](?:[^"'\n]* )?indextts\.(?!infer)[a-z.%]*["']""")
    for path in (ROOT / "sidecar").rglob("*.py"):
        if path != Path(types.__file__):
            assert not spelt.search(path.read_text(encoding="utf-8")), path
