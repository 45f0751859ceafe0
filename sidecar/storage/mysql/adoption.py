"""Takes over a tts_records of another program on MySQL and its relatives. See sidecar.storage.adoption."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pymysql

from sidecar.storage.adoption import (
    TABLE,
    Wanted,
    constraints,
    foreign,
    key_columns,
    made_by,
    of_triggers,
    others,
    refuse,
    taken_over,
    wanted,
)
from sidecar.storage.columns import BY_NAME, Kind
from sidecar.storage.database import Transaction
from sidecar.storage.migrations import Migration
from sidecar.storage.mysql.errors import ROW_TOO_LARGE, is_about_the_table

_INTEGERS = ("tinyint", "smallint", "mediumint", "int", "bigint")
_TEXTS = ("tinytext", "text", "mediumtext", "longtext")
_STRINGS = (*_TEXTS, "char", "varchar", "enum")
_FITS = {
    Kind.TEXT: _STRINGS,
    Kind.INTEGER: _INTEGERS,
    Kind.NUMBER: (*_INTEGERS, "float", "double", "decimal", "varchar"),  # varchar: see _widening
    Kind.TIME: ("datetime", "timestamp"),
    Kind.TRUTH: _INTEGERS,
    Kind.JSON: ("json", "longtext"),
}
_OF_JSON = re.compile(r"CHECK \(json_valid\(`\w+`\)\)")
"""What MariaDB's type JSON comes down to."""
_COPY = "sidecar_trial"
"""An empty table, for as long as it takes to see whether the server takes the statements."""
_COLLATION = "utf8mb4_general_ci"
"""Of columns that people add to the table."""
_LONGEST_KEY = 768  # characters: of InnoDB's 3,072 bytes each takes four
_NO_NUMBER = "NOT REGEXP '^-?[0-9]*[.]?[0-9]+(e[-+]?[0-9]+)?$'"


@dataclass(frozen=True, kw_only=True)
class _Column:
    name: str
    type: str
    """Its first word, in lower case."""
    full_type: str
    length: int | None
    """Characters."""
    precision: int | None
    """Digits of a second."""
    collation: str | None
    nullable: bool
    default: str | None
    extra: str
    """auto_increment, generated, ..."""

    @property
    def fills_itself(self) -> bool:
        return self.nullable or self.default is not None or bool(re.search("auto_incr|generated", self.extra, re.I))


def adopt(run: Transaction, migrations: list[Migration]) -> list[str]:
    """Make the table that is there what the first migration would have made.

    Args:
        migrations: of the dialect; the first statement of the first makes the table.

    Returns:
        What was done, and what a person should know; nothing where there is no such table, or it was complete.

    Raises:
        TablesNotReady: something is in the way. Nothing has been changed.
    """
    kinds = {str(name): str(kind) for name, kind in run.query(_TABLES)}
    obstacles = [
        f"{name} is a {'view' if kinds[name] == 'VIEW' else 'table'}, where this program has its own"
        for name, view in made_by(migrations).items()
        if name in kinds and (kinds[name] == "VIEW") is not view
    ]
    obstacles += others(migrations, lambda name: [str(row[0]).lower() for row in run.query(_COLUMNS, (name,))])
    if TABLE not in kinds or obstacles:
        refuse(obstacles)
        return []
    target = wanted(migrations[0].statements[0])
    columns = {each.name: each for each in (_column(row) for row in run.query(_COLUMNS, (TABLE,)))}
    keys = _keys(run)
    obstacles = _obstacles(run, target, columns, keys)
    refuse(obstacles or foreign(run, columns))
    statements = _statements(target, columns, keys)
    refuse(_refused_on_a_copy(run, statements) if statements else [])
    for statement in statements:
        run.execute(statement)
    return (
        [taken_over(run), *_of_its_triggers(run), *_of_its_times(run, columns.get("created_at"))] if statements else []
    )


def _of_its_triggers(run: Transaction) -> list[str]:
    """A server shows triggers only to who may make some; to everybody else there are none."""
    names = [str(name) for (name,) in run.query(_TRIGGERS, (TABLE,))]
    rights = " ".join(str(right) for (right,) in run.query("SHOW GRANTS")).upper()
    if names or "TRIGGER" in rights or "ALL PRIVILEGES" in rights:
        return of_triggers(names)
    return [
        "whether it has triggers this account may not see (GRANT TRIGGER): they would stay, and see the records of "
        "events too"
    ]


