"""Takes over a tts_records of another program in an SQLite file. See sidecar.storage.adoption.

A column of SQLite takes any value, so types need no widening.
"""

from __future__ import annotations

import re

from sidecar.storage.adoption import (
    TABLE,
    constraints,
    foreign,
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

_TEXT = ("CHAR", "CLOB", "TEXT")
# Text sorts and compares as times do only where all of it has one form; CURRENT_TIMESTAMP, the other program's, has no
# digits of a second. Both are UTC.
_FORM = "COALESCE(strftime('%Y-%m-%d %H:%M:%f000', created_at), created_at)"
_SAME_FORM = f"UPDATE {TABLE} SET created_at = {_FORM} WHERE length(created_at) <> 26"
_KEEP_FORM = (
    f"CREATE TRIGGER IF NOT EXISTS {TABLE}_created_at AFTER INSERT ON {TABLE} WHEN length(NEW.created_at) <> 26 "
    f"BEGIN UPDATE {TABLE} SET created_at = {_FORM} WHERE id = NEW.id; END"
)


def adopt(run: Transaction, migrations: list[Migration]) -> list[str]:
    """Make the table that is there what the first migration would have made; its indexes are that migration's own.

    Args:
        migrations: of the dialect; the first statement of the first makes the table.

    Returns:
        What was done; nothing where there is no such table, or it was complete.

    Raises:
        TablesNotReady: something is in the way. Nothing has been changed.
    """
    # Upper and lower case make no difference to SQLite's names, and stay as they were written.
    kinds = {str(name): str(kind) for name, kind in run.query("SELECT lower(name), type FROM sqlite_master")}
    obstacles = [
        f"{name} is a {kinds[name]}, where this program has its own"
        for name, view in made_by(migrations).items()
        if name in kinds and (kinds[name] == "view") is not view
    ]
    names = "SELECT lower(name) FROM pragma_table_info(?)"
    obstacles += others(migrations, lambda name: [str(each) for (each,) in run.query(names, (name,))])
    if TABLE not in kinds or obstacles:
        refuse(obstacles)
        return []
    target = wanted(migrations[0].statements[0])
    rows = run.query(f"SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo('{TABLE}')")
    columns = {str(name).lower(): (str(kind).upper(), *rest) for name, kind, *rest in rows}
    if columns.get("id", ("", 0, None, 0))[0] != "INTEGER" or [name for name in columns if columns[name][3]] != ["id"]:
        obstacles.append("it has no id INTEGER PRIMARY KEY")
    for name, parts in _unique(run).items():
        if parts != ["event_id"]:
            obstacles.append(f"its index {name} makes {', '.join(parts)} unique, which the records of events are not")
    for name, (kind, required, default, key, hidden) in columns.items():
        if name in target.columns:
            obstacles += _column_obstacles(run, name, kind, bool(hidden), "NOT NULL" in target.columns[name])
        elif required and default is None and not key and not hidden:
            obstacles.append(f"its column {name} is NOT NULL and has no default, and this program has no value for it")
    made = "SELECT name, sql FROM sqlite_master WHERE type = ? AND lower(tbl_name) = ? ORDER BY 1"
    definition = str(run.query(made, ("table", TABLE))[0][1])
    obstacles += [
        f"it has no column {name}, and SQLite can add none whose default is the present (add it, with the times of its "
        "rows)"
        for name, wanted_as in target.columns.items()
        if name not in columns and "strftime(" in wanted_as
    ]
    if re.search(r"\bWITHOUT\s+ROWID\W*$", definition, re.I):
        obstacles.append("it is WITHOUT ROWID, so that new rows get no id by themselves")
    obstacles += constraints(definition)
    triggers = of_triggers([str(name) for name, _ in run.query(made, ("trigger", TABLE))])
    refuse(obstacles or foreign(run, columns))
    statements = [
        f"ALTER TABLE {TABLE} ADD COLUMN {name} {definition}"
        for name, definition in target.columns.items()
        if name not in columns
    ]
    if statements:
        statements += [_SAME_FORM, _KEEP_FORM]
    for statement in statements:
        run.execute(statement)
    return [taken_over(run), *triggers] if statements else []


def _unique(run: Transaction) -> dict[str, list[str]]:
    """Columns of each unique index but the primary key's."""
    found: dict[str, list[str]] = {}
    for name, column in run.query(
        "SELECT l.name, i.name FROM pragma_index_list(?) l, pragma_index_info(l.name) i "
        "WHERE l.\"unique\" AND l.origin <> 'pk' ORDER BY l.name, i.seqno",
        (TABLE,),
    ):
        found.setdefault(str(name), []).append(str(column).lower())
    return found


def _column_obstacles(run: Transaction, name: str, kind: str, generated: bool, required: bool) -> list[str]:
    if generated:
        return [f"its column {name} is generated"]
    # Without a word for text in its type, a column turns '0123' into 123.
    if BY_NAME[name].kind in (Kind.TEXT, Kind.JSON) and kind and not any(word in kind for word in _TEXT):
        return [f"its column {name} is {kind}, and this program keeps text there"]
    checks = [(f"{name} IS NULL", "NULL")] if required and name != "id" else []
    if BY_NAME[name].kind is Kind.TIME:
        checks.append((f"{name} IS NOT NULL AND julianday({name}) IS NULL", "no time"))
        # SQLite takes 2026-02-31 for 3 March, and knows a year 0.
        checks.append(
            (f"substr({name}, 1, 10) IS NOT date(julianday({name})) OR {name} < '0001'", "no day of the calendar")
        )
        checks.append((f"typeof({name}) NOT IN ('text', 'null')", "a number"))
    found = []
    for condition, what in checks:
        ((count, first),) = run.query(f"SELECT COUNT(*), MIN(id) FROM {TABLE} WHERE {condition}")
        if count:
            found.append(f"its {name} is {what} in {count:,} rows, the first with id {first}")
    return found
