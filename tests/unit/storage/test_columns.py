"""storage/columns.py describes the tables that the DDL makes, and what is built from it says the same."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest

from sidecar.event.event import Event
from sidecar.storage.columns import BY_NAME, COLUMNS, LISTED, PROCESS_COLUMNS, Column, Facet, Kind
from sidecar.storage.migrations import migrations
from sidecar.storage.projection import BASE, FOLDS, PROCESS, project
from sidecar.storage.said import PREFERENCE_COLUMNS, TAG_COLUMNS
from sidecar.storage.scores import SCORE_COLUMNS
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


TABLES = {
    "tts_records": COLUMNS,
    "tts_processes": PROCESS_COLUMNS,
    "tts_scores": SCORE_COLUMNS,
    "tts_tags": TAG_COLUMNS,
    "tts_preferences": PREFERENCE_COLUMNS,
}
each_table = pytest.mark.parametrize("table", TABLES)


def mysql_columns(name_of_table: str) -> dict[str, tuple[str, bool]]:
    """Type and nullability of each column, from the statements as they are written."""
    found = {}
    for statement in (each for migration in migrations("mysql") for each in migration.statements):
        table = re.match(rf"(?:CREATE TABLE IF NOT EXISTS|ALTER TABLE) {name_of_table}\b", statement)
        for name, kind, rest in re.findall(r"^ *(?:ADD COLUMN )?([a-z_0-9]+) ([A-Z]+)(.*)", statement, re.MULTILINE):
            if table:
                found[name] = kind, "NOT NULL" not in rest
    return found


@each_table
def test_sqlite_s_table_is_the_one_described(table: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in (each for migration in migrations("sqlite") for each in migration.statements):
            connection.execute(statement)
        rows = connection.execute(f"PRAGMA table_info({table})").fetchall()
    made = {name: (kind, not required and not key) for _, name, kind, required, _, key in rows}
    assert made == {column.name: (SQLITE[column.kind], column.nullable) for column in TABLES[table]}


@each_table
def test_mysql_s_table_is_the_one_described(table: str) -> None:
    made, described = mysql_columns(table), {column.name: column for column in TABLES[table]}
    assert set(made) == set(described)
    for name, (kind, nullable) in made.items():
        assert (kind in MYSQL[described[name].kind], nullable) == (True, described[name].nullable), name


def test_every_column_is_described_once_in_one_sentence() -> None:
    assert len(BY_NAME) == len(COLUMNS)
    everything: tuple[Column, ...] = tuple(column for table in TABLES.values() for column in table)
    for column in everything:
        assert re.fullmatch(r"\S.*[^.]\.", column.meaning), column.name
        assert bool(column.source) == (column.facet is not Facet.NONE), column.name


def test_rows_begin_with_the_key_that_they_are_sorted_by() -> None:
    assert {fold.key for fold in FOLDS if fold.table == "tts_records"} == {"event_id"}
    assert PROCESS.key == "source"


def test_each_column_is_written_by_one_fold() -> None:
    written = [name for fold in FOLDS if fold.table == "tts_records" for name in (*fold.guarded, fold.guard)]
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
    assert not {"fold_key", "rating_key", "note_key"} & set(LISTED)