def _refused_on_a_copy(run: Transaction, statements: list[str]) -> list[str]:
    """What the server has against the statements, tried on an empty table of the same make."""
    if _COPY in {str(name) for name, _ in run.query(_TABLES)}:
        if run.query(f"SELECT 1 FROM {_COPY} LIMIT 1"):
            return [f"{_COPY} is a table with rows, where this program tries changes on an empty one (rename it)"]
        run.execute(f"DROP TABLE {_COPY}")  # of a run that was killed
    run.execute(f"CREATE TABLE {_COPY} LIKE {TABLE}")
    found = []
    try:
        for statement in statements:
            run.execute(statement.replace(TABLE, _COPY, 1))
    except pymysql.MySQLError as error:
        if not is_about_the_table(error):
            raise
        number, message = error.args
        cure = " (make the longest VARCHAR columns of its own shorter, or TEXT)" if number == ROW_TOO_LARGE else ""
        found = [f"the server refuses to alter it: {str(message).rstrip('.')} ({number}){cure}"]
    run.execute(f"DROP TABLE {_COPY}")
    return found


def _of_its_times(run: Transaction, was: _Column | None) -> list[str]:
    """CURRENT_TIMESTAMP, the other program's, is in the time zone of its session: by default the server's.

    Args:
        was: created_at as it was; None where there was none.
    """
    moves = was is not None and "on update" in was.extra.lower()
    moved = (
        ["its created_at had ON UPDATE CURRENT_TIMESTAMP, which is gone: no UPDATE moves it any more"] if moves else []
    )
    ((minutes,),) = run.query(
        "SELECT TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(), CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', @@global.time_zone))"
    )
    if not minutes or was is None:
        return moved
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    to_come = (
        f"rows that its program goes on inserting get the time of its session, by default the server's ({zone} now), "
        "until it begins with SET time_zone = '+00:00'"
    )
    if was.type == "timestamp":
        return [*moved, f"their created_at was a TIMESTAMP and is UTC now, as in new records; {to_come}"]
    ((last,),) = run.query(f"SELECT MAX(id) FROM {TABLE}")
    return [
        *moved,
        f"their created_at stays as well, most likely in the server's time zone ({zone} now), where new records have "
        f"UTC; {to_come}; once, to turn what is there into UTC: UPDATE {TABLE} SET created_at = CONVERT_TZ(created_at, "
        f"@@global.time_zone, '+00:00') WHERE event_id IS NULL AND id <= {last or 0}",
    ]


_TABLES = "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = DATABASE()"
_COLUMNS = (
    "SELECT column_name, data_type, column_type, character_maximum_length, datetime_precision, collation_name, "
    "is_nullable, column_default, extra FROM information_schema.columns "
    "WHERE table_schema = DATABASE() AND table_name = ?"
)
_KEYS = (
    "SELECT index_name, column_name, sub_part, non_unique, index_type FROM information_schema.statistics "
    "WHERE table_schema = DATABASE() AND table_name = ? ORDER BY index_name, seq_in_index"
)
_TRIGGERS = (
    "SELECT trigger_name FROM information_schema.triggers WHERE event_object_schema = DATABASE() "
    "AND event_object_table = ? ORDER BY 1"
)
_FOREIGN = (
    "SELECT table_name, constraint_name, column_name, referenced_column_name FROM information_schema.key_column_usage "
    "WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL AND ? IN (table_name, referenced_table_name)"
)

_Keys = dict[str, list[tuple[str, int | None, bool, str]]]
"""Of each index: column, characters of it that count, whether unique, type."""


def _column(row: Sequence[object]) -> _Column:
    name, kind, full, length, precision, collation, nullable, default, extra = row
    assert length is None or isinstance(length, int), "a number of characters"
    assert precision is None or isinstance(precision, int), "a number of digits"
    return _Column(
        name=str(name).lower(),
        type=str(kind).lower(),
        full_type=str(full),
        length=length,
        precision=precision,
        collation=None if collation is None else str(collation),
        nullable=nullable == "YES",
        default=None if default is None else str(default),
        extra=str(extra),
    )


