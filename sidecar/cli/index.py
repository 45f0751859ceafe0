"""sidecar index"""

from __future__ import annotations

import click

from sidecar.answers.textindex import has_filter_indexes, possible_text_index, text_index
from sidecar.cli.support.databases import connected
from sidecar.cli.support.options import DATABASE, settings_options, verb
from sidecar.cli.support.say import say
from sidecar.service.settings import Settings
from sidecar.storage.database import Database
from sidecar.storage.migrations import optional


@verb()
@settings_options(*DATABASE)
@click.option("--create", "action", flag_value="create", help="Add those that are missing.")
@click.option("--drop", "action", flag_value="drop", help="Remove them.")
def index(settings: Settings, action: str | None) -> None:
    """Show, add or drop the optional indexes for search.

    The text index finds words in any language in milliseconds among millions of records: MySQL's n-gram index,
    SQLite's trigrams, on MariaDB a generated column of trigrams with a full-text index; OceanBase has none of them. The
    filter indexes serve users, emotions, outcomes, voices and ratings.

    They are not part of `sidecar migrate`, because each makes shipping slower. Adding them to a large table takes
    minutes, during which the shipper waits; nothing is lost. It needs the same rights as `sidecar migrate`.

    \b
    Example:
        sidecar index
        sidecar index --create
    """
    with connected(settings) as database:
        text, filters = text_index(database), has_filter_indexes(database)
        if action == "create":
            if not filters:
                _apply(database, "filters")
            possible = possible_text_index(database)
            if possible and not text:
                _apply(database, possible.script)
        elif action == "drop":
            if text:
                _apply(database, f"{text.script}.drop")
            if filters:
                _apply(database, "filters.drop")
        say(f"text: {'yes' if text_index(database) else 'no'}")
        say(f"filters: {'yes' if has_filter_indexes(database) else 'no'}")


def _apply(database: Database, name: str) -> None:
    statements = optional(database.dialect, name)
    if database.dialect == "sqlite":
        # As one: a record that arrived between the filling of the index and its triggers would never be found.
        statements = ("BEGIN IMMEDIATE", *statements, "COMMIT")
    for statement in statements:
        database.execute(statement)
