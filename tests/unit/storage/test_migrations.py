"""Migrations are numbered files, and what is pending of them."""

from __future__ import annotations

import re

import pytest

from sidecar.errors import TablesNotReady
from sidecar.storage.migrations import migrations, newer, pending, require_current

STEPS = ["003_short_request_index", "004_exact_shippers", "005_timeline", "006_request_index_in_few_places"]
BOTH = ["001_tables", "002_views"]


@pytest.mark.parametrize("dialect", ["mysql", "sqlite"])
def test_what_is_pending_is_what_has_not_been_applied(dialect: str) -> None:
    found = migrations(dialect)
    assert [each.name for each in pending(dialect, set())] == [each.name for each in found]
    assert [each.name for each in pending(dialect, {found[0].name})] == [each.name for each in found[1:]]
    require_current(dialect, {each.name for each in found})
    with pytest.raises(TablesNotReady, match="missing"):
        require_current(dialect, set())


def test_tables_of_the_six_steps_before_the_release_are_taken_as_they_are() -> None:
    applied = {*STEPS, *(each.name for each in migrations("mysql"))}
    require_current("mysql", applied)
    assert newer("mysql", applied) == []
    assert newer("mysql", applied | {"999_from_the_future"}) == ["999_from_the_future"]


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_tables_of_only_some_of_the_six_steps_are_told_what_to_do(steps: int) -> None:
    with pytest.raises(TablesNotReady, match=STEPS[steps]) as caught:
        pending("mysql", {*BOTH, *STEPS[:steps]})
    assert "sidecar migrate" in caught.value.hint


def test_nothing_is_made_that_some_server_lacks() -> None:
    everything = "\n".join(statement for each in migrations("mysql") for statement in each.statements)
    assert "JSON_VALUE" not in everything, "TiDB does not have it"
    for line in everything.splitlines():
        if re.match(r"\s+(MODIFY COLUMN )?[a-z_0-9]+ (VAR)?(CHAR|TEXT|MEDIUMTEXT)\b", line):
            assert re.search(r"CHARACTER SET utf8mb4 COLLATE utf8mb4_(bin|general_ci) ", line), line
    assert set(re.findall(r"COLLATE (\w+)", everything)) == {"utf8mb4_bin", "utf8mb4_general_ci"}
    plain = re.sub(r"/\*.*?\*/", "", everything)
    assert "SQL SECURITY" not in plain, "OceanBase does not have it"
    assert not re.search(r"\bDROP\b", plain), "DROP and ADD of one name in one ALTER: OceanBase's 4179"


def test_numbers_are_unique_and_none_is_one_of_the_six_steps() -> None:
    for dialect in ("mysql", "sqlite"):
        numbers = [each.number for each in migrations(dialect)]
        assert len(set(numbers)) == len(numbers)
    assert not {3, 4, 5, 6} & {each.number for each in migrations("mysql")}
