"""storage/columns.py describes the tables that the DDL makes, and what is built from it says the same."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest

from sidecar.event.event import Event
from sidecar.storage.columns import BY_NAME, COLUMNS, LISTED, Facet, Kind
from sidecar.storage.migrations import migrations
from sidecar.storage.projection import BASE, FOLDS, project
from tests.events import encode, failed, succeeded

# What the databases call each kind; of MySQL's types, the first word.
MYSQL = {
    Kind.TEXT: {"CHAR", "VARCHAR", "MEDIUMTEXT"},
    Kind.INTEGER: {"BIGINT", "TINYINT"},
    Kind.NUMBER: {"DOUBLE"},
    Kind.TIME: {"DATETIME"},
    Kind.TRUTH: {"BOOLEAN"},
    Kind.JSON: {"JSON"},
}
SQLITE = {
    Kind.TEXT: "TEXT",
    Kind.INTEGER: "INTEGER",
    Kind.NUMBER: "REAL",
    Kind.TIME: "TEXT",
    Kind.TRUTH: "INTEGER",
    Kind.JSON: "TEXT",
}


def mysql_columns() -> dict[str, tuple[str, bool]]:
    """Type and nullability of each column, from the statements as they are written."""
    found = {}
    for statement in (each for migration in migrations("mysql") for each in migration.statements):
        table = re.match(r"(?:CREATE TABLE IF NOT EXISTS|ALTER TABLE) tts_records\b", statement)
        for name, kind, rest in re.findall(r"^ *(?:ADD COLUMN )?([a-z_0-9]+) ([A-Z]+)(.*)", statement, re.MULTILINE):
            if table:
                found[name] = kind, "NOT NULL" not in rest
    return found


def test_sqlite_s_table_is_the_one_described() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in (each for migration in migrations("sqlite") for each in migration.statements):
            connection.execute(statement)
        rows = connection.execute("PRAGMA table_info(tts_records)").fetchall()
    made = {name: (kind, not required and not key) for _, name, kind, required, _, key in rows}
    assert made == {column.name: (SQLITE[column.kind], column.nullable) for column in COLUMNS}


def test_mysql_s_table_is_the_one_described() -> None:
    made = mysql_columns()
    assert set(made) == set(BY_NAME)
    for name, (kind, nullable) in made.items():
        assert (kind in MYSQL[BY_NAME[name].kind], nullable) == (True, BY_NAME[name].nullable), name


def test_every_column_is_described_once_in_one_sentence() -> None:
    assert len(BY_NAME) == len(COLUMNS)
    for column in COLUMNS:
        assert re.fullmatch(r"\S.*[^.]\.", column.meaning), column.name
        assert bool(column.source) == (column.facet is not Facet.NONE), column.name


def test_rows_begin_with_the_id_that_they_are_sorted_by() -> None:
    assert {fold.columns[0] for fold in FOLDS} == {"event_id"}


def test_each_column_is_written_by_one_fold() -> None:
    written = [name for fold in FOLDS for name in (*fold.guarded, fold.guard)]
    assert sorted([*written, "id", "event_id"]) == sorted(BY_NAME)


@pytest.mark.parametrize(
    ("emotion", "row"),
    [
        (None, {"emotion": "neutral", "emotion_alpha": None, "emotion_vector": None}),
        ({"alpha_effective": 0.0, "alpha_requested": 1.0}, {"emotion": "neutral", "emotion_alpha": 0.0}),
        ({"label": "sad", "alpha_effective": None, "alpha_requested": 1.0}, {"emotion": "sad", "emotion_alpha": 1.0}),
        ({"vector_input": [1, 0, 0, 0, 0, 0, 0, 0]}, {"emotion_vector": "[1,0,0,0,0,0,0,0]"}),
    ],
)
def test_of_several_sources_the_first_with_a_value_counts(emotion: object, row: dict[str, object]) -> None:
    event = Event.decode(encode(failed(data={"emotion": emotion})))
    ((fold, values),) = project(event)
    found = dict(zip(fold.columns, values, strict=True))
    assert {name: found[name] for name in row} == row


def test_an_empty_object_says_as_little_as_none() -> None:
    event = Event.decode(encode(succeeded(data={"params": {"effective": {}, "requested": {"top_k": 30}}})))
    ((_, values),) = project(event)
    assert values[BASE.columns.index("params")] == '{"top_k":30}'


def test_a_list_of_records_has_no_column_of_our_own() -> None:
    assert not {"fold_key", "rating_key"} & set(LISTED)