def _keys(run: Transaction) -> _Keys:
    found: _Keys = {}
    for name, column, part, non_unique, kind in run.query(_KEYS, (TABLE,)):
        found.setdefault(str(name), []).append((str(column).lower(), part, not int(non_unique), str(kind)))
    return found


def _obstacles(run: Transaction, target: Wanted, columns: dict[str, _Column], keys: _Keys) -> list[str]:
    """What is in the way, by name."""
    found = []
    engine = run.query(
        "SELECT engine, create_options, table_type FROM information_schema.tables WHERE table_schema = DATABASE() "
        "AND table_name = ?",
        (TABLE,),
    )[0]
    if str(engine[0]).lower() not in ("innodb", "oceanbase"):
        found.append(f"its engine is {engine[0]}, which has no transactions (ALTER TABLE {TABLE} ENGINE=InnoDB)")
    if str(engine[2]) == "SYSTEM VERSIONED":  # MariaDB
        found.append(
            f"it is system-versioned (keep its history elsewhere, then ALTER TABLE {TABLE} DROP SYSTEM VERSIONING)"
        )
    if "partitioned" in str(engine[1]):
        found.append("it is partitioned, and event_id must be unique in all partitions together")
    if [column for column, *_ in keys.get("PRIMARY", [])] != ["id"]:
        found.append("its primary key is not id alone")
    numbered = "id" in columns and "auto_increment" in columns["id"].extra.lower()
    if "id" in columns and not numbered and run.query(f"SELECT 1 FROM {TABLE} WHERE id = 0"):
        found.append("a row has the id 0, which AUTO_INCREMENT would make another (give it one yourself)")
    for table, constraint, column, referenced in run.query(_FOREIGN, (TABLE,)):
        ours = column if str(table) == TABLE else referenced
        if str(ours).lower() in target.columns:
            found.append(f"the foreign key {constraint} of {table} holds the type of {ours}")
    found += constraints(_OF_JSON.sub("", str(run.query(f"SHOW CREATE TABLE {TABLE}")[0][1])))
    found += _key_obstacles(target, columns, keys)
    for name, column in columns.items():
        if name in target.columns:
            found += _column_obstacles(run, target.columns[name], column)
        elif not column.fills_itself:
            found.append(f"its column {name} is NOT NULL and has no default, and this program does not know its values")
    return found


def _key_obstacles(target: Wanted, columns: dict[str, _Column], keys: _Keys) -> list[str]:
    found = []
    for name, parts in keys.items():
        if name == "PRIMARY":
            continue
        of = ", ".join(column for column, *_ in parts)
        if parts[0][2] and of != "event_id":
            found.append(f"its index {name} makes {of} unique, which the records of events are not")
        if name in target.keys and of != key_columns(target.keys[name]):
            found.append(f"its index {name} is on {of}")
        for column, part, _, kind in parts:
            wide = column in target.columns and re.search(r"VARCHAR\((\d+)\)", target.columns[column])
            if wide and part is None and kind == "BTREE" and int(wide[1]) > _LONGEST_KEY:
                found.append(
                    f"its index {name} is on all of {column}; the first {_LONGEST_KEY} characters can be: "
                    f"{column}({_LONGEST_KEY})"
                )
    return found


