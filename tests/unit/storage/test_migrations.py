"""Migrations are numbered files, and what is pending of them."""

from __future__ import annotations

from sidecar.storage.migrations import migrations, pending


def timelines(found: list[str]) -> list[str]:
    return [statement for statement in found if "VIEW tts_timeline" in statement]


def test_a_view_that_a_later_migration_replaces_is_made_once_in_its_last_form() -> None:
    everything = [statement for each in migrations("mysql") for statement in each.statements]
    fresh = [statement for each in pending("mysql", set()) for statement in each.statements]
    assert len(timelines(everything)) > 1
    assert timelines(fresh) == timelines(everything)[-1:]
    assert [each for each in everything if each not in fresh] == timelines(everything)[:-1]
    assert not [statement for statement in fresh if "JSON_VALUE" in statement], "TiDB does not have it"


def test_tables_from_before_get_the_later_form() -> None:
    found = migrations("mysql")
    (changed,) = [each for each in found[2:] if timelines(list(each.statements))]
    left = pending("mysql", {each.number for each in found if each.number < changed.number})
    assert timelines(list(left[0].statements))
    assert [each.number for each in left] == [each.number for each in found if each.number >= changed.number]


def test_numbers_are_unique() -> None:
    for dialect in ("mysql", "sqlite"):
        numbers = [each.number for each in migrations(dialect)]
        assert len(set(numbers)) == len(numbers)