def _column_obstacles(run: Transaction, definition: str, column: _Column) -> list[str]:
    name, kind = column.name, BY_NAME[column.name].kind
    if re.search("generated|virtual", column.extra, re.I) and "DEFAULT_GENERATED" not in column.extra.upper():
        return [f"its column {name} is generated"]
    if column.type not in _FITS[kind]:
        return [f"its column {name} is {column.full_type.upper()}, and this program keeps {_MEANS[kind]} there"]
    found = []
    checks = []
    if column.nullable and "NOT NULL" in definition:
        checks.append((f"{name} IS NULL", "NULL"))
    if kind is Kind.NUMBER and column.type == "varchar":
        checks.append((f"{name} {_NO_NUMBER}", "no number"))
    if kind is Kind.NUMBER and column.type in ("decimal", "bigint"):
        checks.append((f"CAST({name} + 0e0 AS DECIMAL(65, 30)) <> {name}", "of more digits than a DOUBLE keeps"))
    if kind is Kind.TIME:  # 0000-00-00, which a server takes where it is not strict
        checks.append((f"YEAR({name}) = 0 OR MONTH({name}) = 0 OR DAYOFMONTH({name}) = 0", "no day of the calendar"))
    limit = re.search(r"CHAR\((\d+)\)", definition)
    if limit and (column.type != "varchar" or (column.length or 0) > int(limit[1])):  # 007_collations makes it shorter
        checks.append((f"CHAR_LENGTH({name}) > {limit[1]}", f"longer than {limit[1]} characters"))
    for condition, what in checks:
        rows = run.query(f"SELECT COUNT(*), MIN(id) FROM {TABLE} WHERE {condition}")
        if rows[0][0]:
            found.append(f"its {name} is {what} in {rows[0][0]:,} rows, the first with id {rows[0][1]}")
    return found


_MEANS = {
    Kind.TEXT: "text",
    Kind.INTEGER: "whole numbers",
    Kind.NUMBER: "numbers",
    Kind.TIME: "a date and time",
    Kind.TRUTH: "0 or 1",
    Kind.JSON: "JSON",
}


def _statements(target: Wanted, columns: dict[str, _Column], keys: _Keys) -> list[str]:
    """ALTER statements, few, each of which every server takes."""
    ready, changed, added = [], [], []
    for name, definition in target.columns.items():
        column = columns.get(name)
        if column is None:
            added.append(f"ADD COLUMN {name} {definition}")
        elif wide := _widening(column, definition):
            if column.type == "float":
                # By way of text: what was shown as 4.4 stays 4.4. Straight to DOUBLE it becomes 4.400000095367432.
                ready.append(f"MODIFY COLUMN {name} VARCHAR(32) NULL")
            changed.append(f"MODIFY COLUMN {name} {wide}")
    default = [f"DEFAULT CHARACTER SET utf8mb4 COLLATE {_COLLATION}"] if changed or added else []
    indexes = [f"ADD {definition}" for name, definition in target.keys.items() if name not in keys]
    steps = (default, ready, changed, added, indexes)
    return [f"ALTER TABLE {TABLE} {', '.join(clauses)}" for clauses in steps if clauses]


def _collation(definition: str) -> str:
    return definition.partition(" COLLATE ")[2].partition(" ")[0]


def _widening(column: _Column, definition: str) -> str | None:
    """The definition that the column gets, as wide as both; None where it is as wide as wanted."""
    kind = BY_NAME[column.name].kind
    wants_null = "NOT NULL" not in definition
    if kind is Kind.TEXT:
        type_ = definition.split()[0]
        if type_.startswith("VARCHAR") and column.type == "varchar":
            length = max(int(type_[8:-1]), column.length or 0)
            wide = definition.replace(type_, f"VARCHAR({length})", 1)
        elif type_.lower() in _TEXTS and column.type in _TEXTS:
            wide = definition.replace(type_, max(type_.lower(), column.type, key=_TEXTS.index).upper(), 1)
        else:
            wide = definition
        same = column.full_type.lower() == wide.split()[0].lower() and column.collation == _collation(definition)
    elif kind in (Kind.INTEGER, Kind.TRUTH):
        type_ = "tinyint" if kind is Kind.TRUTH else definition.split()[0].lower()
        same = _INTEGERS.index(column.type) >= _INTEGERS.index(type_)
        same = same and ("AUTO_INCREMENT" in definition) <= ("auto_increment" in column.extra.lower())
        wide = definition
        if column.name == "id":
            wide = wide.removesuffix(" PRIMARY KEY")
            if column.full_type.lower().endswith("unsigned"):
                wide = wide.replace("BIGINT", "BIGINT UNSIGNED", 1)
    elif kind is Kind.TIME:
        same, wide = column.type == "datetime" and column.precision == 6, definition
    else:
        same, wide = kind is Kind.JSON or column.type == "double", definition
    return None if same and column.nullable is wants_null else wide
